"""The panel in a real browser: every page in both languages and themes, narrow and wide (issue 4's bars)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, StorageState
from tests.acceptance.demo import Demo, running_demo
from tests.acceptance.panel_walk import (
    chromium,
    faults_of,
    found_pages,
    listen,
    log_in,
    pattern_of,
)

pytestmark = pytest.mark.acceptance

WIDTHS: Final = (360, 1280)
LANGUAGES: Final = ("pl", "en")
THEMES: Final = ("light", "dark")


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """Start a demo of its own."""
    async with running_demo(tmp_path / "data", "--port", "0") as demo:
        yield demo


async def test_every_page_in_both_languages_and_themes_narrow_and_wide(
    demo: Demo, tmp_path: Path
) -> None:
    """axe-core 0 violations, 0 console errors, 0 CSP reports, no sideways scroll."""
    panel = demo.fact("Panel")
    async with chromium() as browser:
        context = await browser.new_context()
        page = await context.new_page()
        await log_in(page, panel, demo.fact("Panel login"), demo.fact("Panel password"))
        addresses = [f"{panel}/login", *await found_pages(page, panel)]
        state = await context.storage_state()
        faults = []
        for theme in THEMES:
            for width in WIDTHS:
                for language in LANGUAGES:
                    view = (theme, width, language)
                    faults += await walk(browser, state, addresses, view, tmp_path / "pictures")
    assert faults == []
    shown = {pattern_of(urlsplit(address).path) for address in addresses}
    assert len(shown) > 15, shown


async def walk(
    browser: Browser,
    state: StorageState,
    addresses: list[str],
    view: tuple[str, int, str],
    pictures: Path,
) -> list[str]:
    """Look at all pages in one view; give what is wrong, and leave a picture of each."""
    theme, width, language = view
    context = await browser.new_context(
        storage_state=state,
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": 800},
    )
    await context.add_cookies([{"name": "language", "value": language, "url": addresses[0]}])
    page = await context.new_page()
    said, faults = listen(page), []
    for address in addresses:
        wrong = await faults_of(page, address) + said
        said.clear()
        path = urlsplit(address).path
        faults += [f"{path} {theme} {width} {language}: {one}" for one in wrong]
        name = pattern_of(path).strip("/").replace("/", "-") or "start"
        picture = pictures / f"{name}.{theme}.{width}.{language}.png"
        await page.screenshot(path=picture, full_page=True)
    await context.close()
    return faults
