"""Passkeys in a real browser with a virtual authenticator: made in the profile, used at the login."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright
from tests.acceptance.demo import CHROMIUM, FLAGS, Demo, running_demo

pytestmark = pytest.mark.acceptance

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def with_authenticator(page: Page) -> None:
    """Give the browser a device that holds keys and always says yes."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


async def log_in(page: Page, demo: Demo) -> None:
    await page.goto(demo.fact("Panel") + "/login")
    await page.fill("input[name=login]", demo.fact("Panel login"))
    await page.fill("input[name=password]", demo.fact("Panel password"))
    await page.click("main button.primary")


async def log_out(page: Page) -> None:
    await page.click("details.me summary")
    await page.click("details.me button")
    await page.wait_for_selector("input[name=login]")


async def test_a_passkey_is_made_and_opens_the_panel_alone_and_as_second_step(
    tmp_path: Path,
) -> None:
    """W-17: WebAuthn as second step, and alone."""
    async with running_demo(tmp_path / "data", "--port", "0") as demo, async_playwright() as tool:
        browser = await tool.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await (await browser.new_context(locale="en-GB")).new_page()
        await with_authenticator(page)
        await log_in(page, demo)
        await page.goto(demo.fact("Panel") + "/profile")
        await page.fill("[data-passkey] input[name=name]", "office laptop")
        await page.fill("[data-passkey] input[name=password]", "wrong")
        await page.click("[data-passkey=create] button")
        await page.wait_for_selector("[data-passkey] .error")
        await page.fill("[data-passkey] input[name=password]", demo.fact("Panel password"))
        await page.click("[data-passkey=create] button")
        await page.wait_for_selector(".secret")  # the recovery codes
        await page.goto(demo.fact("Panel") + "/profile")
        assert await page.get_by_text("office laptop").count() == 1

        await log_out(page)
        await page.click("[data-passkey=get] button")  # alone
        await page.wait_for_selector("[data-menu]")

        await log_out(page)
        await log_in(page, demo)
        assert "/login/second" in page.url
        await page.click("[data-passkey=get] button")
        await page.wait_for_selector("[data-menu]")
        await browser.close()
