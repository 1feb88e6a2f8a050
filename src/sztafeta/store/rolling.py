"""Rolling: events become counts of their hour and day, each once.

A customer's mark is moved only from where it was read, in the transaction that adds the counts: two nodes
that both roll cannot count an event twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from sztafeta.account.api_key import Mode
from sztafeta.account.statistics.counts import Happening, Place, Step
from sztafeta.event import EventKind
from sztafeta.service.ports.statistics import Page, Unrolled
from sztafeta.store.database import Database
from sztafeta.store.node import Node
from sztafeta.store.rows import to_datetime, to_millis
from sztafeta.store.schema import customer, event, message, recipient, rolled, tallied
from sztafeta.store.statements import ManyRows, Row, Rows, Steps, number
from sztafeta.store.units import Other

_NEWEST: Final = 2**63 - 1
_MARK: Final = sa.func.coalesce(rolled.c.event_id, sa.literal_column("0"))
_FIRST_UNROLLED: Final = (
    sa.select(event.c.event_id)
    .where(
        event.c.customer_id == customer.c.customer_id,
        event.c.mode == sa.literal_column(f"'{Mode.LIVE.value}'"),
        event.c.event_id > _MARK,
        event.c.event_id < number("before"),
    )
    .order_by(event.c.event_id)
    .limit(sa.literal_column("1"))
    .correlate(customer, rolled)
    .scalar_subquery()
)
"""One look into an index a customer; a mere `EXISTS` may be answered by reading all events."""
_UNROLLED: Final = (
    sa.select(customer.c.customer_id, _MARK)
    .outerjoin(rolled, rolled.c.customer_id == customer.c.customer_id)
    .where(_FIRST_UNROLLED.is_not(None))
)
_HAPPENINGS: Final = (
    sa.select(
        event.c.event_id,
        event.c.kind,
        event.c.at,
        event.c.details,
        message.c.account_id,
        message.c.source,
        recipient.c.domain,
        message.c.accepted_at,
    )
    .join_from(event, message, message.c.message_id == event.c.message_id)
    .join(recipient, recipient.c.recipient_id == event.c.recipient_id)
    .where(
        event.c.customer_id == number("customer_id"),
        event.c.mode == sa.literal_column(f"'{Mode.LIVE.value}'"),
        event.c.event_id > number("after"),
        event.c.event_id < number("before"),
    )
    .order_by(event.c.event_id)
    .limit(number("limit"))
)
_MOVE: Final = (
    sa.update(rolled)
    .values(event_id=number("mark"))
    .where(rolled.c.customer_id == number("customer_id"), rolled.c.event_id == number("before"))
)
_NOTICE: Final = '{"notice_about"'
"""How the source of our own notices begins (service/notices)."""


def _add(dialect: Any) -> Any:
    added = dialect.insert(tallied)
    return added.values([dict.fromkeys(tallied.c.keys())]).on_conflict_do_update(
        index_elements=list(tallied.primary_key),
        set_={"number": tallied.c.number + added.excluded.number},
    )


_ADD: Final = ManyRows(_add, width=len(tallied.columns))


class Rolling:
    """Implements `RollingStore`."""

    def __init__(self, database: Database, node: Node) -> None:
        self._database = database
        self._node = node

    async def is_first_node(self, *, now: datetime) -> bool:
        """Say whether this node has the lowest number of those that live."""
        living = await self._database.read(lambda: self._living(to_millis(now)))
        return min(living, default=self._node.number) >= self._node.number

    def _living(self, now: int) -> Steps[list[int]]:
        time = yield from self._node.time(now)
        return (yield from self._node.living(time))

    async def unrolled(self, *, before: int) -> Sequence[Unrolled]:
        """Name the customers with events (of live mail) that have an id below this and are not counted."""
        found = await self._rows(_UNROLLED, before=before)
        return [Unrolled(customer_id=row[0], mark=row[1]) for row in found]

    async def happenings(
        self, customer_id: int, *, after: int, before: int | None, limit: int
    ) -> Page:
        """Give events of live mail between two ids."""
        found = await self._rows(
            _HAPPENINGS,
            customer_id=customer_id,
            after=after,
            before=_NEWEST if before is None else before,
            limit=limit,
        )
        return Page(
            happenings=[_happening(row) for row in found if not row[5].startswith(_NOTICE)],
            last=found[-1][0] if found else 0,
            is_full=len(found) == limit,
        )

    async def add(self, unrolled: Unrolled, *, mark: int, counts: Mapping[Place, int]) -> bool:
        """Add to the counts and move the mark, in one transaction; False: somebody else was first."""
        rows = sorted(_row(unrolled.customer_id, *entry) for entry in counts.items())
        was_ours: bool = await self._database.write(Other(partial(self._add, unrolled, mark, rows)))
        return was_ours

    def _add(self, unrolled: Unrolled, mark: int, rows: Sequence[Row]) -> Steps[bool]:
        dialect, customer_id = self._database.dialect, unrolled.customer_id
        if not unrolled.mark:
            first = {"customer_id": customer_id, "event_id": 0}
            yield dialect.once(dialect.insert_if_new(rolled).values(first))
        moved = yield dialect.counting(
            _MOVE, mark=mark, customer_id=customer_id, before=unrolled.mark
        )
        if not moved[0][0]:
            return False
        yield from dialect.many(_ADD, rows)
        return True

    async def forget_counts(self, *, hours_before: datetime, days_before: datetime) -> None:
        """Delete what grew too old."""
        for step in Step:
            before = days_before if step is Step.DAY else hours_before
            await self._database.write(Other(partial(self._forget, step, to_millis(before))))

    def _forget(self, step: Step, before: int) -> Steps[None]:
        old = sa.delete(tallied).where(tallied.c.step == step.value, tallied.c.at < before)
        yield self._database.dialect.once(old)

    async def _rows(self, statement: sa.Executable, **values: object) -> Rows:
        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(statement, **values))

        return await self._database.read(steps)


class _Details(msgspec.Struct):
    """What counting reads of an event's details."""

    hop: str = ""
    bounce_class: str = msgspec.field(default="", name="class")
    reason: str = ""


_read_details: Final = msgspec.json.Decoder(_Details).decode
_KINDS: Final = {kind.value: kind for kind in EventKind}


def _happening(row: Row) -> Happening:
    event_id, kind, at, details, account_id, _, domain, accepted_at = row
    read = _read_details(details)
    return Happening(
        event_id=event_id,
        kind=_KINDS[kind],
        at=to_datetime(at),
        account_id=account_id,
        domain=domain,
        accepted_at=to_datetime(accepted_at),
        hop=read.hop,
        bounce_class=read.bounce_class,
        is_expiry=read.reason == "expired",
    )


def _row(customer_id: int, place: Place, count: int) -> tuple[object, ...]:
    what = f"{place.what.value}:{place.detail}" if place.detail else place.what.value
    return (
        customer_id,
        place.step.value,
        to_millis(place.at),
        place.account_id,
        place.provider.value,
        what,
        count,
    )
