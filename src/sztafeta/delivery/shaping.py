"""Shaping: how many connections a site may get, and when it is left alone.

Trouble halves what a site is given and, when nothing gets through any more, closes it but for one probe an
interval; success gives back one connection at a time (R-50, R-57). The state is small and changed in place,
because every transaction passes here; the clock is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sztafeta.delivery.verdict import Outcome, Scope, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLimits:
    """What one site may be asked to bear."""

    connections: int = 20
    transactions_per_connection: int = 100
    idle: timedelta = timedelta(seconds=60)
    first_backoff: timedelta = timedelta(minutes=1)
    longest_backoff: timedelta = timedelta(minutes=15)
    troubles_in_a_row: int = 5
    """So many troubles without a success between them, and the site is closed but for a probe."""
    unknown_outcomes: int = 3
    """So many silent endings in a row, and the longest backoff follows at once (R-41)."""


@dataclass(slots=True)
class SiteState:
    """What we learned about a site."""

    limits: SiteLimits
    granted: float = 0.0
    """Connections it is given now."""
    troubles: int = 0
    """In a row."""
    unknowns: int = 0
    """Outcomes unknown, in a row."""
    backoffs: int = 0
    """Times it was closed in a row."""
    retry_at: datetime | None = None
    """While set and in the future, only a probe at that time."""

    def __post_init__(self) -> None:
        self.granted = float(self.limits.connections)

    def allowance(self, now: datetime) -> int:
        """Give how many connections the site may have now; 1 is a probe, 0 is none."""
        if self.retry_at is None:
            return int(self.granted)
        return 1 if now >= self.retry_at else 0

    def learn(self, verdict: Verdict, now: datetime) -> None:
        """Take in what one recipient's attempt showed about the site."""
        if verdict.site_trouble:
            self._trouble(verdict, now)
        elif verdict.outcome is Outcome.DELIVERED or self.retry_at is not None:
            self._success()

    def _trouble(self, verdict: Verdict, now: datetime) -> None:
        if self.retry_at is not None and now < self.retry_at:
            return  # told already: attempts that were under way say the same
        self.troubles += 1
        self.unknowns = self.unknowns + 1 if verdict.rule == "outcome-unknown" else 0
        nothing_left = self.granted <= 1 or self.troubles >= self.limits.troubles_in_a_row
        self.granted = max(1.0, self.granted / 2)
        if self.unknowns >= self.limits.unknown_outcomes:
            self.retry_at = now + self.limits.longest_backoff
        elif verdict.scope is Scope.SITE or nothing_left:
            self.backoffs += 1
            pause = self.limits.first_backoff * 2 ** min(self.backoffs - 1, 10)
            self.retry_at = now + min(pause, self.limits.longest_backoff)

    def _success(self) -> None:
        self.troubles = self.unknowns = self.backoffs = 0
        self.retry_at = None
        if self.granted < self.limits.connections:
            more = self.granted + 1 / max(self.granted, 1.0)
            self.granted = min(float(self.limits.connections), more)
