"""The load generator: N kept SMTP sessions that send as fast as they are answered.

Used for every system alike. It runs as a process of its own (`python -m bench.load`), reads a `Load` as JSON
from its argument and prints a `Result`. Bytes are made before the clock starts and only reply codes are
read, so that it costs little of the machine it shares. MAIL, RCPT and DATA go out together (RFC 2920); the
final dot is timed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from dataclasses import asdict, dataclass
from time import monotonic
from typing import cast

import uvloop

_ENVELOPE_CODES = (b"250", b"250", b"354")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send."""

    port: int
    messages: int
    sessions: int
    size: int
    """Octets of one message, header included."""
    login: str | None = None
    password: str | None = None
    sender: str = "shop@example.com"
    recipient: str = "customer@example.net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How it went."""

    messages: int
    started_at: float
    """When the first MAIL went out, on the system's monotonic clock."""
    seconds: float
    """From the first MAIL to the last answer; connecting and AUTH came before."""
    dot_p50_ms: float
    dot_p99_ms: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


def message(size: int) -> bytes:
    """Make a message of exactly `size` octets with CRLF line ends."""
    header = (
        b"From: Shop <shop@example.com>\r\nTo: customer@example.net\r\n"
        b"Subject: Your order is on its way\r\nDate: Mon, 24 Nov 2025 12:00:00 +0000\r\n"
        b"Message-ID: <bench.1@example.com>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    )
    line = b"The quick brown fox jumps over the lazy dog, and the baton is not dropped.\r\n"
    room = size - len(header)
    body = line * (room // len(line))
    return header + body + b"x" * (room - len(body) - 2) + b"\r\n"


class _Tally:
    """What the sessions share: how many messages are left, and how long each dot took."""

    def __init__(self, load: Load, done: asyncio.Future[None]) -> None:
        self.left_to_begin = self.left_to_finish = load.messages
        self.dots: list[float] = []
        self.done = done
        self.envelope = (
            f"MAIL FROM:<{load.sender}>\r\nRCPT TO:<{load.recipient}>\r\nDATA\r\n".encode()
        )
        self.content = message(load.size) + b".\r\n"


class _Session(asyncio.Protocol):
    """One client: greeted, logged in, then message after message."""

    def __init__(self, tally: _Tally, opening: list[bytes], ready: asyncio.Future[None]) -> None:
        self._tally = tally
        self._opening = opening
        self._ready = ready
        self._unread = b""
        self._expected = 0
        self._dot_at = 0.0
        self._react = self._open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"a connection was lost: {exc}")

    def data_received(self, data: bytes) -> None:
        lines = (self._unread + data).split(b"\r\n")
        self._unread = lines.pop()
        for line in lines:
            if line[3:4] != b"-":
                self._react(line)

    def begin(self) -> None:
        """Offer the next message, if there is one left."""
        if self._tally.left_to_begin:
            self._tally.left_to_begin -= 1
            self._expected = 0
            self._react = self._envelope
            self._transport.write(self._tally.envelope)

    def _open(self, line: bytes) -> None:
        if line[:1] not in b"23":
            self._fail(line.decode())
        elif self._opening:
            self._transport.write(self._opening.pop(0))
        elif not self._ready.done():
            self._ready.set_result(None)

    def _envelope(self, line: bytes) -> None:
        if line[:3] != _ENVELOPE_CODES[self._expected]:
            self._fail(line.decode())
            return
        self._expected += 1
        if self._expected == len(_ENVELOPE_CODES):
            self._react = self._dot
            self._transport.write(self._tally.content)
            self._dot_at = monotonic()

    def _dot(self, line: bytes) -> None:
        tally = self._tally
        tally.dots.append(monotonic() - self._dot_at)
        if line[:3] != b"250":
            self._fail(line.decode())
            return
        tally.left_to_finish -= 1
        if not tally.left_to_finish and not tally.done.done():
            tally.done.set_result(None)
        self.begin()

    def _fail(self, what: str) -> None:
        trouble = ConnectionError(what)
        for future in (self._ready, self._tally.done):
            if not future.done():
                future.set_exception(trouble)


async def run(load: Load) -> Result:
    """Send it all.

    Raises:
        ConnectionError: the server said something else than a bench wants to hear.
    """
    loop = asyncio.get_running_loop()
    tally = _Tally(load, loop.create_future())
    sessions = [await _connect(loop, load, tally) for _ in range(load.sessions)]
    started = monotonic()
    for session in sessions:
        session.begin()
    await tally.done
    seconds = monotonic() - started
    dots = sorted(tally.dots)
    return Result(
        messages=load.messages,
        started_at=started,
        seconds=seconds,
        dot_p50_ms=dots[len(dots) // 2] * 1000,
        dot_p99_ms=dots[int(len(dots) * 0.99)] * 1000,
    )


async def _connect(loop: asyncio.AbstractEventLoop, load: Load, tally: _Tally) -> _Session:
    """Open one session and wait until it may send."""
    ready: asyncio.Future[None] = loop.create_future()
    _, session = await loop.create_connection(
        lambda: _Session(tally, _opening(load), ready), "127.0.0.1", load.port
    )
    await ready
    return session


def _opening(load: Load) -> list[bytes]:
    lines = [b"EHLO client.example.com\r\n"]
    if load.login is not None:
        secret = base64.b64encode(f"\0{load.login}\0{load.password}".encode())
        lines.append(b"AUTH PLAIN " + secret + b"\r\n")
    return lines


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(run(Load(**json.loads(sys.argv[1])))))))
