"""Hostile texts from every side, walked through in a browser: nothing of them may run (W-08)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page
from tests.acceptance.conftest import Running
from tests.acceptance.panel_walk import chromium, found_pages, listen, log_in
from tests.doubles.zone_server import ZoneServer
from tests.system.receiver import Receiver
from tests.system.service import LOGIN, Service, move_in

pytestmark = pytest.mark.acceptance

PAYLOADS: Final = tuple(Path("tests/corpus/panel/xss.txt").read_text("utf-8").splitlines())
PASSWORD: Final = "correct horse battery staple"
MOST_PAGES: Final = 12
"""Of one route: the lists hold every payload, so a dozen of the pages behind them is enough."""


@dataclass(slots=True)
class Hostile:
    """A service that took hostile texts from all sides, and an administrator to look at them."""

    panel: str
    login: str
    password: str


@pytest.fixture
async def hostile(template: Path, tmp_path: Path) -> AsyncIterator[Hostile]:
    """Fill a service with payloads by SMTP, the API, DNS answers and receivers' replies."""
    spoken = iter(PAYLOADS * 2)

    def refuse(_: str) -> str:
        return f"550 5.1.1 {next(spoken, 'no')}"

    zone = {f"_dmarc.{name}.example": {"TXT": [_quoted(one)]} for name, one in _named()}
    zone |= {f"{name}.example": {"TXT": [_quoted(one)]} for name, one in _named()}
    async with ZoneServer(zone) as dns, Receiver(rcpt=refuse) as refusing:
        settings = (
            f'[dns]\nnameservers = ["127.0.0.1:{dns.port}"]\n[panel]\nrequire_second_step = false\n'
        )
        routes = {"example.net": refusing.port}
        house = move_in(template, tmp_path / "house", routes=routes, settings=settings)
        made = json.loads(
            house.command(
                *("member", "add", "alice@example.com", "--customer", "shop"),
                *("--administrator", "--name", PAYLOADS[0], "--json"),
            )
        )
        async with Service(house) as service:
            running = Running(house, service, refusing)
            await by_smtp(running)
            await by_api(running)
            yield Hostile(
                f"http://127.0.0.1:{house.api_port}/panel", "alice@example.com", made["password"]
            )


def _named() -> Sequence[tuple[str, str]]:
    return [(f"d{number}", one) for number, one in enumerate(PAYLOADS[:10])]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


async def by_smtp(running: Running) -> None:
    """Send a message with each payload in every field, as text, as HTML and as a file's name."""

    def send() -> None:
        import smtplib

        with smtplib.SMTP("127.0.0.1", running.house.smtp_port) as client:
            client.login(LOGIN, running.house.password)
            for number, one in enumerate(PAYLOADS):
                client.send_message(_message(number, one))

    await asyncio.to_thread(send)


def _message(number: int, payload: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"shop{number}@example.com"
    message["To"] = f"to{number}@example.net"
    message["Subject"] = payload
    message["X-Tag"] = payload.encode("ascii", "ignore").decode()[:60].replace(";", "")
    message.set_content(payload)
    message.add_alternative(payload, subtype="html")
    message.add_attachment(b"x", maintype="text", subtype="html", filename=payload[:80])
    return message


async def by_api(running: Running) -> None:
    """Name keys, templates and their texts after payloads."""
    import httpx2

    key = json.loads(
        running.house.command("key", "add", "--account", LOGIN, "--name", PAYLOADS[1], "--json")
    )["secret"]
    headers = {"Authorization": f"Bearer {key}"}
    base = f"http://127.0.0.1:{running.house.api_port}/v1"
    async with httpx2.AsyncClient(headers=headers, timeout=60) as client:

        async def post(path: str, body: dict[str, object] | None = None) -> None:
            answer = await client.post(f"{base}/{path}", json=body)
            assert answer.status_code < 300, (path, body, answer.text)

        for number, one in enumerate(PAYLOADS):
            html = "<p>x</p>" if "{" in one else one
            template = {"name": one[:100], "external_id": f"t{number}", "html": html, "text": "x"}
            await post("templates", template)
            await post("suppressions", {"addresses": [f"s{number}@example.net"], "comment": one})
        for name, _ in _named():
            await post("domains", {"domain": f"{name}.example"})
            await post(f"domains/{name}.example/verify")


async def change_first_password(page: Page) -> None:
    await page.fill("input[name=new]", PASSWORD)
    await page.fill("input[name=again]", PASSWORD)
    await page.click("main form.form button.primary")
    await page.wait_for_url(lambda url: "password" not in url)


async def test_no_hostile_text_runs_on_any_page(hostile: Hostile) -> None:
    """W-08: 0 dialogs, 0 console errors, 0 broken policies, from every channel to every page."""
    async with chromium() as browser:
        context = await browser.new_context()
        page = await context.new_page()
        said = listen(page)
        await log_in(page, hostile.panel, hostile.login, hostile.password)
        await change_first_password(page)
        addresses = await found_pages(page, hostile.panel, samples=MOST_PAGES)
        lists = "".join([await _text_of(page, address) for address in addresses])
    assert said == []
    seen = [one for one in PAYLOADS if one in lists]
    assert len(seen) > len(PAYLOADS) // 2, "the payloads are not on the pages: nothing was tested"


async def _text_of(page: Page, address: str) -> str:
    await page.goto(address)
    return await page.inner_text("main")
