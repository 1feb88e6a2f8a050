"""The list of mail stays live: what is accepted is told beside it, and can be paused (WCAG 2.2.2)."""

from __future__ import annotations

import asyncio
import smtplib
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page
from tests.acceptance.demo import Demo, running_demo
from tests.acceptance.panel_walk import chromium, listen, log_in

pytestmark = pytest.mark.acceptance

BAR: Final = 1.0
"""Seconds from an event's commit to its words on the screen."""
MESSAGES: Final = 5
LIVE: Final = "**/panel/messages/live?*"
WATCH: Final = """() => {
  const words = document.querySelector("[data-news-show]");
  window.seen = {};
  new MutationObserver(() => requestAnimationFrame(() => { window.seen[words.textContent] ??= Date.now(); }))
    .observe(words, {childList: true, characterData: true, subtree: true});
}"""
"""Write down when each text was painted."""


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """Start a demo of its own."""
    async with running_demo(tmp_path / "data", "--port", "0") as demo:
        yield demo


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Start a browser."""
    async with chromium() as browser:
        yield browser


async def inside(browser: Browser, demo: Demo, width: int = 1280) -> BrowserContext:
    """Log in, in English."""
    context = await browser.new_context(locale="en-GB", viewport={"width": width, "height": 800})
    page = await context.new_page()
    await log_in(page, demo.fact("Panel"), demo.fact("Panel login"), demo.fact("Panel password"))
    await page.close()
    await context.add_cookies([{"name": "language", "value": "en", "url": demo.fact("Panel")}])
    return context


async def open_list(context: BrowserContext, demo: Demo, query: str = "") -> Page:
    """Open the list and wait until it listens."""
    page = await context.new_page()
    async with page.expect_response(LIVE) as answer:
        await page.goto(demo.fact("Panel") + "/messages" + query)
    assert (await answer.value).status == 200
    return page


def submit(demo: Demo, recipient: str) -> float:
    """Send one message through the front door; give the time just before its content went."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "shop@demo.example", recipient, "Order"
    message.set_content("Thank you.")
    port = int(demo.fact("Ports").split()[0])
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.login(demo.fact("Login"), demo.fact("Password"))
        client.mail(str(message["From"]))
        client.rcpt(recipient)
        offered_at = time.time()
        code, _ = client.data(message.as_bytes(policy=SMTP))
    assert code == 250
    return offered_at


async def send(demo: Demo, recipient: str = "jan@example.com") -> float:
    """Send one message beside the loop."""
    return await asyncio.to_thread(submit, demo, recipient)


async def told(page: Page, words: str) -> None:
    """Wait until these words are beside the list."""
    await page.locator("[data-news-show]", has_text=words).wait_for()


async def test_an_event_is_on_the_screen_within_a_second(demo: Demo, browser: Browser) -> None:
    """Measured from before the commit to after the paint, so that the true delay is shorter."""
    page = await open_list(await inside(browser, demo), demo)
    await page.evaluate(WATCH)
    delays = []
    for number in range(1, MESSAGES + 1):
        words = "1 new — show" if number == 1 else f"{number} new — show them"
        offered_at = await send(demo)
        shown_at = await page.wait_for_function("words => window.seen[words]", arg=words)
        delays.append(await shown_at.json_value() / 1000 - offered_at)
    assert max(delays) <= BAR, delays


@pytest.mark.parametrize("width", [360, 1280])
async def test_news_wait_beside_the_list_until_they_are_asked_for(
    demo: Demo, browser: Browser, width: int
) -> None:
    """Nothing moves under the cursor; a click shows the row."""
    page = await open_list(await inside(browser, demo, width), demo)
    complaints = listen(page)
    rows, pause = page.locator("[data-rows] tr"), page.locator("[data-news-pause]")
    before = await rows.count(), await rows.first.bounding_box(), await pause.bounding_box()
    for _ in range(12):
        await send(demo, "nowa@example.com")
    await told(page, "12 new — show them")
    after = await rows.count(), await rows.first.bounding_box(), await pause.bounding_box()
    assert after == before
    assert await page.get_by_text("nowa@example.com").count() == 0
    await page.locator("[data-live]", has_text="12 new — show them").wait_for(state="attached")

    await page.get_by_text("12 new — show them").and_(page.locator("a")).click()
    await page.locator("[data-rows] a", has_text="nowa@example.com").first.wait_for()
    assert await page.get_by_text("nowa@example.com").count() == 12
    assert await page.locator("[data-news-show]").inner_text() == "Look for news"
    assert complaints == []


async def test_only_what_the_query_means_is_told(demo: Demo, browser: Browser) -> None:
    page = await open_list(await inside(browser, demo), demo, "?q=to:ewa@example.com")
    await send(demo, "jan@example.com")
    await send(demo, "ewa@example.com")
    await told(page, "1 new")
    assert await page.locator("[data-news-show]").inner_text() == "1 new — show"


async def test_news_can_be_paused_with_the_keyboard(demo: Demo, browser: Browser) -> None:
    """WCAG 2.2.2: another window hears of two messages, this one of none until it goes on."""
    context = await inside(browser, demo)
    other, page = await open_list(context, demo), await open_list(context, demo)
    show, pause = page.locator("[data-news-show]"), page.locator("[data-news-pause]")
    await show.focus()
    await page.keyboard.press("Tab")
    assert await pause.evaluate("one => one === document.activeElement")
    async with page.expect_event("requestfailed", lambda one: "/messages/live" in one.url):
        await page.keyboard.press("Enter")
    assert await pause.inner_text() == "Resume news"

    await send(demo)
    await told(other, "1 new — show")
    await send(demo)
    await told(other, "2 new — show them")
    assert await show.inner_text() == "Look for news"

    await page.keyboard.press("Enter")
    await told(page, "2 new — show them")
    assert await pause.inner_text() == "Pause news"
