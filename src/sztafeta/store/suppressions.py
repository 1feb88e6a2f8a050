"""Suppressions: addresses that a customer's mail is not sent to.

Most customers of a relay suppress nobody, and each message asks. That a customer has none is therefore
known for a second without asking; what this process adds is known at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.service.ports import Suppression, SuppressionQuery, SuppressionReason
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import suppression
from sztafeta.store.statements import Row, Rows, Steps, inserting_if_new, number
from sztafeta.store.units import Other

TRUSTED_FOR: Final = 1.0
"""Seconds for which we believe that a customer has none (acceptance W-15: a suppression works within one)."""
KNOWN_LIMIT: Final = 50_000
SLICE: Final = 500
"""Addresses asked for in one statement."""

_INSERT: Final = inserting_if_new(suppression)
_OF_CUSTOMER: Final = suppression.c.customer_id == number("customer_id")
_ANY: Final = sa.select(suppression.c.address).where(_OF_CUSTOMER).limit(sa.literal_column("1"))
_COUNT: Final = sa.select(sa.func.count()).select_from(suppression).where(_OF_CUSTOMER)
_DELETE: Final = sa.delete(suppression).where(
    _OF_CUSTOMER, suppression.c.address == number("address", sa.Text)
)


class Suppressions:
    """Implements `SuppressionStore`."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._none_until: dict[int, float] = {}
        """Until when a customer is believed to have none."""
        self._changes = 0

    async def suppressed(
        self, customer_id: int, addresses: Collection[str]
    ) -> Mapping[str, Suppression]:
        """Find which of these addresses are suppressed; cheap for a customer who has none."""
        now, changes = self._clock(), self._changes
        if now < self._none_until.get(customer_id, now):
            return {}
        found = await self._database.read(lambda: self._find(customer_id, list(addresses)))
        if found is not None:
            return {row[1]: _suppression(row) for row in found}
        if changes == self._changes:  # nobody added one while we asked
            if len(self._none_until) > KNOWN_LIMIT:
                self._none_until.clear()
            self._none_until[customer_id] = now + TRUSTED_FOR
        return {}

    async def suppressions(
        self,
        customer_id: int,
        *,
        limit: int,
        after: str | None = None,
        reason: SuppressionReason | None = None,
    ) -> Sequence[Suppression]:
        """List them by address."""
        wanted = sa.select(suppression).where(suppression.c.customer_id == customer_id)
        if after is not None:
            wanted = wanted.where(suppression.c.address > clean(after))
        if reason is not None:
            wanted = wanted.where(suppression.c.reason == reason.value)
        wanted = wanted.order_by(suppression.c.address).limit(limit)
        return [_suppression(row) for row in await self._database.read(lambda: self._once(wanted))]

    async def find_suppressions(
        self, query: SuppressionQuery, *, limit: int, offset: int = 0, is_descending: bool = True
    ) -> tuple[Sequence[Suppression], int]:
        """List them by the time they were added, the newest first, and count all that match."""
        narrowed = _narrowed(query)
        order = (suppression.c.created_at, suppression.c.address)
        page = sa.select(suppression).where(*narrowed).limit(limit).offset(offset)
        page = page.order_by(*(one.desc() for one in order) if is_descending else order)
        counting = sa.select(sa.func.count()).select_from(suppression).where(*narrowed)

        def steps() -> Steps[tuple[Rows, int]]:
            rows = yield self._database.dialect.once(page)
            counted = yield self._database.dialect.once(counting)
            return rows, counted[0][0]

        rows, count = await self._database.read(steps)
        return [_suppression(row) for row in rows], count

    async def search_suppressions(
        self,
        query: SuppressionQuery,
        *,
        limit: int,
        before: tuple[datetime, str] | None = None,
    ) -> Sequence[Suppression]:
        """List them, the newest first, below the time and the address of the last one seen."""
        order = (suppression.c.created_at, suppression.c.address)
        wanted = sa.select(suppression).where(*_narrowed(query)).limit(limit)
        if before is not None:
            at, address = before
            mark = sa.tuple_(
                sa.literal(to_millis(at), sa.BigInteger), sa.literal(clean(address), sa.Text)
            )
            wanted = wanted.where(sa.tuple_(*order) < mark)
        wanted = wanted.order_by(*(one.desc() for one in order))
        return [_suppression(row) for row in await self._database.read(lambda: self._once(wanted))]

    async def count_suppressions(self, customer_id: int) -> int:
        """Count them."""

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(_COUNT, customer_id=customer_id))

        count: int = (await self._database.read(steps))[0][0]
        return count

    async def suppress(self, suppressions: Sequence[Suppression]) -> int:
        """Add addresses; those already there stay as they are. Give the number that was new."""
        rows = sorted((_row(one) for one in suppressions), key=lambda row: row[:2])
        added: int = await self._database.write(Other(lambda: self._insert(rows)))
        self._changes += 1
        for one in suppressions:
            self._none_until.pop(one.customer_id, None)
        return added

    async def unsuppress(self, customer_id: int, address: str) -> bool:
        """Remove one; say whether it was there."""

        def steps() -> Steps[bool]:
            changed = yield self._database.dialect.counting(
                _DELETE, customer_id=customer_id, address=clean(address)
            )
            return bool(changed[0][0])

        was_there: bool = await self._database.write(Other(steps))
        return was_there

    def _find(self, customer_id: int, addresses: Sequence[str]) -> Steps[list[Row] | None]:
        """Give what is suppressed of these; None when the customer has none at all."""
        found: list[Row] = []
        for start in range(0, len(addresses), SLICE):
            found.extend(
                (
                    yield self._database.dialect.once(
                        sa.select(suppression).where(
                            suppression.c.customer_id == customer_id,
                            suppression.c.address.in_(addresses[start : start + SLICE]),
                        )
                    )
                )
            )
        if found:
            return found
        any_at_all = yield self._database.dialect.query(_ANY, customer_id=customer_id)
        return [] if any_at_all else None

    def _once(self, statement: sa.Executable) -> Steps[Rows]:
        return (yield self._database.dialect.once(statement))

    def _insert(self, rows: Sequence[Sequence[Any]]) -> Steps[int]:
        added = 0
        for query in self._database.dialect.many(_INSERT, rows):
            changed = yield replace(query, counts=True)
            added += changed[0][0]
        return added


def _narrowed(query: SuppressionQuery) -> list[sa.ColumnElement[bool]]:
    """Say which suppressions are meant."""
    column = suppression.c
    narrowed = [column.customer_id == query.customer_id]
    if query.address:
        narrowed.append(column.address == clean(query.address))
    if query.part:
        narrowed.append(column.address.contains(clean(query.part), autoescape=True))
    if query.reason is not None:
        narrowed.append(column.reason == query.reason.value)
    if query.source:
        narrowed.append(column.source == clean(query.source))
    if query.created_from is not None:
        narrowed.append(column.created_at >= to_millis(query.created_from))
    if query.created_to is not None:
        narrowed.append(column.created_at < to_millis(query.created_to))
    return narrowed


def _row(one: Suppression) -> tuple[Any, ...]:
    return (
        one.customer_id,
        one.address,
        one.reason.value,
        clean(one.source),
        clean(one.comment),
        to_millis(one.created_at),
        one.message_id,
        clean(one.reply),
    )


def _suppression(row: Row) -> Suppression:
    customer_id, address, reason, source, comment, created_at, message_id, reply = row
    return Suppression(
        customer_id=customer_id,
        address=address,
        reason=SuppressionReason(reason),
        source=source,
        comment=comment,
        created_at=to_datetime(created_at),
        message_id=message_id,
        reply=reply,
    )
