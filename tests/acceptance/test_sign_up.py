"""A firm signs up in a browser by keyboard alone: form, letter in the inbox, SMS on the terminal."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, async_playwright
from tests.acceptance.demo import CHROMIUM, FLAGS, Demo, running_demo

pytestmark = pytest.mark.acceptance

FORM: Final = (
    "Kwiaciarnia Róża sp. z o.o.",
    "526-104-08-28",
    "ul. Różana 1",
    "90-001",
    "Łódź",
    "Anna Nowak",
    "anna@kwiaciarnia.example",
    "501 234 567",
    "Potwierdzenia zamówień.",
)
NEW: Final = "fioletowy rower za stodołą"


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something has the focus, as people without a mouse do."""
    for _ in range(60):
        if await page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached with the keyboard")


async def fill_in(page: Page, *texts: str) -> None:
    """Type into one field after the other."""
    for text in texts:
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")


async def printed_sms(demo: Demo) -> str:
    """Read the terminal until a text message is there."""
    assert demo.process.stdout is not None
    async with asyncio.timeout(20):
        while not (line := (await demo.process.stdout.readline()).decode()).startswith("SMS "):
            pass
    return line


async def link_in_inbox(page: Page, demo: Demo) -> str:
    """Open the newest letter of the inbox page and read its link."""
    await page.goto(demo.inbox)
    await page.get_by_text("Potwierdź adres e-mail").first.click()
    found = re.search(r"http://localhost:\d+/panel/sign-up/[\w-]+", await page.content())
    for frame in page.frames:
        found = found or re.search(
            r"http://localhost:\d+/panel/sign-up/[\w-]+", await frame.content()
        )
    assert found
    return found[0]


async def test_from_the_form_to_a_password_of_ones_own_without_a_mouse(tmp_path: Path) -> None:
    async with running_demo(tmp_path / "data", "--port", "0") as demo, async_playwright() as tool:
        browser = await tool.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await (await browser.new_context(locale="pl-PL")).new_page()
        await page.goto(demo.fact("Panel") + "/login")
        await tab_to(page, "a[href='/panel/sign-up']")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/sign-up")
        await tab_to(page, "#company")
        await fill_in(page, *FORM)
        await tab_to(page, "#terms")
        await page.keyboard.press("Space")
        await tab_to(page, "main button.primary")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/sign-up/sent")

        await page.goto(await link_in_inbox(page, demo))
        await tab_to(page, "main button.primary")
        await page.keyboard.press("Enter")
        sms = await printed_sms(demo)
        assert "+48501234567" in sms
        first = re.search(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", sms)
        assert first

        await page.wait_for_selector("main a.primary")
        await tab_to(page, "main a.primary")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#password")
        await tab_to(page, "#login")
        await fill_in(page, "kwiaciarnia-roza", first[0])
        await tab_to(page, "main button.primary")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#new")
        await tab_to(page, "#new")
        await fill_in(page, NEW, NEW)
        await tab_to(page, "main button.primary")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/panel")
        await page.goto(demo.fact("Panel") + "/smtp-accounts")
        assert "1.kwiaciarnia-roza.smtp" in await page.content()
        await browser.close()
