"""TXT records, asked afresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TextAnswer:
    """What DNS says to a question for TXT."""

    texts: tuple[str, ...] = ()
    """One a record, its strings put together."""
    alias: str = ""
    """Where a CNAME at the name leads."""
    has_answered: bool = True


class TextLookUp(Protocol):
    """Asks for TXT records."""

    async def texts(self, name: str) -> TextAnswer:
        """Look a name up; never raises for what DNS says."""
