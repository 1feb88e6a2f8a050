"""The panel in a real browser: every page in both languages and themes, narrow and wide (issue 4's bars)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import product
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

View = tuple[str, int, str]
"""Theme, width in pixels, language."""

ALL_VIEWS: Final[Sequence[View]] = tuple(product(("light", "dark"), (360, 1280), ("pl", "en")))
SOME_VIEWS: Final[Sequence[View]] = (
    ("light", 1280, "pl"),
    ("light", 360, "en"),
    ("dark", 360, "pl"),
    ("dark", 1280, "en"),
)
"""Each two of theme, width and language together; all of them are walked by `make campaign`."""


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """Start a demo of its own."""
    async with running_demo(tmp_path / "data", "--port", "0") as demo:
        yield demo


@pytest.mark.acceptance
async def test_every_page_in_each_language_theme_and_width(demo: Demo, tmp_path: Path) -> None:
    """axe-core 0 violations, 0 console errors, 0 CSP reports, no sideways scroll."""
    await walk_all(demo, SOME_VIEWS, tmp_path / "pictures")


@pytest.mark.campaign
async def test_every_page_in_all_eight_views(demo: Demo, tmp_path: Path) -> None:
    """The same in every combination."""
    await walk_all(demo, ALL_VIEWS, tmp_path / "pictures")


async def walk_all(demo: Demo, views: Sequence[View], pictures: Path) -> None:
    """Find every page by its links and look at each in all views."""
    panel = demo.fact("Panel")
    async with chromium() as browser:
        context = await browser.new_context()
        page = await context.new_page()
        await log_in(page, panel, demo.fact("Panel login"), demo.fact("Panel password"))
        addresses = [*await found_pages(page, panel)]
        state = await context.storage_state()
        faults = []
        for view in views:
            faults += await walk(browser, state, addresses, view, pictures)
    assert not faults, "\n".join(["", *faults])
    shown = {pattern_of(urlsplit(address).path) for address in addresses}
    assert len(shown) > 15, shown


async def walk(
    browser: Browser, state: StorageState, addresses: list[str], view: View, pictures: Path
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
