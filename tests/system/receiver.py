"""A receiving mail server that is told how to behave, and writes down every copy it gets.

It is written without any of our own SMTP code, so that it can be a witness. It keeps no queue and knows no
DNS: settings route a domain to its port. `on_phase` is called at each step of a dialogue, so that a test may
end the service exactly there.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

MARK = b"X-Ledger: "
"""The first header field of an offered message: whatever stands before it was added on the way."""


class Phase(Enum):
    """Where a dialogue is."""

    CONNECTED = "connected"
    MAIL = "MAIL was answered"
    RCPT = "RCPT was answered"
    IN_DATA = "the first octets of the message came"
    DOT = "the final dot came, nothing was answered"
    ANSWERED = "the final dot was answered"


class Reset(Exception):
    """Keep the message and hang up instead of answering the dot."""


@dataclass(slots=True)
class Received:
    """One message as it came in."""

    sender: str
    mail_parameters: str
    recipients: list[str]
    rcpt_parameters: list[str]
    raw: bytes = b""
    accepted: bool = False

    @property
    def offered(self) -> bytes:
        """What the client had offered: without the fields that were added on the way."""
        at = self.raw.find(MARK)
        return self.raw[at:] if at >= 0 else self.raw

    @property
    def key(self) -> str:
        """The ledger's name of the message, or nothing when it has none."""
        if not self.offered.startswith(MARK):
            return ""
        return self.offered[len(MARK) : self.offered.index(b"\r\n")].decode()

    @property
    def sha256(self) -> str:
        """The digest of what was offered."""
        return hashlib.sha256(self.offered).hexdigest()


def agreeable(_: str) -> str:
    """Take every recipient."""
    return "250 2.1.5 Ok"


def kept(_: Received) -> str:
    """Take every message."""
    return "250 2.0.0 kept"


def moody(seed: int) -> Callable[[Received], str]:
    """Answer 20 % of the dots with 4xx (acceptance §1.4)."""
    dice = random.Random(seed)

    def answer(_: Received) -> str:
        return "451 4.3.2 not now" if dice.random() < 0.2 else "250 2.0.0 kept"

    return answer


def rude(seed: int) -> Callable[[Received], str]:
    """Keep the message and reset the connection after 5 % of the dots (acceptance §1.4)."""
    dice = random.Random(seed)

    def answer(received: Received) -> str:
        if dice.random() < 0.05:
            raise Reset
        return kept(received)

    return answer


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True, eq=False)
class Receiver:
    """One receiver at a loopback port."""

    rcpt: Callable[[str], str] = agreeable
    dot: Callable[[Received], str] = kept
    greeting: str = "220 receiver.example.net ESMTP"
    pause: float = 0.0
    """Seconds before the final dot is answered."""
    on_phase: Callable[[Phase, Received | None], None] = lambda phase, received: None
    got: list[Received] = field(default_factory=list)
    """Every message whose final dot came."""
    connections: int = 0
    callers: list[str] = field(default_factory=list)
    """The addresses that connections came from."""
    hung_up_on: list[Received] = field(default_factory=list)
    """What it kept and did not answer."""
    may_answer: asyncio.Event = field(default_factory=_set)
    """Clear it, and final dots go unanswered until it is set again."""
    waiting: int = 0
    """How many final dots came and are not answered yet."""
    port: int = 0
    _server: asyncio.Server | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._converse, "127.0.0.1", self.port, limit=1 << 20, backlog=512
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    @property
    def accepted(self) -> list[Received]:
        """The copies it took responsibility for."""
        return [received for received in self.got if received.accepted]

    async def wait_for(self, count: int, *, seconds: float = 90) -> None:
        """Wait until `count` copies were accepted."""
        await self.wait_until(lambda: len(self.accepted) >= count, seconds=seconds)

    async def wait_until(self, condition: Callable[[], bool], *, seconds: float = 90) -> None:
        """Wait until something is true of what came in; looked at after every dot."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(condition)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.callers.append(writer.get_extra_info("peername")[0])
        try:
            self.on_phase(Phase.CONNECTED, None)
            await _say(writer, self.greeting)
            await _Conversation(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # they hung up, or were killed
        except Reset:
            writer.transport.abort()
        finally:
            writer.close()

    async def note(self, received: Received) -> None:
        """Write a copy down and tell those who wait."""
        async with self._news:
            self.got.append(received)
            self._news.notify_all()


class _Conversation:
    """One connection."""

    def __init__(
        self, receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._receiver = receiver
        self._reader = reader
        self._writer = writer
        self._received: Received | None = None

    async def run(self) -> None:
        """Answer command after command until QUIT."""
        while line := (await self._reader.readuntil(b"\r\n")).decode("utf-8", "replace").strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    await _say(
                        self._writer,
                        "250-receiver.example.net\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
                        "250-SMTPUTF8\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES",
                    )
                case "MAIL":
                    await self._mail(rest)
                case "RCPT":
                    await self._rcpt(rest)
                case "DATA":
                    await self._data()
                case "QUIT":
                    await _say(self._writer, "221 2.0.0 bye")
                    return
                case _:
                    await _say(self._writer, "250 2.0.0 Ok")

    async def _mail(self, rest: str) -> None:
        path, parameters = _split_path(rest)
        self._received = Received(path, parameters, [], [])
        await _say(self._writer, "250 2.1.0 Ok")
        self._receiver.on_phase(Phase.MAIL, self._received)

    async def _rcpt(self, rest: str) -> None:
        path, parameters = _split_path(rest)
        answer = self._receiver.rcpt(path)
        if answer.startswith("2") and self._received is not None:
            self._received.recipients.append(path)
            self._received.rcpt_parameters.append(parameters)
        await _say(self._writer, answer)
        self._receiver.on_phase(Phase.RCPT, self._received)

    async def _data(self) -> None:
        received, self._received = self._received, None
        if received is None or not received.recipients:
            await _say(self._writer, "554 5.5.1 no valid recipients")
            return
        await _say(self._writer, "354 go on")
        begun = await self._reader.readexactly(1)
        self._receiver.on_phase(Phase.IN_DATA, received)
        received.raw = await self._content(begun)
        self._receiver.on_phase(Phase.DOT, received)
        await self._answer(received)

    async def _content(self, begun: bytes) -> bytes:
        """Read to the final dot and take the stuffing out (RFC 5321 §4.5.2)."""
        lines, line = [], begun + await self._reader.readuntil(b"\r\n")
        while line != b".\r\n":
            lines.append(line.removeprefix(b"."))
            line = await self._reader.readuntil(b"\r\n")
        return b"".join(lines)

    async def _answer(self, received: Received) -> None:
        receiver = self._receiver
        receiver.waiting += 1
        await asyncio.sleep(receiver.pause)
        await receiver.may_answer.wait()
        receiver.waiting -= 1
        try:
            answer = receiver.dot(received)
        except Reset:
            received.accepted = True
            receiver.hung_up_on.append(received)
            await receiver.note(received)
            raise
        received.accepted = answer.startswith("2")
        await receiver.note(received)
        await _say(self._writer, answer)
        receiver.on_phase(Phase.ANSWERED, received)


async def _say(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(text.encode() + b"\r\n")
    await writer.drain()


def _split_path(rest: str) -> tuple[str, str]:
    """Give the mailbox between the angle brackets, and the parameters behind it."""
    path, _, parameters = rest.partition("<")[2].partition(">")
    return path, parameters.strip()
