"""Replies: what an SMTP server says (RFC 5321 §4.2, RFC 3463).

Code, enhanced status and text travel as three fields and are glued together only on the wire.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import Final

from sztafeta.value import value


@value(frozen=True, slots=True)
class EnhancedStatus:
    """class.subject.detail (RFC 3463 §2)."""

    klass: int
    subject: int
    detail: int

    def __str__(self) -> str:
        return f"{self.klass}.{self.subject}.{self.detail}"


@value(frozen=True, slots=True)
class Reply:
    """One complete reply, of one line or several."""

    code: int
    status: EnhancedStatus | None
    """None where the RFC gives none: banner, EHLO, 354, 334 (RFC 2034 §3)."""
    lines: tuple[str, ...]
    _octets: bytes = field(default=b"", init=False, repr=False, compare=False)

    @property
    def octets(self) -> bytes:
        """The reply on the wire; most replies are constants and are written once."""
        if not self._octets:
            object.__setattr__(self, "_octets", encode_reply(self))
        return self._octets

    @property
    def text(self) -> str:
        """The lines as one, for people."""
        return " ".join(self.lines)

    @property
    def is_positive(self) -> bool:
        """2yz: the action is done (RFC 5321 §4.2.1)."""
        return 200 <= self.code < 300

    @property
    def is_transient(self) -> bool:
        """4yz: try again later (RFC 5321 §4.2.1)."""
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        """5yz: do not try again unchanged (RFC 5321 §4.2.1)."""
        return 500 <= self.code < 600


def reply(code: int, status: str | None, *lines: str) -> Reply:
    """Make a reply from the short form: `reply(250, "2.0.0", "Ok")`.

    Raises:
        ValueError: the enhanced status is not of the reply's class (RFC 3463 §3.1).
    """
    if status is None:
        return Reply(code, None, lines)
    klass, subject, detail = (int(part) for part in status.split("."))
    if klass != code // 100:
        raise ValueError(f"status {status} does not go with reply code {code}")
    return Reply(code, EnhancedStatus(klass, subject, detail), lines)


MAX_TEXT: Final = 490
"""Characters of a line's text, so that the line has at most 512 octets (RFC 5321 §4.5.3.1.5)."""
_UNPRINTABLE = re.compile(r"[^ -~]")


def encode_reply(reply: Reply) -> bytes:
    """Write a reply for the wire: code and enhanced status on each line (RFC 5321 §4.2.1, RFC 2034 §4).

    The text is ASCII without controls, whatever was put into it: another character becomes `?`.
    """
    status = reply.status
    mark = "" if status is None else f"{status.klass}.{status.subject}.{status.detail} "
    lines = reply.lines
    end = f"{reply.code} {mark}{_printable(lines[-1]) if lines else ''}\r\n"
    if len(lines) > 1:
        end = "".join(f"{reply.code}-{mark}{_printable(text)}\r\n" for text in lines[:-1]) + end
    return end.encode("ascii")


def _printable(text: str) -> str:
    if len(text) <= MAX_TEXT and text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub("?", text)[:MAX_TEXT]
