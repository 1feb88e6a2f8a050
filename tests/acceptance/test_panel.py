"""The panel in a real browser: every page in both languages and themes, narrow and wide (issue 4's bars)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from itertools import product
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

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

REMOTE_HTML: Final = (
    "<style>@import url(https://example.net/a.css); p { background: url(https://example.net/b.png) }</style>"
    "<p>Hello!</p><img src=https://example.net/c.gif alt=Offer><img src=http://example.net/d.gif alt=Old>"
)
"""What a preview must not ask for: the browser would say in its console what the policy refused."""
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
async def test_every_page_in_each_language_theme_and_width(demo: Demo) -> None:
    """axe-core 0 violations, 0 console errors, 0 CSP reports, no sideways scroll."""
    await walk_all(demo, SOME_VIEWS)


@pytest.mark.campaign
async def test_every_page_in_all_eight_views(demo: Demo, tmp_path: Path) -> None:
    """The same in every combination, with pictures to look at."""
    await walk_all(demo, ALL_VIEWS, tmp_path / "pictures")


def furnish(demo: Demo) -> None:
    """Put in mail and a template with all that a page can show of them."""
    letter = {
        "from": "shop@demo.example",
        "to": ["anyone@example.com"],
        "subject": "Zażółć gęślą jaźń",
        "html": REMOTE_HTML,
        "attachments": [{"filename": "faktura.txt", "content": "RmFrdHVyYQ=="}],
    }
    for key in ("Live key", "Test key"):
        call(demo, "/v1/messages", demo.fact(key), letter)
    live = demo.fact("Live key")
    template = {"name": "Remote", "external_id": "remote", "subject": "Hello", "html": REMOTE_HTML}
    call(demo, "/v1/templates", live, template)
    call(demo, "/v1/templates/remote/publish", live, {})
    by_template = {"id": "remote", "data": {"name": "Zażółć", "order": 17}}
    call(demo, "/v1/messages", live, {**letter, "html": "", "subject": "", "template": by_template})
    with pytest.raises(HTTPError):  # a refused call, for the key's page
        call(demo, "/v1/messages", live, {})


def call(demo: Demo, path: str, key: str, body: object) -> None:
    """Call the demo's API."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(demo.fact("API") + path, json.dumps(body).encode(), headers)
    with urlopen(request) as answer:
        assert answer.status < 300


async def walk_all(demo: Demo, views: Sequence[View], pictures: Path | None = None) -> None:
    """Find every page by its links and look at each in all views, side by side."""
    await asyncio.to_thread(furnish, demo)
    panel = demo.fact("Panel")
    async with chromium() as browser:
        context = await browser.new_context()
        page = await context.new_page()
        await log_in(page, panel, demo.fact("Panel login"), demo.fact("Panel password"))
        addresses = [*await found_pages(page, panel)]
        state = await context.storage_state()
        walks = (walk(browser, state, addresses, view, pictures) for view in views)
        faults = [fault for walked in await asyncio.gather(*walks) for fault in walked]
    assert not faults, "\n".join(["", *faults])
    shown = {pattern_of(urlsplit(address).path) for address in addresses}
    assert len(shown) > 15, shown


async def walk(
    browser: Browser,
    state: StorageState,
    addresses: list[str],
    view: View,
    pictures: Path | None,
) -> list[str]:
    """Look at all pages in one view; give what is wrong, and leave a picture of each if one is wanted."""
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
        faults += [f"{address} {theme} {width} {language}: {one}" for one in wrong]
        if pictures is None:
            continue
        parts = urlsplit(address)
        names = [pattern_of(parts.path).strip("/"), *parse_qs(parts.query).get("tab", ())]
        name = "-".join(names).replace("/", "-") or "start"
        picture = pictures / f"{name}.{theme}.{width}.{language}.png"
        await page.screenshot(path=picture, full_page=True)
    await context.close()
    return faults
