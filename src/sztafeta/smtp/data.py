"""The content of a message on the wire: dots, chunks, line ends and sizes.

`DotReader` takes what follows DATA, `ChunkReader` what follows BDAT; both work on any split of the octets and
keep at most four of them back. The only end of data is CRLF.CRLF: a bare CR or LF never ends anything, it
spoils the whole message, so that no two servers can disagree about where it ends. `ContentRules` notes what
is wrong and goes on counting: the same octets give the same fault however they were split.
"""

from __future__ import annotations

from typing import Final

from sztafeta.smtp.reply import Reply
from sztafeta.smtp.server_replies import BARE_LINE_END_550, TEXT_LINE_TOO_LONG_550, too_big_552

END_OF_DATA: Final = b"\r\n.\r\n"
"""RFC 5321 §4.1.1.4; the first CRLF may be the one that ended the DATA command."""
MAX_TEXT_LINE: Final = 2048
"""Octets without CRLF that we take; RFC 5321 §4.5.3.1.6 demands 998."""

_STUFFED: Final = b"\r\n."
_BEGINNINGS: Final = tuple(END_OF_DATA[:length] for length in range(4, 0, -1))


class ContentRules:
    """Counts octets and lines of one message, and notes what makes it unacceptable."""

    __slots__ = ("_has_bare_line_end", "_has_long_line", "_line", "_max_size", "size")

    def __init__(self, max_size: int) -> None:
        self.size = 0
        """Octets so far, after dot-unstuffing."""
        self._max_size = max_size
        self._line = 0
        self._has_bare_line_end = False
        self._has_long_line = False

    def add(self, piece: bytes) -> None:
        """Look at the next octets; a CRLF is never torn between two pieces."""
        size = len(piece)
        self.size += size
        if self._has_bare_line_end:
            return  # nothing worse can come
        text = piece.replace(b"\r\n", b"")
        if b"\n" in text or b"\r" in text:  # RFC 5321 §2.3.8: they appear only together
            self._has_bare_line_end = True
        elif len(text) == size and self._line + size <= MAX_TEXT_LINE:
            self._line += size
        elif not self._has_long_line:
            self._measure_lines(piece)

    def _measure_lines(self, piece: bytes) -> None:
        """Leap from line end to line end, each time over as many lines as fit into the limit."""
        start, end = -self._line, len(piece)
        while end - start > MAX_TEXT_LINE:
            last = piece.rfind(b"\n", max(start, 0), start + MAX_TEXT_LINE + 2)
            if last < 0:
                self._has_long_line = True  # RFC 5321 §4.5.3.1.6
                return
            start = last + 1
        last = piece.rfind(b"\n")
        self._line = end - start if last < 0 else end - last - 1

    @property
    def fault(self) -> Reply | None:
        """The reply that a message with these octets deserves, or None."""
        if self._has_bare_line_end:
            return BARE_LINE_END_550
        if self.size > self._max_size:
            return too_big_552(self._max_size)  # RFC 1870 §6.2
        if self._has_long_line:
            return TEXT_LINE_TOO_LONG_550
        return None


class DotReader:
    """Reads the content after DATA up to CRLF.CRLF and removes the dots (RFC 5321 §4.5.2)."""

    __slots__ = ("_has_lead", "_held", "_is_fresh", "is_over", "rules")

    def __init__(self, max_size: int) -> None:
        self.rules = ContentRules(max_size)
        self.is_over = False
        """The true end was seen."""
        # The CRLF of the DATA command opens the first line: with it in front, a first line that is a
        # lone dot ends an empty message, and no line is special. The first piece loses it again.
        self._held = b"\r\n"
        self._has_lead = True
        self._is_fresh = True

    def read(self, data: bytes, start: int) -> tuple[bytes, int]:
        """Take octets from `start` on; give the next content and the position after what was taken.

        Content that cannot be accepted any more is not given, only counted.
        """
        if start == len(data):
            return b"", start
        whole = self._read_whole(data, start) if self._is_fresh else None
        self._is_fresh = False
        piece, position = whole or self._read_part(data, start)
        self.rules.add(piece)
        return (piece if self.rules.fault is None else b""), position

    def _read_whole(self, data: bytes, start: int) -> tuple[bytes, int] | None:
        """Take a complete message without a leading dot anywhere: what most messages are."""
        dot = data.find(_STUFFED, start)
        if dot < 0 or not data.startswith(END_OF_DATA, dot) or data.startswith(b".", start):
            return None
        self.is_over = True
        return data[start : dot + 2], dot + len(END_OF_DATA)

    def _read_part(self, data: bytes, start: int) -> tuple[bytes, int]:
        """Take what there is, and keep back what may be the beginning of the end."""
        pending = self._held + data[start:] if start else self._held + data
        end = pending.find(END_OF_DATA)
        if end >= 0:
            self.is_over = True
            surplus = len(pending) - end - len(END_OF_DATA)
            return self._unstuff(pending[: end + 2]), len(data) - surplus
        kept = next((len(some) for some in _BEGINNINGS if pending.endswith(some)), 0)
        self._held = pending[len(pending) - kept :]
        return self._unstuff(pending[: len(pending) - kept]), len(data)

    def _unstuff(self, piece: bytes) -> bytes:
        # RFC 5321 §4.5.2: the first dot of a line is not part of it. A CRLF and its dot are always in
        # one piece, because a CRLF at the end is kept back.
        piece = piece.replace(_STUFFED, b"\r\n")
        if self._has_lead and piece:
            self._has_lead = False
            return piece[2:]
        return piece


class ChunkReader:
    """Reads the chunks that BDAT announces (RFC 3030 §2): octets are counted, dots mean nothing."""

    __slots__ = ("_held", "_is_last", "_left", "is_over", "rules")

    def __init__(self, max_size: int) -> None:
        self.rules = ContentRules(max_size)
        self.is_over = False
        """The present chunk was read to its end."""
        self._held = b""
        self._left = 0
        self._is_last = False

    def begin(self, size: int, *, is_last: bool) -> None:
        """Expect a chunk of `size` octets."""
        self._left, self._is_last = size, is_last
        self.is_over = False

    def read(self, data: bytes, start: int) -> tuple[bytes, int]:
        """Take octets from `start` on; give the next content and the position after what was taken."""
        position = min(start + self._left, len(data))
        self._left -= position - start
        self.is_over = self._left == 0
        piece = self._held + data[start:position]
        # A CRLF may be torn between two chunks, but not at the end of the message.
        torn = piece.endswith(b"\r") and not (self.is_over and self._is_last)
        self._held = b"\r" if torn else b""
        if torn:
            piece = piece[:-1]
        self.rules.add(piece)
        return (piece if self.rules.fault is None else b""), position


def stuff_dots(content: bytes) -> bytes:
    """Write content as it follows DATA, with the final dot (RFC 5321 §4.5.2).

    Content that does not end with CRLF gets one, because only a whole line can precede the final dot.
    """
    lead = b"." if content.startswith(b".") else b""
    tail = b".\r\n" if not content or content.endswith(b"\r\n") else END_OF_DATA
    return lead + content.replace(_STUFFED, b"\r\n..") + tail
