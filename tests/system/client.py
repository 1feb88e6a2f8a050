"""A client for tests: one SMTP session spoken by hand, which knows for certain what it was told.

Written without any of our own SMTP code. A broken connection is an answer too: `Told.NOTHING`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from typing import Self

from tests.crash.ledger import Offer, Told
from tests.system.receiver import MARK


class Refused(Exception):
    """The server answered with another code than the client needs; the text is the reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to offer."""

    key: str
    recipients: tuple[str, ...]
    sender: str = "shop@example.com"
    size: int = 1000
    mail_parameters: str = ""
    rcpt_parameters: str = ""
    idempotency_key: str = ""
    """Written before the mark: the service takes it out again."""

    def content(self) -> bytes:
        """Write it, with the ledger's mark as its first field."""
        to = ",\r\n ".join(self.recipients)
        header = (
            f"From: Shop <shop@example.com>\r\nTo: {to}\r\n"
            f"Subject: order {self.key}\r\nMessage-ID: {self.key}\r\n"
            "Date: Mon, 24 Nov 2025 12:00:00 +0000\r\n\r\n"
        ).encode()
        line = b".The baton is not dropped, and a dot at the start of a line stays one.\r\n"
        return MARK + self.key.encode() + b"\r\n" + header + line * (self.size // len(line) + 1)

    def offers(self, told: Told) -> list[Offer]:
        """Write the ledger's entries, one a recipient."""
        digest = hashlib.sha256(self.content()).hexdigest()
        return [
            Offer(key=self.key, recipient=recipient, body_sha256=digest, told=told)
            for recipient in self.recipients
        ]


class Client:
    """One session, logged in."""

    def __init__(self, port: int, *, login: str, password: str) -> None:
        self._port = port
        self._secret = base64.b64encode(f"\0{login}\0{password}".encode()).decode()

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self.expect("220")
        await self.command("EHLO client.example.com", "250")
        await self.command(f"AUTH PLAIN {self._secret}", "235")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self, message: Message) -> Told:
        """Offer a message and say what was answered."""
        try:
            await self.begin(message)
        except Refused:
            await self.reset()
            return Told.NO
        except (ConnectionError, asyncio.IncompleteReadError):
            return Told.NOTHING
        return await self.finish(message)

    async def submit(self, message: Message) -> str:
        """Offer a message and give the reply to the final dot.

        Raises:
            Refused: the server does not want it.
        """
        await self.begin(message)
        return await self.end(message)

    async def begin(self, message: Message) -> None:
        """Say everything before the content.

        Raises:
            Refused: the server does not want it.
        """
        await self.open_transaction(message)
        await self.command("DATA", "354")

    async def open_transaction(self, message: Message) -> None:
        """Say MAIL and RCPT.

        Raises:
            Refused: the server does not want it.
        """
        await self.command(f"MAIL FROM:<{message.sender}> {message.mail_parameters}".strip(), "250")
        for recipient in message.recipients:
            await self.command(f"RCPT TO:<{recipient}> {message.rcpt_parameters}".strip(), "250")

    async def finish(self, message: Message) -> Told:
        """Send the content of a message that was begun, and say what was answered."""
        try:
            await self.end(message)
        except Refused:
            await self.reset()
            return Told.NO
        except (ConnectionError, asyncio.IncompleteReadError):
            return Told.NOTHING
        return Told.YES

    async def end(self, message: Message) -> str:
        """Send the content and the final dot, and give the reply.

        Raises:
            Refused: the server did not take it.
        """
        key = message.idempotency_key
        field = f"Idempotency-Key: {key}\r\n".encode() if key else b""
        await self.write(field + _stuffed(message.content()) + b".\r\n")
        return await self.expect("250")

    async def reset(self) -> None:
        """Be ready for another message."""
        try:
            await self.command("RSET", "250")
        except (Refused, ConnectionError, asyncio.IncompleteReadError):
            self._writer.close()

    async def write(self, data: bytes) -> None:
        """Send octets as they are."""
        self._writer.write(data)
        await self._writer.drain()

    async def command(self, line: str, code: str) -> str:
        """Send a command and expect a code."""
        await self.write(line.encode() + b"\r\n")
        return await self.expect(code)

    async def expect(self, code: str) -> str:
        """Read one reply, however many lines it has.

        Raises:
            Refused: it has another code.
        """
        lines = []
        while True:
            line = (await self._reader.readuntil(b"\r\n")).decode().rstrip()
            lines.append(line)
            if line[3:4] != "-":
                break
        if not line.startswith(code):
            raise Refused("\n".join(lines))
        return "\n".join(lines)


def _stuffed(content: bytes) -> bytes:
    """Double the dots that begin a line (RFC 5321 §4.5.2)."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
