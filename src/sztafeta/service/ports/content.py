"""Message content and where it lives: small in the message's row, big in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Content(Protocol):
    """A message's header and body, with CRLF line ends, immutable once accepted."""

    @property
    def size(self) -> int:
        """Octets."""

    def blocks(self) -> Iterator[bytes]:
        """Give the octets in order, in blocks of at most 64 KiB when they are on disk."""


class Spool(Protocol):
    """A body that grows on disk while it is being received."""

    def write(self, data: bytes) -> None:
        """Append octets."""

    def discard(self) -> None:
        """Forget the octets; harmless when called twice or after `keep`."""


class Bodies(Protocol):
    """Where message content lives: small in the message's row, big in a file of its own."""

    inline_limit: int
    """Octets up to which content stays in memory and in its row (64 KiB)."""

    def open_spool(self, message_id: int) -> Spool:
        """Begin a body that is over `inline_limit`."""

    async def keep(self, spool: Spool) -> Content:
        """Make a spooled body durable: fsync, rename, fsync of the folder."""

    def remove(self, message_id: int) -> None:
        """Delete a kept body whose message is surely not committed; harmless when there is none."""
