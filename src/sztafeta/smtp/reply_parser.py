"""Reads replies: octets in, one complete reply after the other out (RFC 5321 §4.2, RFC 2034 §4).

Tolerant where the world is careless: bare LF, no text after the code, anything in the text. The text is kept
as printable ASCII, other octets as `\\xNN`, and cut, because it ends up in histories and on pages. Strict
where tolerance would be a guess: a line without a code, or a reply whose lines disagree about it, is a fault,
and a fault is temporary. Memory is bounded whatever comes.
"""

from __future__ import annotations

import re
from typing import Final

from sztafeta.smtp.reply import EnhancedStatus, Reply

MAX_LINE: Final = 10_000
"""Octets of a line that we look at; what follows is skipped to the line's end."""
MAX_CONTINUATIONS: Final = 100
"""Lines of a reply before its last one."""
MAX_TEXT: Final = 512
"""Characters of text that are kept of a line, and of a whole reply that is not for EHLO."""

MAX_KNOWN: Final = 16
"""Lines that are remembered with their replies: a server says most things again and again."""

# Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
_LINE = re.compile(rb"([1-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
# status-code = class "." subject "." detail (RFC 3463 §2)
_STATUS = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?: |$)")
_UNPRINTABLE = re.compile(r"[^ -~]")


class ReplyFault(Exception):
    """What came is not a reply; the session cannot go on."""


class ReplyParser:
    """Unread octets, and the lines of a reply that is not complete yet."""

    __slots__ = ("_code", "_data", "_is_skipping", "_known", "_lines", "_position")

    def __init__(self) -> None:
        self._data = b""
        self._position = 0
        self._is_skipping = False
        self._code = 0
        self._lines: list[str] = []
        self._known: dict[bytes, Reply] = {}

    @property
    def has_unread(self) -> bool:
        """Say whether anything came that was not taken as a reply."""
        return self._position < len(self._data) or bool(self._lines) or self._is_skipping

    def feed(self, data: bytes) -> None:
        """Add octets from the wire; call `take()` next."""
        if self._is_skipping:
            end = data.find(b"\n")
            if end < 0:
                return
            data, self._is_skipping = data[end:], False
        if self._position < len(self._data):
            data = self._data[self._position :] + data
        self._data, self._position = data, 0

    def take(self) -> Reply | None:
        """Give the next complete reply, or None when more must be read.

        Raises:
            ReplyFault: the octets are no reply.
        """
        while (line := self._take_line()) is not None:
            known = None if self._lines else self._known.get(line)
            reply = known or (self._read(line) if self._lines else self._read_first(line))
            if reply is not None:
                return reply
        return None

    def _read_first(self, line: bytes) -> Reply | None:
        """Read the first line of a reply, which mostly is the only one."""
        reply = self._read(line)
        if reply is not None and len(self._known) < MAX_KNOWN:
            self._known[line] = reply
        return reply

    def _read(self, line: bytes) -> Reply | None:
        """Read a line; give the reply that it ends."""
        match = _LINE.fullmatch(line)
        if match is None:
            raise ReplyFault(f"not a reply: {_escaped(line[:MAX_TEXT])[:MAX_TEXT]}")
        digits, separator, text = match.groups(b"")
        code = int(digits)
        if self._lines and code != self._code:
            raise ReplyFault(f"a reply of two codes: {self._code} and {code}")
        self._code = code
        self._lines.append(_escaped(text[:MAX_TEXT])[:MAX_TEXT])
        if separator != b"-":
            return self._finish()
        if len(self._lines) > MAX_CONTINUATIONS:
            raise ReplyFault(f"a reply of more than {MAX_CONTINUATIONS} continuation lines")
        return None

    def _take_line(self) -> bytes | None:
        end = self._data.find(b"\n", self._position)
        if end < 0:
            if len(self._data) - self._position > MAX_LINE:
                self._cut()
            return None
        line = self._data[self._position : end]
        self._position = end + 1
        return line.removesuffix(b"\r")  # RFC 5321 §4.2 says CRLF; some say LF

    def _cut(self) -> None:
        """Keep the beginning of an endless line; `feed()` skips to its end."""
        self._data = self._data[self._position : self._position + MAX_TEXT + 4]
        self._position, self._is_skipping = 0, True

    def _finish(self) -> Reply:
        """Make the reply of the lines that were read."""
        texts, self._lines = self._lines, []
        # A status of another class than the reply's says nothing (RFC 3463 §3.1).
        klass = str(self._code // 100)
        status, lines = None, []
        for text in texts:
            match = _STATUS.match(text)
            if match is None or match[1] != klass:
                lines.append(text)
            else:
                status = status or match
                lines.append(text[match.end() :])
        return Reply(self._code, _status(status), tuple(lines))


def _status(match: re.Match[str] | None) -> EnhancedStatus | None:
    return None if match is None else EnhancedStatus(int(match[1]), int(match[2]), int(match[3]))


def _escaped(octets: bytes) -> str:
    """Write octets as printable ASCII."""
    text = octets.decode("latin-1")
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda char: f"\\x{ord(char[0]):02x}", text)


def shortened(reply: Reply) -> Reply:
    """Cut the text of a long reply, for histories; the code and the status stay."""
    if sum(map(len, reply.lines)) <= MAX_TEXT:
        return reply
    room, lines = MAX_TEXT, []
    for line in reply.lines:
        lines.append(line[:room])
        room -= len(line)
        if room <= 0:
            break
    return Reply(reply.code, reply.status, tuple(lines))
