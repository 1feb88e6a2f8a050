"""An operator's hands in the queue: overview, hold, release, cancel, retry; by message, customer or
domain.

Each change is made in slices, a transaction each, so that mail goes on while a million recipients are
moved. Only the moves of `delivery/state.py` are made, each an update of rows that are still as they
were seen, with its event beside it. Afterwards the queues are poked, so that their owner looks at them
anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.account.api_key import Mode
from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.service.ports import QueueKey, QueueOverview, Selection
from sztafeta.store import rows
from sztafeta.store.database import Database
from sztafeta.store.letters import INSERT_EVENTS
from sztafeta.store.rows import to_datetime, to_millis
from sztafeta.store.schema import IS_LIVE, customer, node, ready_queue, recipient
from sztafeta.store.statements import Row, Rows, Steps
from sztafeta.store.units import Other

SLICE: Final = 500
"""Recipients changed in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What is done to each selected recipient."""

    before: tuple[State, ...]
    values: dict[str, Any]
    event: EventKind | None
    details: dict[str, Any]


class Administration:
    """Implements `QueueAdministration`."""

    def __init__(self, database: Database, ids: IdSource) -> None:
        self._database = database
        self._ids = ids

    async def overview(
        self, *, limit: int, customer_id: int | None = None, domain: str | None = None
    ) -> Sequence[QueueOverview]:
        """List the ready queues that hold live recipients, the fullest first."""
        statement = _overview(limit, Selection(customer_id=customer_id, domain=domain))

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.once(statement))

        return [_queue_overview(row) for row in await self._database.read(steps)]

    async def hold(self, selection: Selection, *, now: datetime, reason: str = "") -> int:
        """QUEUED to HELD."""
        change = _Change(
            before=(State.QUEUED,),
            values={"state": State.HELD.value},
            event=EventKind.HELD,
            details=_because(reason),
        )
        return await self._apply(change, selection, now)

    async def release(self, selection: Selection, *, now: datetime) -> int:
        """HELD to QUEUED, due now."""
        change = _Change(
            before=(State.HELD,),
            values={"state": State.QUEUED.value, "due_at": to_millis(now)},
            event=EventKind.RELEASED,
            details={},
        )
        return await self._apply(change, selection, now)

    async def cancel(self, selection: Selection, *, now: datetime, reason: str = "") -> int:
        """QUEUED or HELD to CANCELED."""
        change = _Change(
            before=(State.QUEUED, State.HELD),
            values={"state": State.CANCELED.value, "final_at": to_millis(now)},
            event=EventKind.CANCELED,
            details=_because(reason),
        )
        return await self._apply(change, selection, now)

    async def retry(self, selection: Selection, *, now: datetime) -> int:
        """Make QUEUED recipients due now."""
        change = _Change(
            before=(State.QUEUED,), values={"due_at": to_millis(now)}, event=None, details={}
        )
        return await self._apply(change, selection, now)

    async def reschedule(self, customer_id: int, message_id: int, due_at: datetime) -> int:
        """Give another due time to QUEUED recipients of a customer's message that nobody tried yet."""
        selection = Selection(customer_id=customer_id, message_id=message_id)
        changed: int = await self._database.write(
            Other(partial(self._reschedule, selection, to_millis(due_at)))
        )
        return changed

    def _reschedule(self, selection: Selection, due_at: int) -> Steps[int]:
        """Move the due time; their queues are looked at by then."""
        moved = yield self._database.dialect.once(
            sa.update(recipient)
            .values(due_at=due_at)
            .where(recipient.c.attempt == 0, _in_states((State.QUEUED,)), *_selected(selection))
            .returning(recipient.c.queue_id)
        )
        if moved:
            yield self._database.dialect.once(_poke({row[0] for row in moved}, due_at))
        return len(moved)

    async def _apply(self, change: _Change, selection: Selection, now: datetime) -> int:
        """Walk through the selected recipients, a slice at a time, in the order of their ids."""
        changed, mark = 0, -1
        while True:
            found = await self._database.read(partial(self._page, change, selection, mark))
            if not found:
                return changed
            mark = found[-1][0]
            changed += await self._database.write(Other(partial(self._change, change, found, now)))

    def _page(self, change: _Change, selection: Selection, mark: int) -> Steps[Rows]:
        wanted = (
            sa.select(recipient.c.recipient_id)
            .where(
                recipient.c.recipient_id > mark,
                _in_states(change.before),
                *_selected(selection),
            )
            .order_by(recipient.c.recipient_id)
            .limit(SLICE)
        )
        return (yield self._database.dialect.once(wanted))

    def _change(self, change: _Change, found: Rows, now: datetime) -> Steps[int]:
        """Change those that are still as they were seen; note the events; poke the queues."""
        dialect = self._database.dialect
        moved = yield dialect.once(
            sa.update(recipient)
            .values(change.values)
            .where(
                recipient.c.recipient_id.in_([row[0] for row in found]), _in_states(change.before)
            )
            .returning(recipient.c.recipient_id, recipient.c.message_id, recipient.c.queue_id)
        )
        if change.event is not None:
            owners = yield from self._owners({row[2] for row in moved})
            events = [
                rows.event_row(self._event(change, row, now), *owners[row[2]]) for row in moved
            ]
            yield from dialect.many(INSERT_EVENTS, events)
        if moved:
            yield dialect.once(_poke({row[2] for row in moved}, to_millis(now)))
        return len(moved)

    def _owners(self, queue_ids: set[int]) -> Steps[dict[int, tuple[int, Mode]]]:
        """Say whose mail the queues hold, and of which mode."""
        queue = ready_queue.c
        wanted = sa.select(queue.queue_id, queue.customer_id, queue.pool)
        found = yield self._database.dialect.once(
            wanted.where(queue.queue_id.in_(sorted(queue_ids)))
        )
        return {row[0]: (row[1], rows.mode_of(row[2])) for row in found}

    def _event(self, change: _Change, row: Row, now: datetime) -> Event:
        assert change.event is not None  # noqa: S101  asked by the caller
        return Event(
            event_id=self._ids.next(now),
            recipient_id=row[0],
            message_id=row[1],
            kind=change.event,
            at=now,
            details=change.details,
        )


def _because(reason: str) -> dict[str, Any]:
    return {"reason": reason} if reason else {}


def _in_states(states: Sequence[State]) -> sa.ColumnElement[bool]:
    return sa.and_(recipient.c.state.in_([state.value for state in states]), IS_LIVE)


def _selected(selection: Selection) -> list[sa.ColumnElement[bool]]:
    """Narrow to what the operator means."""
    narrowed: list[sa.ColumnElement[bool]] = []
    if selection.message_id is not None:
        narrowed.append(recipient.c.message_id == selection.message_id)
    if selection.recipient_ids is not None:
        narrowed.append(recipient.c.recipient_id.in_(sorted(selection.recipient_ids)))
    if selection.customer_id is not None or selection.domain is not None:
        narrowed.append(recipient.c.queue_id.in_(_queues_of(selection)))
    return narrowed


def _queues_of(selection: Selection) -> sa.Select[Any]:
    queues = sa.select(ready_queue.c.queue_id)
    if selection.customer_id is not None:
        queues = queues.where(ready_queue.c.customer_id == selection.customer_id)
    if selection.domain is not None:
        queues = queues.where(ready_queue.c.domain == selection.domain)
    return queues


def _poke(queue_ids: set[int], now: int) -> sa.Update:
    """Have the owners look at these queues anew."""
    return (
        sa.update(ready_queue)
        .values(next_due=now)
        .where(
            ready_queue.c.queue_id.in_(sorted(queue_ids)),
            sa.or_(ready_queue.c.next_due.is_(None), ready_queue.c.next_due > now),
        )
    )


def _overview(limit: int, selection: Selection) -> sa.Select[Any]:
    """Count the live recipients of each ready queue."""
    due_at = sa.case((recipient.c.state == State.QUEUED.value, recipient.c.due_at))
    counted = (
        sa.select(
            recipient.c.queue_id,
            *(_count(state).label(state.name.lower()) for state in _LIVE_STATES),
            sa.func.min(recipient.c.accepted_at).label("oldest"),
            sa.func.min(due_at).label("next_due"),
            sa.func.count().label("live"),
        )
        .where(IS_LIVE, *_selected(selection))
        .group_by(recipient.c.queue_id)
        .subquery()
    )
    return (
        sa.select(
            ready_queue.c.queue_id,
            ready_queue.c.customer_id,
            ready_queue.c.domain,
            ready_queue.c.pool,
            customer.c.name,
            node.c.name,
            counted.c.queued,
            counted.c.sending,
            counted.c.held,
            counted.c.oldest,
            counted.c.next_due,
        )
        .join_from(counted, ready_queue, ready_queue.c.queue_id == counted.c.queue_id)
        .outerjoin(customer, customer.c.customer_id == ready_queue.c.customer_id)
        .outerjoin(node, node.c.node_id == ready_queue.c.node_id)
        .order_by(counted.c.live.desc(), ready_queue.c.queue_id)
        .limit(limit)
    )


_LIVE_STATES: Final = (State.QUEUED, State.SENDING, State.HELD)


def _count(state: State) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((recipient.c.state == state.value, 1)))


def _queue_overview(row: Row) -> QueueOverview:
    queue_id, customer_id, domain, pool, customer_name, node_name, *counts = row
    queued, sending, held, oldest, next_due = counts
    return QueueOverview(
        queue_id=queue_id,
        key=QueueKey(customer_id=customer_id, domain=domain, pool=pool),
        customer_name=customer_name or "",
        node=node_name,
        queued=queued,
        sending=sending,
        held=held,
        oldest_accepted_at=to_datetime(oldest),
        next_due=None if next_due is None else to_datetime(next_due),
    )
