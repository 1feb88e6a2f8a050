"""A firm signs up and sends its first mail by keyboard alone: letter, SMS, domain, SMTP account, mail."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import pyotp
import pytest
from playwright.async_api import Page
from tests.acceptance.panel_walk import chromium, faults_of, listen
from tests.doubles.zone_server import ZoneServer

from sztafeta.cli.demo_ports import Remembered, choose_ports
from sztafeta.cli.demo_surroundings import Demo
from sztafeta.config.settings import Dns

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
DOMAIN: Final = "kwiaciarnia.example"
APEX: Final = {
    "SOA": [f"ns.{DOMAIN}. postmaster.{DOMAIN}. 1 3600 600 86400 120"],
    "NS": [f"ns.{DOMAIN}."],
}
RECORDS: Final = """() => [...document.querySelectorAll("table.records tbody tr")].map(row =>
  [row.querySelector("td code").textContent,
   ...[...row.querySelectorAll("dl [data-copied-from]")].map(one => one.textContent)])"""
"""Read what the page tells to publish: type, names (the last is the full one) and value."""


class Office:
    """The service, the firm's zone, and its telephone."""

    def __init__(self, demo: Demo, cache: ZoneServer, zone: ZoneServer) -> None:
        self.demo = demo
        self._servers = (cache, zone)
        self.sms: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        demo.on_sms = lambda number, text: self.sms.put_nowait((number, text))

    @property
    def panel(self) -> str:
        """The panel's address."""
        return dict(self.demo.facts())["Panel"]

    def publish(self, name: str, kind: str, value: str) -> None:
        """Enter a record into the zone, as the firm does at its registrar."""
        pieces = [value[at : at + 250] for at in range(0, len(value), 250)]
        text = " ".join(f'"{piece}"' for piece in pieces) if kind == "TXT" else value
        for server in self._servers:
            server.zone[name] = {**server.zone.get(name, {}), kind: [text]}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Start the demo with name servers of the test's own."""
    above = {
        "example": {"SOA": ["ns.example. postmaster.example. 1 3600 600 86400 120"]},
        DOMAIN: APEX,
        f"ns.{DOMAIN}": {"A": ["127.0.0.2"]},
    }
    async with AsyncExitStack() as stack:
        cache = await stack.enter_async_context(ZoneServer(above))
        zone = await stack.enter_async_context(
            ZoneServer({DOMAIN: APEX}, address="127.0.0.2", is_authoritative=True)
        )
        ports, _ = choose_ports(None, 0)
        demo = Demo(tmp_path, Remembered(ports=ports), accept_unsafe_storage=False)
        dns = Dns(nameservers=(cache.address,), ask_private_zones=True, zone_port=zone.port)
        panel = demo.settings.panel.model_copy(update={"require_second_step": True})
        demo.settings = demo.settings.model_copy(update={"dns": dns, "panel": panel})
        yield Office(await stack.enter_async_context(demo), cache, zone)


class Keyboard:
    """A person without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def to(self, selector: str) -> None:
        """Press Tab until something has the focus, and see that the focus is shown and not hidden."""
        for _ in range(90):
            if await self.page.evaluate(IS_FOCUSED, selector):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached with the keyboard on {self.page.url}")

    async def press(self, selector: str) -> None:
        """Go to a link or a button and press it."""
        await self.to(selector)
        await self.page.keyboard.press("Enter")

    async def follow(self, selector: str, address: str) -> None:
        """Press a link or a button and wait for the page behind it."""
        await self.press(selector)
        await self.page.wait_for_url(address)

    async def fill_in(self, *texts: str) -> None:
        """Type into one field after the other."""
        for text in texts:
            await self.page.keyboard.type(text)
            await self.page.keyboard.press("Tab")


IS_FOCUSED: Final = """wanted => {
  const one = document.activeElement;
  if (!one.matches(wanted)) return false;
  const box = one.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  const style = getComputedStyle(one);
  if (!(one === top || one.contains(top) || top?.contains(one)))
    throw new Error(`${wanted} is focused and hidden`);
  if (!one.matches(":focus-visible") || style.outlineStyle === "none" && style.boxShadow === "none")
    throw new Error(`${wanted} is focused and does not show it`);
  return true;
}"""
"""Focus is visible and not obscured (WCAG 2.4.7, 2.4.11)."""


async def link_in_inbox(page: Page, office: Office) -> str:
    """Open the newest letter of the inbox page and read its link."""
    await office.demo.arrival_of("Potwierdź adres e-mail")
    await page.goto(office.demo.inbox_url)
    await page.get_by_text("Potwierdź adres e-mail").first.click()
    await page.locator("iframe").first.wait_for()
    link = re.compile(r"http://localhost:\d+/panel/sign-up/[\w-]+")
    for frame in page.frames:
        await frame.wait_for_load_state()
        if found := link.search(await frame.content()):
            return found[0]
    raise AssertionError("there is no link in the letter")


async def sign_up(keyboard: Keyboard, office: Office) -> None:
    """From the door to a panel password of one's own."""
    page = keyboard.page
    await page.goto(f"{office.panel}/login")
    await keyboard.follow("a[href='/panel/sign-up']", "**/sign-up")
    await keyboard.to("#company")
    await keyboard.fill_in(*FORM)
    await keyboard.to("#terms")
    await page.keyboard.press("Space")
    await keyboard.follow("main button.primary", "**/sign-up/sent")

    await page.goto(await link_in_inbox(page, office))
    await keyboard.press("main button.primary")
    number, text = await office.sms.get()
    assert number == "+48501234567"
    first = re.search(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", text)
    assert first

    await page.wait_for_selector("main a.primary")
    await keyboard.press("main a.primary")
    await page.wait_for_selector("#password")
    await keyboard.to("#login")
    await keyboard.fill_in("kwiaciarnia-roza", first[0])
    await keyboard.press("main button.primary")
    await page.wait_for_selector("#new")
    await keyboard.to("#new")
    await keyboard.fill_in(NEW, NEW)
    await keyboard.follow("main button.primary", "**/panel")


async def prove_domain(keyboard: Keyboard, office: Office) -> None:
    """From the checklist to records that are seen, from where the door leads to the second step."""
    page = keyboard.page
    await keyboard.follow("main .steps a[href='/panel/domains']", "**/panel/domains")
    await keyboard.to("#domain")
    await page.keyboard.type(DOMAIN)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/panel/domains/{DOMAIN}")
    for kind, *names, value in await page.evaluate(RECORDS):
        office.publish(names[-1], kind, value)
    await keyboard.follow(
        "main form[action*='/look'] button", "**/panel/profile/second-step?next=*"
    )


async def set_up_second_step(keyboard: Keyboard) -> None:
    """From the reason why to the codes that are kept (W-17)."""
    page = keyboard.page
    assert "potwierdzoną domenę" in await page.inner_text("main")
    assert await faults_of(page, page.url) == []
    await keyboard.follow(
        "main a.primary[href^='/panel/profile/app']", "**/panel/profile/app?next=*"
    )
    seed = await page.locator("main [data-copied-from]").first.inner_text()
    await keyboard.to("#code")
    await page.keyboard.type(pyotp.TOTP(seed.replace(" ", "")).now())
    await page.keyboard.press("Enter")
    await page.locator(".secret [data-copied-from]").wait_for()
    await keyboard.follow("main a.primary", "**/panel/domains/**")
    await keyboard.follow("[data-menu] a[href='/panel']", "**/panel")


async def password_of_smtp(keyboard: Keyboard) -> tuple[str, str]:
    """From the checklist to a login and its password, shown once."""
    page = keyboard.page
    await keyboard.follow("main .steps a[href='/panel/smtp-accounts']", "**/panel/smtp-accounts")
    await keyboard.follow("main tbody a", "**/panel/smtp-accounts/*")
    await keyboard.press("#password button.primary, #password form button[type=submit]")
    password = await page.locator(".secret [data-copied-from]").inner_text()
    login = await page.locator(".facts [data-copied-from]").first.inner_text()
    return login, password


def send(port: int, login: str, password: str) -> None:
    """Send the first mail from a program of the firm's own."""
    message = EmailMessage()
    message["From"] = f"Kwiaciarnia Róża <sklep@{DOMAIN}>"
    message["To"] = "jan@example.com"
    message["Subject"] = "Zamówienie przyjęte"
    message.set_content("Dziękujemy!")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the demo signs for itself
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.starttls(context=context)
        client.login(login, password)
        client.send_message(message)


async def find_mail(keyboard: Keyboard) -> None:
    """From the list to the page of the mail that was sent."""
    page = keyboard.page
    await keyboard.follow("[data-menu] a[href='/panel/messages']", "**/panel/messages")
    await keyboard.follow("[data-rows] a[href*='/panel/messages/']", "**/panel/messages/*")
    assert await page.locator("h1").inner_text() == "Zamówienie przyjęte"
    await page.locator(".verdict .sentence", has_text="doręczona do serwera").wait_for()
    await keyboard.follow("[data-menu] a[href='/panel']", "**/panel")
    await page.locator(".steps .is-done", has_text="Wyślij pierwszy prawdziwy mail").wait_for()


async def test_from_the_form_to_the_first_sent_mail_without_a_mouse(office: Office) -> None:
    """Issue 4's walk, with the second step that a proved domain asks for."""
    async with chromium() as browser:
        page = await (await browser.new_context(locale="pl-PL")).new_page()
        said, keyboard = listen(page), Keyboard(page)
        await sign_up(keyboard, office)
        await prove_domain(keyboard, office)
        await set_up_second_step(keyboard)
        login, password = await password_of_smtp(keyboard)
        await asyncio.to_thread(send, office.demo.ports.submission, login, password)
        await office.demo.arrival_of("Zamówienie przyjęte")
        await find_mail(keyboard)
        assert said == []
