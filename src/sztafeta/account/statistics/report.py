"""A report: the counts of a period, laid out in slots of a person's own time."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cached_property
from zoneinfo import ZoneInfo

from sztafeta.account.statistics.counts import Place, Step, What, hour_of
from sztafeta.account.statistics.flow import PARTS, Flow
from sztafeta.account.statistics.waits import Percentile, bucket_of, percentiles
from sztafeta.delivery.provider import Provider

SHARES = (0.5, 0.95, 0.99)
LEAST_MAIL = 20
"""Recipients below which a rate says little: it is shown, and called so."""


class Period(Enum):
    """How far back one looks; the values stand in addresses."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"

    @property
    def step(self) -> Step:
        """Which counts it is read from."""
        return _SLOTS[self][0]


_SLOTS = {
    Period.DAY: (Step.HOUR, 24, timedelta(hours=1)),
    Period.WEEK: (Step.QUARTER, 28, timedelta(hours=6)),
    Period.MONTH: (Step.DAY, 30, timedelta(days=1)),
    Period.QUARTER: (Step.DAY, 90, timedelta(days=1)),
}
"""Of which kind, how many, and how long each is on the clock on the wall."""


def slots_of(period: Period, now: datetime, zone: ZoneInfo) -> Sequence[datetime]:
    """Give where the period's slots begin; the last one holds `now`.

    Steps of the clock are steps of the wall: a day in spring has 23 hours, and still one slot.
    """
    _, count, length = _SLOTS[period]
    if period is Period.DAY:
        newest = hour_of(now.astimezone(UTC))
        return [newest - length * back for back in reversed(range(count))]
    hours = length // timedelta(hours=1)
    local = now.astimezone(zone)
    last = local.replace(
        hour=local.hour // hours * hours, minute=0, second=0, microsecond=0, tzinfo=None
    )
    starts = [last - length * back for back in reversed(range(count))]
    return [start.replace(tzinfo=zone).astimezone(UTC) for start in starts]


Cell = tuple[int, Provider, What, str]
"""Slot, provider, what, detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounces:
    """Recipients that failed for one reason."""

    what: What
    detail: str
    number: int
    provider: Provider
    """Where most of them were."""
    share: float
    """How many of them were there."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The counts of a period."""

    starts: Sequence[datetime]
    """Where each slot begins."""
    now: datetime
    counted_until: datetime
    """What happened later is not in the counts yet."""
    cells: Mapping[Cell, int] = field(default_factory=dict)

    def flow(self, *, slot: int | None = None, provider: Provider | None = None) -> Flow:
        """Give the flow of a slot or of all, of a provider or of all."""
        return self._flows.get((slot, provider), Flow())

    @cached_property
    def _flows(self) -> Mapping[tuple[int | None, Provider | None], Flow]:
        flows: dict[tuple[int | None, Provider | None], Flow] = {}
        for (slot, provider, what, _), number in self.cells.items():
            if what not in PARTS:
                continue
            for key in ((slot, provider), (slot, None), (None, provider), (None, None)):
                flows.setdefault(key, Flow()).add(what, number)
        return flows

    @cached_property
    def providers(self) -> Sequence[Provider]:
        """Those that got mail, the busiest first; what is left over comes last."""
        busy = [one for one in Provider if self.flow(provider=one).accepted > 0]
        return sorted(
            busy, key=lambda one: (one is Provider.OTHER, -self.flow(provider=one).accepted)
        )

    @cached_property
    def bounced(self) -> Sequence[Mapping[str, int]]:
        """Count bounces by their class, a mapping a slot."""
        found: list[Counter[str]] = [Counter() for _ in self.starts]
        for (slot, _, what, detail), number in self.cells.items():
            if what is What.BOUNCED:
                found[slot][detail] += number
        return found

    def causes(self) -> Sequence[Bounces]:
        """Group all that went wrong by its cause, the greatest first."""
        found: dict[tuple[What, str], Counter[Provider]] = {}
        for (_, provider, what, detail), number in self.cells.items():
            if what in (What.BOUNCED, What.EXPIRED, What.DEFERRED):
                found.setdefault((what, detail), Counter())[provider] += number
        causes = []
        for (what, detail), providers in found.items():
            total = providers.total()
            provider, most = providers.most_common(1)[0]
            if total > 0:
                causes.append(
                    Bounces(
                        what=what,
                        detail=detail,
                        number=total,
                        provider=provider,
                        share=most / total,
                    )
                )
        return sorted(causes, key=lambda one: -one.number)

    def waits(self, provider: Provider) -> Sequence[Percentile]:
        """Give the median, the 95th and the 99th percentile of the time to acceptance."""
        waiting: Counter[int] = Counter()
        for slot, start in enumerate(self.starts):
            under_way = self.flow(slot=slot, provider=provider).unfinished
            if under_way:
                waiting[bucket_of(self._age(slot, start))] += under_way
        return percentiles(SHARES, delivered=self._waited[provider], waiting=waiting)

    @cached_property
    def _waited(self) -> Mapping[Provider, Mapping[int, int]]:
        """Add up how long mail took, by bucket."""
        found: dict[Provider, Counter[int]] = {one: Counter() for one in Provider}
        for (_, provider, what, detail), number in self.cells.items():
            if what is What.WAITED:
                found[provider][int(detail)] += number
        return found

    def _age(self, slot: int, start: datetime) -> timedelta:
        """Say how long mail of a slot has waited at least."""
        is_last = slot + 1 == len(self.starts)
        return timedelta(0) if is_last else self.now - self.starts[slot + 1]


def laid_out(
    places: Iterable[tuple[Place, int]], starts: Sequence[datetime], step: Step
) -> Mapping[Cell, int]:
    """Put counts into the slots that they fall into; what is before the first is left out."""
    cells: Counter[Cell] = Counter()
    for place, number in places:
        slot = bisect_right(starts, place.at) - 1
        if slot >= 0 and place.step is step:
            cells[slot, place.provider, place.what, place.detail] += number
    return cells
