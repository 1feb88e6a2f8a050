"""The catch-all over a real socket: it takes everything for everybody, in the clear and over TLS."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
import trustme

from sztafeta.inbox.catch_all import CatchAll
from sztafeta.inbox.letterbox import Letterbox
from sztafeta.net.listener import Listener, ListenerSpec
from sztafeta.net.tls_wire import Encryption, HandshakeLimits


class Receiver:
    """A listening catch-all."""

    def __init__(self, box: Letterbox, port: int, trust: ssl.SSLContext) -> None:
        self.box = box
        self.port = port
        self.trust = trust

    async def send(
        self, *recipients: str, is_encrypted: bool = False
    ) -> dict[str, tuple[int, bytes]]:
        return await asyncio.to_thread(self._send, recipients, is_encrypted)

    def _send(
        self, recipients: tuple[str, ...], is_encrypted: bool
    ) -> dict[str, tuple[int, bytes]]:
        message = EmailMessage(policy=SMTP)
        message["From"] = "Alice <alice@example.com>"
        message["Subject"] = "Zażółć"
        message.set_content(".one\n..two\n")
        with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as client:
            if is_encrypted:
                client.starttls(context=self.trust)
            return client.sendmail("alice@example.com", recipients, message.as_bytes())


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    box = Letterbox(None)
    encryption = Encryption(lambda: server, HandshakeLimits())
    catch_all = CatchAll(box, hostname="mx.localhost", max_size=100_000, encryption=encryption)
    listener = Listener(
        ListenerSpec(name="catch-all", address="127.0.0.1", port=0), catch_all.converse
    )
    await listener.open()
    yield Receiver(box, listener.port, trust)
    listener.close()


async def test_mail_for_any_domain_arrives(receiver: Receiver) -> None:
    assert await receiver.send("bob@example.org", "charlie@anything.example") == {}
    (arrived,) = receiver.box.list(limit=5)
    assert arrived.recipients == ("bob@example.org", "charlie@anything.example")
    assert arrived.subject == "Zażółć"
    assert arrived.tls == ""


async def test_mail_arrives_over_tls(receiver: Receiver) -> None:
    await receiver.send("bob@example.org", is_encrypted=True)
    (arrived,) = receiver.box.list(limit=5)
    assert arrived.tls.startswith("TLSv1.3")


async def test_dots_are_as_they_were(receiver: Receiver) -> None:
    """RFC 5321 §4.5.2."""
    await receiver.send("bob@example.org")
    found = receiver.box.find(1)
    assert found is not None
    assert found[1].endswith(b"\r\n\r\n.one\r\n..two\r\n")


async def test_addresses_for_bad_days_bounce_and_defer(receiver: Receiver) -> None:
    refused = await receiver.send("bob@example.org", "bounced+1@example.org", "SOFT@example.net")
    assert {address: code for address, (code, _) in refused.items()} == {
        "bounced+1@example.org": 550,
        "SOFT@example.net": 451,
    }
    (arrived,) = receiver.box.list(limit=5)
    assert arrived.recipients == ("bob@example.org",)


async def test_what_is_too_big_is_refused_and_not_kept(receiver: Receiver) -> None:
    def send() -> None:
        with smtplib.SMTP("127.0.0.1", receiver.port, timeout=5) as client:
            client.sendmail("a@example.com", "b@example.com", "x" * 90 + ("\r\n" + "x" * 90) * 2000)

    with pytest.raises(smtplib.SMTPException) as refusal:
        await asyncio.to_thread(send)
    assert "552" in str(refusal.value)
    assert receiver.box.count() == 0
