"""What is usual: today so far against the same weekday of the weeks before, and the month's likely end."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

WEEKS = 4
"""Weeks that say what is usual."""
LEAST_SPREAD = 0.05
"""The least doubt about what is still to come, as a share of it."""


def usual(weeks_before: Sequence[float]) -> float | None:
    """Say what is usual of the same hours, a number a week; None: nothing was sent then."""
    sent = [one for one in weeks_before if one > 0]
    return median(sent) if sent else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A calendar month's use, and where it is likely to end."""

    first: date
    used: int
    free: int
    least: int
    most: int
    """The range of the projection; both are `used` when nothing is known."""

    @property
    def share(self) -> float:
        """The part of what is free that is used; may be over 1."""
        return self.used / self.free if self.free else 0.0


def month(used_by_day: Mapping[date, int], *, today: date, day_share: float, free: int) -> Month:
    """Add a month up and project it by the pattern of weekdays.

    `used_by_day` reaches four weeks back; `day_share` is the part of today that is over.
    """
    first = today.replace(day=1)
    used = sum(count for day, count in used_by_day.items() if first <= day <= today)
    least = most = float(used)
    for day, part in _still_to_come(today, day_share):
        low, high = _likely(used_by_day, day, today)
        least, most = least + low * part, most + high * part
    return Month(first=first, used=used, free=free, least=round(least), most=round(most))


def _still_to_come(today: date, day_share: float) -> list[tuple[date, float]]:
    last = today.replace(day=monthrange(today.year, today.month)[1])
    coming = [today + timedelta(days=number) for number in range(1, (last - today).days + 1)]
    return [(today, 1.0 - day_share), *((day, 1.0) for day in coming)]


def _likely(used_by_day: Mapping[date, int], day: date, today: date) -> tuple[float, float]:
    """Say between what a day will lie: as the same weekdays before it did."""
    known = [
        used_by_day.get(before, 0)
        for weeks in range(1, 2 * WEEKS)
        if (before := day - timedelta(weeks=weeks)) < today
    ][:WEEKS]
    if not any(known):
        return 0.0, 0.0
    middle = median(known)
    return (
        min(min(known), middle * (1 - LEAST_SPREAD)),
        max(max(known), middle * (1 + LEAST_SPREAD)),
    )
