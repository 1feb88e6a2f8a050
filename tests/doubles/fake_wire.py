"""A transport without a socket, for tests of what a protocol does with its wire."""

from __future__ import annotations

import asyncio
from typing import Any


class FakeWire(asyncio.Transport):
    """Remembers what was written and whether reading is paused."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.7", 40000)})
        self.written = b""
        self.is_paused = self.is_closed = self.is_aborted = False

    def write(self, data: Any) -> None:
        """Remember."""
        self.written += data

    def heard(self) -> list[bytes]:
        """Give the lines written since the last time."""
        written, self.written = self.written, b""
        return written.split(b"\r\n")[:-1]

    def pause_reading(self) -> None:
        """Remember."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """Remember."""
        self.is_paused = False

    def close(self) -> None:
        """Remember."""
        self.is_closed = True

    def write_eof(self) -> None:
        """Remember."""
        self.is_closed = True

    def abort(self) -> None:
        """Remember."""
        self.is_aborted = True

    def is_closing(self) -> bool:
        """Say whether it was closed or aborted."""
        return self.is_closed or self.is_aborted
