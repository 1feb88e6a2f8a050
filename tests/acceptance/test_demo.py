"""A newcomer's first minutes: `sztafeta demo` prints what is needed, and a real browser walks the inbox."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright
from tests.acceptance.demo import CHROMIUM, FLAGS, running_demo
from tests.acceptance.programs import run

pytestmark = pytest.mark.acceptance

WELCOME = "Welcome: this message went the whole way"


async def test_the_demo_prints_what_a_newcomer_needs_and_shows_a_message_arrive(
    tmp_path: Path,
) -> None:
    async with running_demo(tmp_path, "--port", "0") as demo:
        for wanted in ("127.0.0.1", "1.demo.smtp", "swaks", "curl", "http://", "✓"):
            assert wanted in demo.printed
        await demo.stop()


async def test_the_printed_swaks_line_delivers_into_the_inbox(tmp_path: Path) -> None:
    async with running_demo(tmp_path, "--port", "0") as demo:
        (line,) = (each.strip() for each in demo.printed.splitlines() if "swaks " in each)
        assert "250 2.0.0" in await run("sh", "-c", line)
        async with _page(demo.inbox) as page:
            await page.wait_for_function("document.querySelectorAll('ol.rows li').length >= 2")


async def test_a_second_demo_finds_the_data_of_the_first(tmp_path: Path) -> None:
    async with running_demo(tmp_path, "--port", "0") as first:
        password = first.fact("Password")
        await first.stop()
    async with running_demo(tmp_path, "--port", "0") as second:
        assert second.fact("Password") == password
        async with _page(second.inbox) as page:
            assert await page.get_by_text(WELCOME).count() == 2
        await second.stop()


async def test_two_demos_stand_beside_each_other(tmp_path: Path) -> None:
    """Taken ports are replaced by free ones, and printed."""
    async with running_demo(tmp_path / "one") as first, running_demo(tmp_path / "two") as second:
        assert "is taken" in second.printed
        assert first.inbox != second.inbox


# -- the browser ---------------------------------------------------------------------------------


@asynccontextmanager
async def _page(address: str) -> AsyncIterator[Page]:
    """Open a page; at the end nothing may have been written to the console or asked of a stranger."""
    troubles: list[str] = []
    asked: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            page.on("console", lambda said: troubles.append(said.text))
            page.on("pageerror", lambda fault: troubles.append(str(fault)))
            page.on("request", lambda request: asked.append(request.url))
            await page.goto(address)
            yield page
        finally:
            await browser.close()
    assert troubles == []
    home = address.rstrip("/")
    assert [url for url in asked if not url.startswith((home, "data:"))] == []


async def test_the_inbox_shows_the_message_in_every_view(tmp_path: Path) -> None:
    """List, HTML in a sandboxed frame, text, headers, source, attachments, DKIM verdict."""
    pictures = tmp_path / "pictures"
    async with running_demo(tmp_path / "data", "--port", "0") as demo, _page(demo.inbox) as page:
        await page.get_by_text(WELCOME).first.click()
        await page.wait_for_selector("iframe")
        sandbox = await page.get_attribute("iframe", "sandbox") or ""
        assert "allow-scripts" not in sandbox
        assert "allow-same-origin" not in sandbox
        frame = page.frame_locator("iframe")
        assert await frame.get_by_text("The baton arrived").is_visible()
        assert await page.locator(".verdict.passed").count() == 2
        for view, shows in (
            ("text", "this message came in over SMTP"),
            ("headers", "DKIM-Signature"),
            ("source", "DKIM-Signature:"),
        ):
            await page.locator(f"nav.tabs a[href$='view={view}']").click()
            assert shows in await page.inner_text("section.view")
            picture = await page.screenshot(path=pictures / f"{view}.png")
            assert len(picture) > 10_000, "the picture is blank"
        await page.locator("nav.tabs a[href$='view=attachments']").click()
        await page.locator("p.back a").click()
        assert await page.get_by_text(WELCOME).count() == 1
        assert len(await page.screenshot(path=pictures / "list.png")) > 10_000


async def test_a_hostile_message_runs_nothing(tmp_path: Path) -> None:
    """W-08: markup in names, subject and body is text, or stays in its frame."""
    async with running_demo(tmp_path, "--port", "0") as demo:
        port = re.findall(r"\b(\d{4,5})\b", demo.fact("Ports"))[0]
        hostile = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
        await run(
            "swaks",
            *("--server", f"127.0.0.1:{port}", "--auth", "PLAIN", "--auth-user", "1.demo.smtp"),
            *("--auth-password", demo.fact("Password"), "--from", "eve@example.org"),
            *("--to", "you@example.com", "--header", f"Subject: {hostile}"),
            *("--add-header", "MIME-Version: 1.0", "--add-header", "Content-Type: text/html"),
            *("--body", hostile),
        )
        async with _page(demo.inbox) as page:
            await page.get_by_text("<script>").first.click()
            await page.wait_for_selector("iframe")
            assert "owned" not in await page.title() or "<script>" in await page.title()
