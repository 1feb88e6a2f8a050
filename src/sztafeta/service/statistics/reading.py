"""Statistics, read: a report of a period, today against what is usual, the month, the hours of an account.

What the counts do not hold yet is read from the events themselves, up to a bound: a test mail is seen at
once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.account.statistics.counts import Place, Step, What, counted, day_of, hour_of
from sztafeta.account.statistics.flow import FAILED
from sztafeta.account.statistics.report import Period, Report, laid_out, slots_of
from sztafeta.account.statistics.usual import WEEKS, Month, month, usual
from sztafeta.service.ports import AccountAdministration, Clock
from sztafeta.service.ports.statistics import (
    Accounts,
    Beginnings,
    Counted,
    RollingStore,
    StatisticsStore,
)

TAIL: Final = 1000
"""Events that are read beside the counts; more are told to be counted soon."""
HOURS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """A number of today beside what it usually is at this time of such a day."""

    today: int
    usual: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """Today so far."""

    accepted: Usual
    delivered: Usual
    failed: Usual
    deferred: Usual
    counted_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What an SMTP account sent hour by hour, and what it may."""

    account: SmtpAccount | None
    """None: there is none at all."""
    starts: Sequence[datetime]
    accepted: Sequence[int]
    limit: int
    """Recipients an hour; 0 is no limit."""


class Statistics:
    """Reads for one customer at a time; `accounts` are those that the reader may see."""

    def __init__(
        self,
        *,
        store: StatisticsStore,
        rolling: RollingStore,
        accounts: AccountAdministration,
        clock: Clock,
        zone: ZoneInfo,
        limit: int,
        free: int,
    ) -> None:
        """`limit` is of an account and an hour, `free` of a customer and a month; both in recipients."""
        self._store = store
        self._rolling = rolling
        self._accounts = accounts
        self._clock = clock
        self.zone = zone
        self._limit = limit
        self._free = free

    async def report(self, customer_id: int, period: Period, accounts: Accounts) -> Report:
        """Give the counts of a period."""
        now = self._clock.now()
        starts, step = slots_of(period, now, self.zone), period.step
        found = await self._store.counts(
            customer_id, step=step, first=starts[0], until=now, accounts=accounts
        )
        tail, until = await self._tail(customer_id, found, accounts)
        return Report(
            starts=starts,
            now=now,
            counted_until=until,
            cells=laid_out([*found.counts, *tail.items()], starts, step),
        )

    async def _tail(
        self, customer_id: int, found: Counted, accounts: Accounts
    ) -> tuple[Counter[Place], datetime]:
        """Count what came after; also say until when that is all."""
        page = await self._rolling.happenings(
            customer_id, after=found.mark, before=None, limit=TAIL
        )
        seen = [one for one in page.happenings if accounts is None or one.account_id in accounts]
        is_cut = page.is_full and page.happenings
        until = page.happenings[-1].at if is_cut else self._clock.now()
        return counted(seen, self.zone), until

    async def today(self, customer_id: int, accounts: Accounts) -> Today:
        """Compare today with the same hours of the same weekday."""
        now = self._clock.now()
        start = day_of(now, self.zone)
        found = await self._hours(customer_id, start, now, accounts)
        tail, until = await self._tail(customer_id, found, accounts)
        here = _totals([*found.counts, *tail.items()], start, now + timedelta(hours=1))
        before = [await self._week_before(customer_id, number, accounts) for number in _WEEKS]
        return Today(
            accepted=_compared(here, before, What.ACCEPTED),
            delivered=_compared(here, before, What.DELIVERED),
            failed=_compared(here, before, *FAILED),
            deferred=_compared(here, before, What.DEFERRED),
            counted_until=until,
        )

    async def _hours(
        self, customer_id: int, first: datetime, until: datetime, accounts: Accounts
    ) -> Counted:
        return await self._store.counts(
            customer_id, step=Step.HOUR, first=first, until=until, accounts=accounts
        )

    async def _week_before(
        self, customer_id: int, weeks: int, accounts: Accounts
    ) -> Mapping[What, float]:
        """Give the totals of the same weekday up to the same time on the wall."""
        then = self._clock.now().astimezone(self.zone) - timedelta(weeks=weeks)
        then = then.astimezone(UTC)
        start = day_of(then, self.zone)
        found = await self._hours(customer_id, start, then, accounts)
        return _totals(found.counts, start, then)

    async def month(self, customer_id: int, accounts: Accounts) -> Month:
        """Give the month so far, and where it is likely to end; months are those of UTC, as charged."""
        now = self._clock.now().astimezone(UTC)
        today = now.date()
        used = await self._store.used(
            customer_id, first=today - timedelta(days=70), last=today, accounts=accounts
        )
        passed = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) / timedelta(days=1)
        return month(used, today=today, day_share=passed, free=self._free)

    async def hours(self, customer_id: int, known: Sequence[SmtpAccount]) -> Hours:
        """Give the last day hour by hour of the busiest of these accounts."""
        now = self._clock.now()
        first = hour_of(now) - timedelta(hours=HOURS - 1)
        starts = [first + timedelta(hours=number) for number in range(HOURS)]
        accounts = [one.account_id for one in known]
        found = await self._store.accepted(customer_id, first=first, until=now, accounts=accounts)
        tail, _ = await self._tail(customer_id, found, accounts)
        by_account: dict[int, list[int]] = {one.account_id: [0] * HOURS for one in known}
        for place, number in [*found.counts, *tail.items()]:
            hour = (place.at - first) // timedelta(hours=1)
            is_told = place.step is Step.HOUR and place.what is What.ACCEPTED
            if is_told and 0 <= hour < HOURS:
                by_account[place.account_id][hour] += number
        busiest = max(known, key=lambda one: max(by_account[one.account_id]), default=None)
        return Hours(
            account=busiest,
            starts=starts,
            accepted=[0] * HOURS if busiest is None else by_account[busiest.account_id],
            limit=self._limit,
        )

    async def accounts(self, customer_name: str, accounts: Accounts) -> Sequence[SmtpAccount]:
        """Give the SMTP accounts that the reader may see."""
        known = await self._accounts.smtp_accounts(customer_name)
        return [one for one in known if accounts is None or one.account_id in accounts]

    async def beginnings(self, customer_id: int) -> Beginnings:
        """Say what the customer has done already."""
        return await self._store.beginnings(customer_id)

    async def is_checklist_dismissed(self, member_id: int) -> bool:
        """Say whether a member wants to see the checklist no more."""
        return await self._store.is_checklist_dismissed(member_id)

    async def dismiss_checklist(self, member_id: int, *, dismissed: bool) -> None:
        """Keep that wish."""
        await self._store.dismiss_checklist(member_id, dismissed=dismissed, now=self._clock.now())


_WEEKS: Final = range(1, WEEKS + 1)


def _totals(
    counts: Sequence[tuple[Place, int]], start: datetime, until: datetime
) -> Mapping[What, float]:
    """Add hours up; of the last one, only the part that is over counts."""
    total = dict.fromkeys(What, 0.0)
    for place, number in counts:
        if place.step is Step.HOUR and place.at >= start:
            total[place.what] += number * min((until - place.at) / timedelta(hours=1), 1.0)
    return total


def _compared(
    here: Mapping[What, float], before: Sequence[Mapping[What, float]], *kinds: What
) -> Usual:
    days = [sum(day[what] for what in kinds) for day in (here, *before)]
    return Usual(today=round(days[0]), usual=usual(days[1:]))
