"""The octets that have come in, and the command lines among them (RFC 5321 §2.3.8, §4.5.3.1).

A line ends with CRLF and nothing else. A line that is too long, or holds a bare LF, is a fault and is skipped
to its CRLF in constant memory, so that nothing inside it can become a command.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

CARRIAGE_RETURN: Final = 13


class LineFault(Enum):
    """Why the next line is no line; `skip_line()` comes next."""

    TOO_LONG = "too long"
    BARE_LF = "a bare LF"


class LineBuffer:
    """Unread octets. `data` and `position` are for readers of content, which take more than lines."""

    __slots__ = ("_is_skipping", "data", "position")

    def __init__(self) -> None:
        self.data = b""
        self.position = 0
        self._is_skipping = False

    def __len__(self) -> int:
        return len(self.data) - self.position

    def feed(self, data: bytes) -> None:
        """Add octets from the wire."""
        if self.position == len(self.data):
            self.data = data
        else:
            self.data = self.data[self.position :] + data
        self.position = 0

    def clear(self) -> None:
        """Forget everything unread."""
        self.data = b""
        self.position = 0
        self._is_skipping = False

    def take_line(self, limit: int) -> bytes | LineFault | None:
        """Take the next line, without its CRLF; None when it is not complete.

        `limit` counts octets with the CRLF. A fault stays where it is: `skip_line()` leaves it behind, or a
        larger limit may take it after all.
        """
        if self._is_skipping:
            self.skip_line()
        start = self.position
        end = self.data.find(b"\n", start, start + limit)
        if end < 0:
            return LineFault.TOO_LONG if len(self.data) - start >= limit else None
        if end == start or self.data[end - 1] != CARRIAGE_RETURN:
            return LineFault.BARE_LF
        self.position = end + 1
        return self.data[start : end - 1]

    def skip_line(self) -> None:
        """Leave everything behind up to the next CRLF, now or when it comes."""
        end = self.data.find(b"\r\n", self.position)
        self._is_skipping = end < 0
        if end >= 0:
            self.position = end + 2
        elif self.data.endswith(b"\r"):
            self.position = max(self.position, len(self.data) - 1)
        else:
            self.position = len(self.data)

    def drop(self, count: int) -> int:
        """Forget at most `count` octets; say how many there were."""
        dropped = min(count, len(self))
        self.position += dropped
        return dropped

    def begins_with(self, word: bytes) -> bool:
        """Compare the next octets with `word`, given in upper case."""
        return self.data[self.position : self.position + len(word)].upper() == word
