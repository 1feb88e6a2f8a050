"""Tallies: how often something was tried, counted for all nodes together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often, since when."""

    count: int
    since: datetime
    last_at: datetime


class TallyStore(Protocol):
    """Counts of a kind, each about a subject: an address, a telephone number, an account."""

    async def count(self, kind: str, subject: str, *, within: timedelta, now: datetime) -> Tally:
        """Count one more; a tally that began longer ago than `within` begins anew."""

    async def tally(self, kind: str, subject: str) -> Tally | None:
        """Say how it stands."""

    async def forget_tally(self, kind: str, subject: str) -> None:
        """Begin anew."""

    async def forget_tallies(self, *, before: datetime) -> int:
        """Forget those that nobody counted since."""
