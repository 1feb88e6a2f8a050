"""Findings: what a check can find, and how much it matters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Severity(Enum):
    """How much a finding matters, the worst first."""

    ERROR = "error"
    """Readers will not get what was meant."""
    WARNING = "warning"
    """Some readers will not."""
    HINT = "hint"


class Check(Enum):
    """What is looked for; faces have a sentence and an advice for each."""

    PICTURE_WITHOUT_ALT = "picture-without-alt"
    LANGUAGE_MISSING = "language-missing"
    LOW_CONTRAST = "low-contrast"
    SCRIPT = "script"
    FORM = "form"
    FRAME = "frame"
    REMOTE_STYLE = "remote-style"
    CLIPPED = "clipped"
    NEARLY_CLIPPED = "nearly-clipped"
    READ_IN_PART = "read-in-part"
    PICTURE_AS_DATA = "picture-as-data"
    PICTURE_NOT_ABSOLUTE = "picture-not-absolute"
    PICTURE_PLAIN_HTTP = "picture-plain-http"
    TEXT_MISSING = "text-missing"
    LINK_EMPTY = "link-empty"
    LINK_BROKEN = "link-broken"
    LINK_NOT_ABSOLUTE = "link-not-absolute"
    LINK_PLAIN_HTTP = "link-plain-http"
    LINK_SCRIPT = "link-script"
    LINK_LOCAL = "link-local"
    LINK_TO_NUMBERS = "link-to-numbers"
    LINK_UNFILLED = "link-unfilled"
    LINK_SHOWS_ANOTHER = "link-shows-another"
    LINK_WITHOUT_WORDS = "link-without-words"


_ERRORS: Final = frozenset(
    {
        Check.SCRIPT,
        Check.CLIPPED,
        Check.PICTURE_NOT_ABSOLUTE,
        Check.LINK_EMPTY,
        Check.LINK_BROKEN,
        Check.LINK_NOT_ABSOLUTE,
        Check.LINK_SCRIPT,
        Check.LINK_LOCAL,
        Check.LINK_UNFILLED,
    }
)
_HINTS: Final = frozenset({Check.NEARLY_CLIPPED, Check.READ_IN_PART, Check.TEXT_MISSING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found."""

    check: Check
    line: int = 0
    """Of the HTML; 0: it is about all of it."""
    detail: str = ""
    """What it is about, as it stands there."""

    @property
    def severity(self) -> Severity:
        """Say how much it matters."""
        if self.check in _ERRORS:
            return Severity.ERROR
        return Severity.HINT if self.check in _HINTS else Severity.WARNING
