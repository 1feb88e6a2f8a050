"""Statistics, read: counts of hours and days, what is charged, and what a customer has done already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.account.api_key import Mode
from sztafeta.account.statistics.counts import Place, Step, What
from sztafeta.delivery.provider import Provider
from sztafeta.service.ports.statistics import Accounts, Beginnings, Counted
from sztafeta.store.database import Database
from sztafeta.store.rows import DAY, to_datetime, to_millis
from sztafeta.store.schema import (
    dismissed_checklist,
    member,
    rolled,
    sending_domain,
    tallied,
    usage,
)
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

_MARK: Final = sa.select(rolled.c.event_id).where(rolled.c.customer_id == number("customer_id"))
_DISMISSED: Final = sa.select(dismissed_checklist.c.at).where(
    dismissed_checklist.c.member_id == number("member_id")
)
_SENT: Final = (
    sa.select(usage.c.mode).distinct().where(usage.c.customer_id == number("customer_id"))
)
_BEGINNINGS: Final = sa.select(
    sa.select(sa.func.count())
    .select_from(sending_domain)
    .where(
        sending_domain.c.customer_id == number("customer_id"),
        sending_domain.c.verified_at.is_not(None),
    )
    .scalar_subquery(),
    sa.select(sa.func.count())
    .select_from(member)
    .where(member.c.customer_id == number("customer_id"))
    .scalar_subquery(),
)


class Statistics:
    """Implements `StatisticsStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(
        self, customer_id: int, *, step: Step, first: datetime, until: datetime, accounts: Accounts
    ) -> Counted:
        """Give the counts of slots that begin in a span; those of several accounts are added up."""
        alike = (tallied.c.at, tallied.c.provider, tallied.c.what)
        added = (
            sa.select(*alike, _sum(tallied.c.number).label("number"))
            .where(*_span(customer_id, step, first, until), *_of(tallied.c.account_id, accounts))
            .group_by(*alike)
            .subquery()
        )
        blank: sa.ColumnElement[str] = sa.literal_column("' '")
        written = added.c.provider + blank + added.c.what + blank + sa.cast(added.c.number, sa.Text)
        return await self._counted(
            customer_id,
            sa.select(added.c.at, sa.func.aggregate_strings(written, ",")).group_by(added.c.at),
            lambda row: _slot(step, row),
        )

    async def accepted(
        self, customer_id: int, *, first: datetime, until: datetime, accounts: Accounts
    ) -> Counted:
        """Give what was accepted hour by hour, by account."""
        alike = (tallied.c.at, tallied.c.provider, tallied.c.account_id)
        wanted = sa.select(*alike, tallied.c.number).where(
            *_span(customer_id, Step.HOUR, first, until),
            *_of(tallied.c.account_id, accounts),
            tallied.c.what == What.ACCEPTED.value,
        )
        return await self._counted(customer_id, wanted, lambda row: [_accepted(row)])

    async def _counted(
        self,
        customer_id: int,
        wanted: sa.Select[Any],
        read: Callable[[Row], Sequence[tuple[Place, int]]],
    ) -> Counted:
        def steps() -> Steps[tuple[Rows, Rows]]:
            marks = yield self._database.dialect.query(_MARK, customer_id=customer_id)
            found = yield self._database.dialect.once(wanted)
            return marks, found

        marks, found = await self._database.read(steps)
        counts = [count for row in found for count in read(row)]
        return Counted(marks[0][0] if marks else 0, counts)

    async def used(
        self, customer_id: int, *, first: date, last: date, accounts: Accounts
    ) -> Mapping[date, int]:
        """Give the recipients of live mail day by day (UTC), as they are charged."""
        wanted = (
            sa.select(usage.c.day, _sum(usage.c.recipients))
            .where(
                usage.c.customer_id == customer_id,
                usage.c.mode == Mode.LIVE.value,
                usage.c.day.between(_day(first), _day(last)),
                *_of(usage.c.account_id, accounts),
            )
            .group_by(usage.c.day)
        )
        return {to_datetime(row[0] * DAY).date(): row[1] for row in await self._once(wanted)}

    async def beginnings(self, customer_id: int) -> Beginnings:
        """Say what the customer has done already."""
        modes = {row[0] for row in await self._rows(_SENT, customer_id=customer_id)}
        domains, members = (await self._rows(_BEGINNINGS, customer_id=customer_id))[0]
        return Beginnings(
            has_test_mail=Mode.TEST.value in modes,
            has_real_mail=Mode.LIVE.value in modes,
            has_verified_domain=domains > 0,
            members=members,
        )

    async def is_checklist_dismissed(self, member_id: int) -> bool:
        """Say whether a member wants to see the checklist no more."""
        return bool(await self._rows(_DISMISSED, member_id=member_id))

    async def dismiss_checklist(self, member_id: int, *, dismissed: bool, now: datetime) -> None:
        """Keep that wish."""
        await self._database.write(Other(lambda: self._dismiss(member_id, dismissed, now)))

    def _dismiss(self, member_id: int, dismissed: bool, now: datetime) -> Steps[None]:
        dialect = self._database.dialect
        if dismissed:
            row = {"member_id": member_id, "at": to_millis(now)}
            yield dialect.once(dialect.insert_if_new(dismissed_checklist).values(row))
        else:
            theirs = dismissed_checklist.c.member_id == member_id
            yield dialect.once(sa.delete(dismissed_checklist).where(theirs))

    async def _rows(self, statement: sa.Executable, **values: object) -> Rows:
        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(statement, **values))

        return await self._database.read(steps)

    async def _once(self, statement: sa.Executable) -> Rows:
        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.once(statement))

        return await self._database.read(steps)


def _sum(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Add up; PostgreSQL would answer with a decimal."""
    return sa.cast(sa.func.sum(column), sa.BigInteger)


def _span(
    customer_id: int, step: Step, first: datetime, until: datetime
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        tallied.c.customer_id == customer_id,
        tallied.c.step == step.value,
        tallied.c.at >= to_millis(first),
        tallied.c.at < to_millis(until),
    )


def _of(column: sa.ColumnElement[Any], accounts: Accounts) -> tuple[sa.ColumnElement[bool], ...]:
    return () if accounts is None else (column.in_(sorted(accounts)),)


def _slot(step: Step, row: Row) -> Sequence[tuple[Place, int]]:
    """Read all counts of a slot. They come as one text: with SQLite, each row costs the lock of the
    interpreter.
    """
    at, counts = to_datetime(row[0]), []
    for count in row[1].split(","):
        provider, text, number = count.split(" ")
        place = Place(step, at, 0, _PROVIDERS[provider], *_what(text))
        counts.append((place, int(number)))
    return counts


def _accepted(row: Row) -> tuple[Place, int]:
    at, provider, account_id, count = row
    place = Place(Step.HOUR, to_datetime(at), account_id, _PROVIDERS[provider], What.ACCEPTED)
    return place, count


_PROVIDERS: Final = {one.value: one for one in Provider}


@lru_cache(maxsize=1024)
def _what(text: str) -> tuple[What, str]:
    kind, _, detail = text.partition(":")
    return What(kind), detail


def _day(day: date) -> int:
    """Number a day."""
    return to_millis(datetime.combine(day, time(), UTC)) // DAY
