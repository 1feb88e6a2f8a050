"""The difference of two sources, part by part, as lines that stay, come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from sztafeta.mail.template_source import TemplateSource

CONTEXT: Final = 3
"""Lines that stay the same, shown around each change."""
MOST_LINES: Final = 4000
"""Of a part; longer ones are not compared."""
PARTS: Final = ("subject", "html", "mjml", "text")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference; without both numbers it is a gap."""

    before: int | None
    after: int | None
    text: str

    @property
    def kind(self) -> str:
        """Say what became of it."""
        if self.before is None:
            return "gap" if self.after is None else "added"
        return "removed" if self.after is None else "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDifference:
    """What differs in a part."""

    part: str
    lines: Sequence[Line]
    is_too_long: bool = False


async def compare(before: TemplateSource, after: TemplateSource) -> Sequence[PartDifference]:
    """Give what differs; nothing when they are the same."""
    return await asyncio.to_thread(_compare, before, after)


def _compare(before: TemplateSource, after: TemplateSource) -> Sequence[PartDifference]:
    return [
        _of_part(part, getattr(before, part), getattr(after, part))
        for part in PARTS
        if getattr(before, part) != getattr(after, part)
    ]


def _of_part(part: str, before: str, after: str) -> PartDifference:
    old, new = before.split("\n"), after.split("\n")
    if max(len(old), len(new)) > MOST_LINES:
        return PartDifference(part=part, lines=(), is_too_long=True)
    lines: list[Line] = []
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        if lines:
            lines.append(Line(None, None, ""))
        for tag, first, last, new_first, new_last in group:
            if tag == "equal":
                pairs = zip(range(first, last), range(new_first, new_last), strict=True)
                lines += [Line(one + 1, two + 1, old[one]) for one, two in pairs]
            else:
                lines += [Line(one + 1, None, old[one]) for one in range(first, last)]
                lines += [Line(None, two + 1, new[two]) for two in range(new_first, new_last)]
    return PartDifference(part=part, lines=lines)
