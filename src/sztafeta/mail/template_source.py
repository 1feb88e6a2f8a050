"""The source of a template: what its author wrote, apart from the program that renders it."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from sztafeta.value import value

_WRITTEN: Final = ("subject", "html", "mjml", "text")


class MissingRule(Enum):
    """What happens when a call lacks a variable that the template names."""

    REFUSE = "refuse"
    BLANK = "blank"


@value(frozen=True, slots=True, kw_only=True)
class TemplateSource:
    """What an author wrote; `html` or `mjml` or neither, never both."""

    subject: str = ""
    html: str = ""
    mjml: str = ""
    text: str = ""
    """Empty: made from the HTML."""


@value(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A template with a recipient's values in it; an empty part is not there."""

    subject: str
    html: str = ""
    text: str = ""


class TemplateFault(Exception):
    """A template cannot be read or rendered; the message says why."""

    def __init__(
        self,
        text: str,
        *,
        part: str,
        line: int | None = None,
        column: int | None = None,
        missing: tuple[str, ...] = (),
        index: int = 0,
    ) -> None:
        super().__init__(text)
        self.part = part
        """`subject`, `html`, `mjml` or `text`."""
        self.line = line
        self.column = column
        self.missing = missing
        """Variables that the call lacks."""
        self.index = index
        """Which of several values it went wrong with."""


def first_named(name: str, source: TemplateSource) -> tuple[str, int]:
    """Find the part and the line (from 1) where a variable is first named inside a tag; "" and 0: nowhere."""
    spelled = re.compile(rf"\{{[{{%][^}}]{{0,500}}?(?<![\w.]){re.escape(name)}(?!\w)")
    for part in _WRITTEN:
        text = getattr(source, part)
        if found := spelled.search(text):
            return part, text.count("\n", 0, found.end()) + 1
    return "", 0
