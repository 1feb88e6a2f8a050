"""Postfix on both sides: as a customer's server that relays through us, and as the MX that we deliver to."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from bench.postfix import Postfix
from tests.acceptance.conftest import DESTINATION, Running
from tests.acceptance.programs import ROOT
from tests.system.client import Message
from tests.system.receiver import Receiver
from tests.system.scene import Scene
from tests.system.service import LOGIN, Service, free_port, move_in

pytestmark = pytest.mark.acceptance


def _message() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <shop@example.com>"
    message["To"] = "customer@example.net"
    message["Subject"] = "Through Postfix"
    message.set_content("It is on its way.\n.\n..and a dot\n")
    return message


@asynccontextmanager
async def _postfix(name: str, hop: int, settings: dict[str, str]) -> AsyncIterator[Postfix]:
    """Run a private Postfix; its own user must be able to reach its folder."""
    folder = ROOT / ".run" / "acceptance" / f"{name}-{free_port()}"
    postfix = Postfix(folder, sink_port=hop, settings=settings)
    await asyncio.to_thread(postfix.start)
    try:
        yield postfix
    finally:
        await asyncio.to_thread(postfix.stop)


def _send(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(_message())


@pytest.mark.parametrize("tls", ["encrypt", "none"])
async def test_postfix_relays_through_us_with_a_login(running: Running, tls: str) -> None:
    """`relayhost`, SASL and TLS, as a customer's server is set up."""
    port = running.house.smtp_port
    secret = f"inline:{{ {{ [127.0.0.1]:{port} = {LOGIN}:{running.house.password} }} }}"
    settings = {
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": secret,
        "smtp_sasl_security_options": "",
        "smtp_tls_security_level": tls,
    }
    async with _postfix("client", port, settings) as postfix:
        await asyncio.to_thread(_send, postfix.relay_port)
        received = await running.arrival()
    assert received.sender == "shop@example.com"
    assert b"Subject: Through Postfix\r\n" in received.raw
    assert b"\r\n.\r\n..and a dot\r\n" in received.raw


async def test_postfix_takes_what_we_deliver(template: Path, tmp_path: Path) -> None:
    """Postfix as the MX: it accepts our dialogue and passes the message on unchanged."""
    async with Receiver() as witness, _postfix("mx", witness.port, {}) as postfix:
        house = move_in(template, tmp_path / "house", routes={DESTINATION: postfix.relay_port})
        async with Service(house) as service, house.client() as client:
            message = Message(
                key="<to-postfix@example.com>", recipients=(f"customer@{DESTINATION}",), size=30_000
            )
            await client.send(message)
            await witness.wait_for(1)
            scene = Scene(house, service, witness)
            await scene.settled()  # Postfix passes on before we have written down its answer
        (received,) = witness.accepted
        assert received.offered == message.content()
        assert list(scene.states.values()) == ["delivered"]
