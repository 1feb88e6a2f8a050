"""The body of a call: bounded while it is read, on disk once it is big, in memory for few at once.

A call with files may have 15 MB, and fifty may come at the same time: they are gathered in files, and only a
few are read, decoded and put together at once, so that memory stays flat (issue 3, point 5).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from tempfile import TemporaryFile
from typing import IO, Any, Final

from starlette.requests import ClientDisconnect, Request

from sztafeta.api.problem import Problem

IN_MEMORY: Final = 256 * 1024
"""Octets up to which a body never touches the disk."""
AT_ONCE: Final = 2
"""Big bodies that are in memory at the same time."""


class Body:
    """What a call brought; `octets` are there as long as the context lasts."""

    def __init__(self, octets: bytes, digest: bytes) -> None:
        self.octets = octets
        self.sha256 = digest


class Bodies:
    """Reads bodies of at most `limit` octets."""

    def __init__(self, limit: int, *, in_memory: int = IN_MEMORY, at_once: int = AT_ONCE) -> None:
        self._limit = limit
        self._in_memory = in_memory
        self._places = asyncio.Semaphore(at_once)

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[Body]:
        """Read a body; a big one waits for its turn.

        Raises:
            Problem: it is too large.
            ClientDisconnect: the caller has gone.
        """
        self._refuse_declared(request)
        digest, parts, held = sha256(), [], 0
        spool: IO[bytes] | None = None
        try:
            async for part in request.stream():
                held += len(part)
                if held > self._limit:
                    raise self._too_large()
                digest.update(part)
                if spool is None:
                    parts.append(part)
                    if held > self._in_memory:
                        spool = TemporaryFile()  # noqa: SIM115 - closed below
                        await asyncio.to_thread(spool.write, b"".join(parts))
                        parts.clear()
                else:
                    await asyncio.to_thread(spool.write, part)
            if spool is None:
                yield Body(b"".join(parts), digest.digest())
                return
            async with self._places:
                yield Body(await asyncio.to_thread(_whole, spool), digest.digest())
        finally:
            if spool is not None:
                spool.close()

    def _refuse_declared(self, request: Request) -> None:
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self._limit:
            raise self._too_large()

    def _too_large(self) -> Problem:
        return Problem(
            "body_too_large",
            f"The body has more than {self._limit} octets.",
            f"A call may have {self._limit} octets; send several calls, or links to big files.",
        )


def _whole(spool: IO[Any]) -> bytes:
    spool.seek(0)
    octets: bytes = spool.read()
    return octets


__all__ = ["AT_ONCE", "IN_MEMORY", "Bodies", "Body", "ClientDisconnect"]
