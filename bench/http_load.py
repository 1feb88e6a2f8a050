"""The HTTP load generator: N kept connections that call as fast as they are answered.

Runs as a process of its own (`python -m bench.http_load`), reads a `HttpLoad` as JSON from its input and
prints a `Result`. Requests are bytes made before the clock starts; of an answer only the status and the
length are read, so that it costs little of the machine it shares.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import asdict, dataclass
from time import monotonic
from typing import cast

import uvloop

from bench.load import Result, message

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLoad:
    """What to call."""

    port: int
    calls: int
    connections: int
    body: str
    """JSON."""
    path: str = "/v1/messages"
    key: str = ""


def one_message(size: int) -> str:
    """Write a call that sends one message of about `size` octets."""
    text = message(size).partition(b"\r\n\r\n")[2].decode("ascii")
    return json.dumps(
        {
            "from": "Shop <shop@example.com>",
            "to": ["customer@example.net"],
            "subject": "Your order is on its way",
            "text": text,
        }
    )


def templated(recipients: int, variables: int) -> str:
    """Write a call that sends a template with so many variables to so many recipients."""
    return json.dumps(
        {
            "from": "Shop <shop@example.com>",
            "template": {"id": "bench", "data": {"shop": "Shop"}},
            "recipients": [
                {
                    "to": f"customer{number}@example.net",
                    "data": {f"v{name}": f"value {name} of {number}" for name in range(variables)},
                }
                for number in range(recipients)
            ],
        }
    )


class _Tally:
    def __init__(self, load: HttpLoad, done: asyncio.Future[None]) -> None:
        self.left_to_begin = self.left_to_finish = load.calls
        self.waits: list[float] = []
        self.done = done
        body = load.body.encode()
        self.request = (
            f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\n"
            f"Authorization: Bearer {load.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class _Caller(asyncio.Protocol):
    """One kept connection."""

    def __init__(self, tally: _Tally) -> None:
        self._tally = tally
        self._answer = b""
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"a connection was lost: {exc}")

    def begin(self) -> None:
        """Make the next call, if there is one left."""
        if self._tally.left_to_begin:
            self._tally.left_to_begin -= 1
            self._transport.write(self._tally.request)
            self._asked_at = monotonic()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, blank, body = self._answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not blank or length is None or len(body) < int(length[1]):
            return
        self._answer = b""
        if head[9:10] != b"2":
            self._fail((head + blank + body).decode())
            return
        tally = self._tally
        tally.waits.append(monotonic() - self._asked_at)
        tally.left_to_finish -= 1
        if not tally.left_to_finish and not tally.done.done():
            tally.done.set_result(None)
        self.begin()

    def _fail(self, what: str) -> None:
        if not self._tally.done.done():
            self._tally.done.set_exception(ConnectionError(what))


async def run(load: HttpLoad) -> Result:
    """Make all calls.

    Raises:
        ConnectionError: an answer was something else than a bench wants to hear.
    """
    loop = asyncio.get_running_loop()
    tally = _Tally(load, loop.create_future())
    callers = []
    for _ in range(load.connections):
        _, caller = await loop.create_connection(lambda: _Caller(tally), "127.0.0.1", load.port)
        callers.append(caller)
    started = monotonic()
    for caller in callers:
        caller.begin()
    await tally.done
    seconds = monotonic() - started
    waits = sorted(tally.waits)
    return Result(
        messages=load.calls,
        started_at=started,
        seconds=seconds,
        dot_p50_ms=waits[len(waits) // 2] * 1000,
        dot_p99_ms=waits[int(len(waits) * 0.99)] * 1000,
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(run(HttpLoad(**json.load(sys.stdin)))))))
