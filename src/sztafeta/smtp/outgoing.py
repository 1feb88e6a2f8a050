"""Content on its way out: canonical line ends, dots, and the end (RFC 5321 §4.5.2, §2.3.8).

The last wall against smuggling: whatever the content holds, the wire carries no CR without LF, no LF without
CR, and no line of ours that a lenient receiver could take for the end, not even one that drops NULs. Small
content becomes one piece of octets, big content a stream of blocks; both give the same octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Protocol


class Octets(Protocol):
    """A message's header and body (`service.ports.Content` is one)."""

    @property
    def size(self) -> int:
        """Octets."""

    def blocks(self) -> Iterator[bytes]:
        """Give the octets in order."""


class ContentTorn(Exception):
    """The content has fewer or more octets than it said: it must not be sent short."""


NUL: Final = b"\x00"
# A receiver that drops NULs would read these lines as lone dots. Another dot in front is taken away again by
# every receiver, because a line that begins with a dot loses it (RFC 5321 §4.5.2).
_NULS_AND_DOT = re.compile(rb"\r\n(\x00+\.)")
_LEAD = re.compile(rb"\x00*\.")
_ANY_LINE_END = re.compile(rb"\r\n|\r|\n")
END_OF_DATA: Final = b".\r\n"
"""RFC 5321 §4.1.1.4, after the CRLF of the last line."""


def canonical(content: bytes) -> bytes:
    """Turn every bare CR or LF into CRLF (RFC 5321 §2.3.8); accepted content has none."""
    pairs = content.count(b"\r\n")
    if content.count(b"\n") == pairs and content.count(b"\r") == pairs:
        return content
    return _ANY_LINE_END.sub(b"\r\n", content)


def stuffed(content: bytes) -> bytes:
    """Write whole content as it follows DATA, with the final dot (RFC 5321 §4.5.2).

    Content that does not end with CRLF gets one, because only a whole line can precede the final dot.
    """
    content = canonical(content)
    end = b"" if not content or content.endswith(b"\r\n") else b"\r\n"
    return b"".join((_lead(content), _with_dots(content), end, END_OF_DATA))


def stuffed_blocks(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Do what `stuffed` does, block by block."""
    is_line_start, held = True, b""
    for block in blocks:
        piece, held = _split_open_end(held + block if held else block, is_line_start)
        if piece:
            lead = _lead(piece) if is_line_start else b""
            is_line_start = piece.endswith(b"\r\n")
            yield lead + _with_dots(piece)
    if held:
        yield canonical(held)
        is_line_start = held == b"\r"
    yield END_OF_DATA if is_line_start else b"\r\n" + END_OF_DATA


def _split_open_end(piece: bytes, is_line_start: bool) -> tuple[bytes, bytes]:
    """Make a piece canonical, and hold back an end whose meaning depends on what follows.

    That is a CR, which may be half of a CRLF, and NULs at the start of a line, which may precede a dot.
    """
    if piece.endswith(b"\r"):
        return canonical(piece[:-1]), b"\r"
    piece = canonical(piece)
    if not piece.endswith(NUL):
        return piece, b""
    before = piece.rstrip(NUL)
    opens_line = before.endswith(b"\r\n") if before else is_line_start
    return (before, piece[len(before) :]) if opens_line else (piece, b"")


def _lead(piece: bytes) -> bytes:
    """Give the dot for a piece that begins a line."""
    return b"." if piece[:1] in (b".", NUL) and _LEAD.match(piece) else b""


def _with_dots(piece: bytes) -> bytes:
    """Double the leading dots of all lines but the first."""
    piece = piece.replace(b"\r\n.", b"\r\n..")
    return _NULS_AND_DOT.sub(rb"\r\n.\1", piece) if NUL in piece else piece


def counted(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Pass blocks on, and fail before the end when they are not of the size that was said.

    Raises:
        ContentTorn: nothing may be sent as complete.
    """
    left = size
    for block in blocks:
        left -= len(block)
        if left < 0:
            break
        yield block
    if left:
        raise ContentTorn(
            f"the content is {abs(left)} octets too {'short' if left > 0 else 'long'}"
        )


def is_ascii(blocks: Iterable[bytes]) -> bool:
    """Say whether a receiver without 8BITMIME could take the content (RFC 6152 §3)."""
    return all(block.isascii() for block in blocks)


def is_canonical(blocks: Iterable[bytes]) -> bool:
    """Say whether the content has no bare CR or LF, so that it can be sent without looking at it."""
    held = b""
    for block in blocks:
        piece = held + block
        held = b"\r" if piece.endswith(b"\r") else b""
        piece = piece[:-1] if held else piece
        if canonical(piece) is not piece:
            return False
    return not held


def has_ascii_header(blocks: Iterable[bytes]) -> bool:
    """Say whether the header section is ASCII, so that no SMTPUTF8 is needed for it (RFC 6532 §3)."""
    tail = b""
    for block in blocks:
        piece = tail + block
        end = piece.find(b"\r\n\r\n")
        if end >= 0:
            return piece[:end].isascii()
        if not block.isascii():
            return False
        tail = piece[-3:]
    return True
