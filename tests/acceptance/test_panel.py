"""The panel in a real browser: every page in both languages and themes, narrow and wide (issue 4's bars)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from tests.acceptance.demo import CHROMIUM, FLAGS, Demo, running_demo

from sztafeta.panel.columns import routes

pytestmark = pytest.mark.acceptance

AXE: Final = Path(".run/node/node_modules/axe-core/axe.min.js")
WIDTHS: Final = (360, 1280)
LANGUAGES: Final = ("pl", "en")
THEMES: Final = ("light", "dark")
SAMPLES: Final = 2
"""Pages of one route that are looked at; a route with ids has as many pages as there are ids."""
WCAG: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def log_in(page: Page, demo: Demo) -> None:
    """Log in as the demo's administrator, with what the demo printed."""
    await page.goto(demo.fact("Panel"))
    await page.fill("input[name=login]", demo.fact("Panel login"))
    await page.fill("input[name=password]", demo.fact("Panel password"))
    await page.click("main button.primary")
    await page.wait_for_selector("[data-menu]")


def pattern_of(path: str) -> str:
    """Name the route that a path leads to."""
    for route in routes():
        pattern = re.sub(r"\\{(\w+):int\\}", r"\\d+", re.escape("/panel" + route.path))
        pattern = re.sub(r"\\{(\w+)(?::path)?\\}", r"[^/]+", pattern)
        if route.method == "GET" and re.fullmatch(pattern, path):
            return route.path or "/"
    return ""


async def found_pages(page: Page, start: str) -> list[str]:
    """Follow every link from a page, a few of each route; give the addresses."""
    home = urlsplit(start)
    seen: dict[str, list[str]] = {}
    waiting, found = [start], []
    while waiting:
        address = waiting.pop(0)
        parts = urlsplit(address)
        pattern = pattern_of(parts.path)
        if parts.netloc != home.netloc or not pattern or "." in parts.path.rpartition("/")[2]:
            continue
        known = seen.setdefault(pattern, [])
        key = address.partition("#")[0]
        if key in known or len(known) >= SAMPLES:
            continue
        known.append(key)
        answer = await page.goto(key)
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        found.append(key)
        links = "main a[href], [data-menu] a[href], .me a[href]"
        waiting += await page.eval_on_selector_all(
            links, "all => all.filter(a => !a.hasAttribute('download')).map(a => a.href)"
        )
    return found


async def faults_of(page: Page, address: str) -> list[str]:
    """Say what is wrong with a page as it is shown now."""
    await page.goto(address)
    found = []
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        found.append(f"scrolls sideways by {wide} px")
    await page.evaluate(AXE.read_text())
    judged: dict[str, Any] = await page.evaluate(
        "tags => axe.run(document, {runOnly: tags, iframes: false})", WCAG
    )
    for violation in judged["violations"]:
        where = "; ".join(str(node["target"]) for node in violation["nodes"][:3])
        found.append(f"{violation['id']}: {violation['help']} at {where}")
    return found


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """Start a demo of its own."""
    async with running_demo(tmp_path / "data", "--port", "0") as demo:
        yield demo


async def view_of(context: BrowserContext, address: str, language: str) -> None:
    """Choose the language as the panel's own form does."""
    await context.add_cookies([{"name": "language", "value": language, "url": address}])


async def test_every_page_in_both_languages_and_themes_narrow_and_wide(
    demo: Demo, tmp_path: Path
) -> None:
    """axe-core 0 violations, 0 console errors, 0 CSP reports, no sideways scroll."""
    faults: list[str] = []
    async with chromium() as browser:
        first = await browser.new_context()
        page = await first.new_page()
        await log_in(page, demo)
        addresses = await found_pages(page, demo.fact("Panel"))
        state = await first.storage_state()
        for theme in THEMES:
            for width in WIDTHS:
                context = await browser.new_context(
                    storage_state=state,
                    color_scheme=theme,  # type: ignore[arg-type]
                    viewport={"width": width, "height": 800},
                    bypass_csp=False,
                )
                page = await context.new_page()
                said: list[str] = []
                page.on("console", lambda one, said=said: said.append(one.text))
                page.on("pageerror", lambda one, said=said: said.append(str(one)))
                for language in LANGUAGES:
                    await view_of(context, demo.fact("Panel"), language)
                    for address in addresses:
                        wrong = await faults_of(page, address) + said
                        said.clear()
                        where = f"{urlsplit(address).path} {theme} {width} {language}"
                        faults += [f"{where}: {one}" for one in wrong]
                        name = f"{pattern_of(urlsplit(address).path)}".strip("/").replace("/", "-")
                        picture = tmp_path / "pictures" / f"{name}.{theme}.{width}.{language}.png"
                        await page.screenshot(path=picture, full_page=True)
                await context.close()
    assert faults == []
    shown = {pattern_of(urlsplit(address).path) for address in addresses}
    assert len(shown) > 15, shown
