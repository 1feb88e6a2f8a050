"""The body of a call: bounded while it is read, on disk once it is big, in memory for few at once.

A call with files may have 15 MB, and fifty may come at the same time: they are gathered in files, and only a
few are read, decoded and put together at once, so that memory stays flat (issue 3, point 5).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from hashlib import sha256
from tempfile import TemporaryFile
from types import TracebackType
from typing import BinaryIO, Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from sztafeta.api.header_fields import field
from sztafeta.api.problem import Problem

IN_MEMORY: Final = 256 * 1024
"""Octets up to which a body never touches the disk."""
AT_ONCE: Final = 2
"""Big bodies that are in memory at the same time."""
HEARD_OUT: Final = 64 * 1024 * 1024
"""Octets of a body that is too large, read and thrown away: who still writes when we close hears nothing."""
HEARD_OUT_SECONDS: Final = 2.0


class Body:
    """What a call brought; `octets` are there as long as the context lasts."""

    def __init__(self, octets: bytes, digest: bytes = b"") -> None:
        self.octets = octets
        self._digest = digest

    @property
    def sha256(self) -> bytes:
        """Name the octets; few calls ask for it."""
        return self._digest or sha256(self.octets).digest()


class Bodies:
    """Reads bodies of at most `limit` octets."""

    def __init__(self, limit: int, *, in_memory: int = IN_MEMORY, at_once: int = AT_ONCE) -> None:
        self._limit = limit
        self._in_memory = in_memory
        self._places = asyncio.Semaphore(at_once)

    def body(self, request: Request) -> AbstractAsyncContextManager[Body]:
        """Read a body; a big one waits for its turn.

        Raises:
            Problem: it is too large.
            ClientDisconnect: the caller has gone.
        """
        return _Arrival(request, self._gathered, limit=self._limit, in_memory=self._in_memory)

    @asynccontextmanager
    async def _gathered(self, request: Request) -> AsyncIterator[Body]:
        """Read a body that comes in pieces, or is big."""
        arriving = bounded(request, self._limit)
        parts, held = [], 0
        async for part in arriving:
            parts.append(part)
            held += len(part)
            if held > self._in_memory:
                break
        if held <= self._in_memory:
            yield Body(b"".join(parts))
            return
        with TemporaryFile() as spool:
            digest = await self._spool(spool, parts, arriving)
            async with self._places:
                yield Body(await asyncio.to_thread(spool.read), digest)

    async def _spool(
        self, spool: BinaryIO, parts: list[bytes], arriving: AsyncIterator[bytes]
    ) -> bytes:
        """Gather a big body in a file, and give its SHA-256."""
        digest = sha256()
        while parts:
            part = parts.pop(0)
            digest.update(part)
            await asyncio.to_thread(spool.write, part)
        async for part in arriving:
            digest.update(part)
            await asyncio.to_thread(spool.write, part)
        spool.seek(0)
        return digest.digest()


class _Arrival(AbstractAsyncContextManager[Body]):
    """A body on its way in; a small one that comes in one piece is there without further steps."""

    def __init__(
        self,
        request: Request,
        gather: Callable[[Request], AbstractAsyncContextManager[Body]],
        *,
        limit: int,
        in_memory: int,
    ) -> None:
        self._request, self._gather = request, gather
        self._limit, self._small = limit, min(limit, in_memory)
        self._gathering: AbstractAsyncContextManager[Body] | None = None

    async def __aenter__(self) -> Body:
        request = self._request
        if _announced(request) <= self._limit:
            first = await request.receive()
            is_whole = first["type"] == "http.request" and not first.get("more_body", False)
            if is_whole and len(octets := first.get("body", b"")) <= self._small:
                return Body(octets)
            request = Request(request.scope, _once_more(first, request.receive))
        self._gathering = self._gather(request)
        return await self._gathering.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        if self._gathering is None:
            return None
        return await self._gathering.__aexit__(kind, error, traceback)


def _once_more(first: Message, receive: Receive) -> Receive:
    """Give a message that was read already, then those that follow it."""
    held = [first]

    async def receive_all() -> Message:
        return held.pop() if held else await receive()

    return receive_all


async def bounded(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Read a body part by part; of one that is too large nothing more is given.

    Raises:
        Problem: it is too large.
        ClientDisconnect: the caller has gone.
    """
    read = 0
    if _announced(request) <= limit:
        async for part in request.stream():
            read += len(part)
            if read > limit:
                break
            yield part
        else:
            return
    await _hear_out(request)
    raise Problem(
        "body_too_large",
        f"The body has more than {limit} octets.",
        f"A call may have {limit} octets; send several calls, or links to big files.",
    )


async def _hear_out(request: Request) -> None:
    """Read and throw away what is still coming, for a while; one who waits for a 100 sends nothing."""
    if "expect" in request.headers:  # RFC 9110 §10.1.1
        return
    read = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARD_OUT_SECONDS):
            while read < HEARD_OUT:
                message = await request.receive()
                read += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _announced(request: Request) -> int:
    """Give the size that a caller announces; 0 when there is none (RFC 9110 §8.6)."""
    text = field(request, b"content-length")
    return int(text) if text.isascii() and text.isdecimal() else 0


__all__ = ["AT_ONCE", "HEARD_OUT", "IN_MEMORY", "Bodies", "Body", "ClientDisconnect", "bounded"]
