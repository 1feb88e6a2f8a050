"""What a client hears in a dialogue: the step it stands at, the reply or the trouble, and the transcript.

These are the words in which the sans-IO client reports to the owner of the wire. What an answer *means* is
judged elsewhere (`delivery/verdict.py`); here it is only told apart and kept.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from sztafeta.smtp.reply import Reply
from sztafeta.value import value

MAX_TRANSCRIPT: Final = 8000
"""Characters kept of a dialogue: its beginning and its end."""


class Step(Enum):
    """Which command's reply is awaited; each has a timeout of its own (RFC 5321 §4.5.3.2)."""

    __hash__ = object.__hash__  # there is one of each: Enum's own hashes the name each time

    BANNER = "banner"
    EHLO = "ehlo"
    TLS = "tls"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


class TroubleKind(Enum):
    """How a dialogue fails without a usable reply."""

    CLOSED = "closed"
    TIMEOUT = "timeout"
    TLS = "tls"
    PROTOCOL = "protocol"
    SIZE = "size"
    NEEDS_SMTPUTF8 = "needs-smtputf8"
    NEEDS_8BITMIME = "needs-8bitmime"


@value(frozen=True, slots=True)
class Trouble:
    """A failure that is not a reply."""

    kind: TroubleKind
    text: str
    """One line for the history, printable ASCII."""


@value(frozen=True, slots=True)
class Heard:
    """The other side's last word, and the step it came at."""

    step: Step
    said: Reply | Trouble


class Transcript:
    """The dialogue in the notation of tests/transcripts, without the content.

    Keeps what was said and heard as it is and writes it out only when somebody asks, because most dialogues
    go well and nobody does.
    """

    __slots__ = ("_opening", "entries")

    def __init__(self) -> None:
        self.entries: list[bytes | Reply | str] = []
        """Commands as octets, replies, and notes as text."""
        self._opening: tuple[bytes | Reply | str, ...] = ()

    def restart(self, note: str) -> None:
        """Begin a mail transaction: keep the opening of the session, forget the transaction before."""
        if not self._opening:
            self._opening = tuple(self.entries)
        self.entries = [*self._opening, f"# {note}"] if note else list(self._opening)

    def __str__(self) -> str:
        text = "".join(_written(entry) for entry in self.entries)
        if len(text) <= MAX_TRANSCRIPT:
            return text
        half = MAX_TRANSCRIPT // 2
        head, tail = text[:half].rpartition("\n")[0], text[-half:].partition("\n")[2]
        return f"{head}\n# … {len(text) - len(head) - len(tail)} characters left out …\n{tail}"


def _written(entry: bytes | Reply | str) -> str:
    if isinstance(entry, str):
        return f"{entry}\n"
    if isinstance(entry, bytes):
        commands = entry.decode("utf-8", "backslashreplace").removesuffix("\r\n").split("\r\n")
        return "".join(f"C: {command}\n" for command in commands)
    status = "" if entry.status is None else f"{entry.status} "
    *others, last = entry.lines or ("",)
    lines = [f"S: {entry.code}-{status}{line}\n" for line in others]
    return "".join([*lines, f"S: {entry.code} {status}{last}\n"])
