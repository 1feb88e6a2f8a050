"""Gathering: what is written to a connection in one turn of the loop leaves in one piece.

An HTTP server writes an answer's head and then its body; uvloop sends each of them at once, which costs a
call of the system and a packet more for every answer.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

LARGEST: Final = 64 * 1024
"""Octets that are held at most: the real transport must soon tell a writer to wait."""

Octets = bytes | bytearray | memoryview


class GatheringTransport(asyncio.Transport):
    """Stands before a real transport and holds what is written until the next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held: list[Octets] = []
        self._size = 0

    def write(self, data: Octets) -> None:
        """Hold octets, or send all that is held when that becomes much."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)
        self._size += len(data)
        if self._size >= LARGEST:
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            octets = b"".join(self._held)
            self._held.clear()
            self._size = 0
            self._transport.write(octets)

    def close(self) -> None:
        """Send what is held, then close."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._held.clear()
        self._transport.abort()

    # -- the real transport's ----------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Say whether it is closed or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell about the connection."""
        return self._transport.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Have another protocol told what happens."""
        self._transport.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Give the protocol that is told what happens."""
        return self._transport.get_protocol()

    def pause_reading(self) -> None:
        """Read nothing for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()
