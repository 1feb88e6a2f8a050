"""The delivery side: ready queues are leased, due recipients read, claims and outcomes written.

A queue belongs to the node that took it, under an *epoch* that rises with every taking. Claims and
settlements name the epoch: a node that was frozen and lost its queue writes into rows that no longer
match (fencing).

Who owns a queue keeps its time in memory, so `next_due` is empty while it is owned; whoever changes the
queue from outside sets it, and the owner finds it at its next look (a *poke*). Taking a queue returns
to QUEUED what its former owner left SENDING; such an attempt ended with *outcome unknown* (design §2,
the crash table).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.service.ports import (
    BodyDamaged,
    Claim,
    Content,
    DueRecipient,
    LeasedQueue,
    QueuedMessage,
    QueueKey,
    Settlement,
    TailedContent,
)
from sztafeta.store import rows
from sztafeta.store.bodies import INLINE_LIMIT, Bodies, load_row, octets_of
from sztafeta.store.database import Database
from sztafeta.store.messages import Arrivals
from sztafeta.store.node import FREE_QUEUES_OF, Node
from sztafeta.store.queue_ids import FIND
from sztafeta.store.rows import to_datetime, to_millis
from sztafeta.store.schema import (
    IS_LIVE,
    attempt,
    body,
    message,
    ready_queue,
    recipient,
    shared_content,
)
from sztafeta.store.statements import ManyRows, Row, Rows, Steps, listed, number
from sztafeta.store.units import Claims, Other, Outcome, Outcomes

UNKNOWN_OUTCOME: Final = "unknown"
"""The outcome of an attempt whose end nobody saw."""


def state_is(state: State) -> sa.ColumnElement[bool]:
    """Narrow to a live state, in words that let both planners use the index of live rows."""
    return sa.and_(recipient.c.state == sa.literal_column(str(state.value)), IS_LIVE)


# -- statements -----------------------------------------------------------------------------------

_queue = ready_queue.c
_QUEUE_COLUMNS: Final = (
    _queue.queue_id,
    _queue.customer_id,
    _queue.domain,
    _queue.pool,
    _queue.epoch,
    _queue.node_id,
)

_TO_TAKE: Final = (
    sa.select(*_QUEUE_COLUMNS)
    .where(
        _queue.next_due <= number("now"),
        sa.or_(_queue.node_id.is_(None), _queue.node_id == number("node_id")),
    )
    .order_by(_queue.next_due, _queue.queue_id)
    .limit(number("limit"))
    .with_for_update(skip_locked=True)
)
"""Queues that are due and free, or ours and poked; what another node is taking is passed over."""

_BY_ID: Final = (
    sa.select(*_QUEUE_COLUMNS).where(_queue.queue_id == number("queue_id")).with_for_update()
)


def _ids() -> sa.CTE:
    return listed("wanted", sa.column("queue_id", sa.BigInteger))


def _take(dialect: object) -> sa.Update:
    """Own these queues under the next epoch."""
    wanted = listed(
        "wanted", sa.column("queue_id", sa.BigInteger), sa.column("node", sa.SmallInteger)
    )
    return (
        sa.update(ready_queue)
        .values(
            node_id=wanted.c.node, epoch=_queue.epoch + sa.literal_column("1"), next_due=sa.null()
        )
        .where(_queue.queue_id == wanted.c.queue_id)
    )


def _unpoke(dialect: object) -> sa.Update:
    """Note that the owner has seen the poke."""
    wanted = _ids()
    return (
        sa.update(ready_queue)
        .values(next_due=sa.null())
        .where(_queue.queue_id == wanted.c.queue_id)
    )


def _note_unknown(dialect: Any) -> Any:
    """Keep an attempt for every recipient left SENDING in these queues: nobody saw its end."""
    wanted = listed("wanted", sa.column("queue_id", sa.BigInteger), sa.column("now", sa.BigInteger))
    empty: sa.ColumnClause[Any] = sa.literal_column("''")
    left = (
        sa.select(
            recipient.c.message_id,
            recipient.c.recipient_id,
            recipient.c.attempt,
            recipient.c.due_at,
            wanted.c.now,
            sa.literal_column(f"'{UNKNOWN_OUTCOME}'"),
            empty,
            empty,
            sa.literal_column("0"),
            empty,
            empty,
            empty,
            empty,
            empty,
            empty,
        )
        .join_from(wanted, recipient, recipient.c.queue_id == wanted.c.queue_id)
        .where(state_is(State.SENDING))
    )
    columns = [column.name for column in attempt.columns]
    return dialect.insert_if_new(attempt).from_select(columns, left)


def _requeue(dialect: object) -> sa.Update:
    """Make due again what was left SENDING in these queues."""
    wanted = listed("wanted", sa.column("queue_id", sa.BigInteger), sa.column("now", sa.BigInteger))
    return (
        sa.update(recipient)
        .values(state=sa.literal_column(str(State.QUEUED.value)), due_at=wanted.c.now)
        .where(recipient.c.queue_id == wanted.c.queue_id, state_is(State.SENDING))
    )


TAKE: Final = ManyRows(_take, width=2)
UNPOKE: Final = ManyRows(_unpoke, width=1)
NOTE_UNKNOWN: Final = ManyRows(_note_unknown, width=2)
REQUEUE: Final = ManyRows(_requeue, width=2)

_EARLIEST: Final = (
    sa.select(recipient.c.due_at)
    .where(recipient.c.queue_id == number("queue_id"), state_is(State.QUEUED))
    .order_by(recipient.c.due_at)
    .limit(sa.literal_column("1"))
)
"""When a queue's earliest QUEUED recipient is due."""

_ONE_SENDING: Final = (
    sa.select(recipient.c.recipient_id)
    .where(recipient.c.queue_id == number("queue_id"), state_is(State.SENDING))
    .limit(sa.literal_column("1"))
)

_GIVE_BACK: Final = (
    sa.update(ready_queue)
    .values(node_id=sa.null(), next_due=number("next_due"))
    .where(
        _queue.queue_id == number("queue_id"),
        _queue.epoch == number("epoch"),
        _queue.node_id == number("node_id"),
    )
)

_DUE_COLUMNS: Final = (
    recipient.c.recipient_id,
    recipient.c.message_id,
    recipient.c.queue_id,
    recipient.c.local_part,
    recipient.c.domain,
    recipient.c.notify,
    recipient.c.original,
    recipient.c.attempt,
    recipient.c.due_at,
    recipient.c.accepted_at,
    recipient.c.expires_at,
)

_DUE: Final = (
    sa.select(*_DUE_COLUMNS)
    .where(
        recipient.c.queue_id == number("queue_id"),
        state_is(State.QUEUED),
        recipient.c.due_at <= number("now"),
        sa.tuple_(recipient.c.due_at, recipient.c.recipient_id)
        > sa.tuple_(number("after_due_at"), number("after_id")),
    )
    .order_by(recipient.c.due_at, recipient.c.recipient_id)
    .limit(number("limit"))
)

_EXPIRED: Final = (
    sa.select(*_DUE_COLUMNS)
    .where(
        recipient.c.queue_id == number("queue_id"),
        state_is(State.QUEUED),
        recipient.c.expires_at <= number("now"),
    )
    .order_by(recipient.c.due_at, recipient.c.recipient_id)
    .limit(number("limit"))
)

_MESSAGE_COLUMNS: Final = (
    message.c.customer_id,
    message.c.account_id,
    message.c.header_message_id,
    message.c.signing_domain,
    message.c.failure_notices,
    message.c.accepted_at,
    message.c.expires_at,
    message.c.size,
    message.c.sha256,
    message.c.in_file,
    body.c.content,
    message.c.mode,
    message.c.tail_id,
    shared_content.c.size,
    shared_content.c.sha256,
    shared_content.c.in_file,
    shared_content.c.content,
    message.c.reverse_local,
    message.c.reverse_domain,
    message.c.smtputf8,
    message.c.eight_bit,
    message.c.returns,
    message.c.envelope_id,
)
_MESSAGE: Final = (
    sa.select(*_MESSAGE_COLUMNS)
    .join_from(message, body, body.c.message_id == message.c.message_id, isouter=True)
    .outerjoin(shared_content, shared_content.c.tail_id == message.c.tail_id)
    .where(message.c.message_id == number("message_id"))
)


def _messages(dialect: object) -> sa.Select[Any]:
    """Give small messages by their ids."""
    wanted = listed("wanted", sa.column("message_id", sa.BigInteger))
    return (
        sa.select(message.c.message_id, *_MESSAGE_COLUMNS)
        .join_from(wanted, message, message.c.message_id == wanted.c.message_id)
        .outerjoin(body, body.c.message_id == message.c.message_id)
        .outerjoin(shared_content, shared_content.c.tail_id == message.c.tail_id)
        .where(message.c.size <= sa.literal_column(str(INLINE_LIMIT)))
    )


MESSAGES: Final = ManyRows(_messages, width=1)


class Queues:
    """Implements `QueueStore` for one node."""

    def __init__(
        self, database: Database, *, node: Node, arrivals: Arrivals, bodies: Bodies
    ) -> None:
        self._database = database
        self._node = node
        self._arrivals = arrivals
        self._bodies = bodies

    # -- leases -----------------------------------------------------------------------------------

    async def join(self, node_name: str, *, now: datetime) -> int:
        """Register this node, take back what an earlier life of it held, and give its number."""
        return await self._node.join(node_name, now=now)

    async def heartbeat(self, *, now: datetime) -> None:
        """Keep this node's leases alive."""
        await self._node.heartbeat(now=now)

    async def lease(self, *, now: datetime, limit: int) -> Sequence[LeasedQueue]:
        """Take queues that are due and nobody's, or whose node is dead; give ours that were poked."""
        leased: list[LeasedQueue] = await self._database.write(
            Other(lambda: self._lease(to_millis(now), limit))
        )
        return leased

    async def lease_named(
        self, keys: Sequence[QueueKey], *, now: datetime
    ) -> Sequence[LeasedQueue]:
        """Take these queues if no living node holds them; those already ours are given again."""
        leased: list[LeasedQueue] = await self._database.write(
            Other(lambda: self._lease_named(keys, to_millis(now)))
        )
        return leased

    async def release(self, queues: Sequence[LeasedQueue], *, now: datetime) -> None:
        """Give queues back; the store notes when each is due next."""
        await self._database.write(Other(lambda: self._release(queues, to_millis(now))))

    def _lease(self, now: int, limit: int) -> Steps[list[LeasedQueue]]:
        yield from self._free_dead(now)
        found = yield self._database.dialect.query(
            _TO_TAKE, now=now, node_id=self._node.number, limit=limit
        )
        return (yield from self._take(found, now))

    def _lease_named(self, keys: Sequence[QueueKey], now: int) -> Steps[list[LeasedQueue]]:
        dialect = self._database.dialect
        yield from self._free_dead(now)
        names = [(key.customer_id, key.domain, key.pool) for key in keys]
        found: list[Row] = []
        for query, _ in dialect.padded(FIND, names):
            ids = yield query
            for queue_id, *_ in ids:
                found.extend((yield dialect.query(_BY_ID, queue_id=queue_id)))
        ours = [row for row in found if row[5] in (None, self._node.number)]
        return (yield from self._take(ours, now))

    def _free_dead(self, now: int) -> Steps[None]:
        """Free what the nodes hold whose lease ran out."""
        time = yield from self._node.time(now)
        for node_id in (yield from self._node.dead(time)):
            yield self._database.dialect.query(FREE_QUEUES_OF, id=node_id, now=now)

    def _take(self, found: Rows, now: int) -> Steps[list[LeasedQueue]]:
        """Own the free ones under a new epoch, clear the pokes, and requeue what was left SENDING."""
        dialect, node_id = self._database.dialect, self._node.number
        free = sorted(row[0] for row in found if row[5] is None)
        poked = sorted(row[0] for row in found if row[5] is not None)
        left = [(queue_id, now) for queue_id in free]
        yield from dialect.each(TAKE, [(queue_id, node_id) for queue_id in free])
        yield from dialect.each(UNPOKE, [(queue_id,) for queue_id in poked])
        yield from dialect.each(NOTE_UNKNOWN, left)
        yield from dialect.each(REQUEUE, left)
        return [_leased(row) for row in found]

    def _release(self, queues: Sequence[LeasedQueue], now: int) -> Steps[None]:
        dialect = self._database.dialect
        for queue in sorted(queues, key=lambda queue: queue.queue_id):
            yield dialect.query(_BY_ID, queue_id=queue.queue_id)
            earliest = yield dialect.query(_EARLIEST, queue_id=queue.queue_id)
            sending = yield dialect.query(_ONE_SENDING, queue_id=queue.queue_id)
            next_due = now if sending else earliest[0][0] if earliest else None
            yield dialect.query(
                _GIVE_BACK,
                queue_id=queue.queue_id,
                epoch=queue.epoch,
                node_id=self._node.number,
                next_due=next_due,
            )

    # -- what is due ------------------------------------------------------------------------------

    async def due(
        self, queue: LeasedQueue, *, now: datetime, limit: int, after: tuple[datetime, int] | None
    ) -> Sequence[DueRecipient]:
        """Read recipients that are due, oldest due first, after a (due_at, recipient_id) mark."""
        due_at, recipient_id = (-1, -1) if after is None else (to_millis(after[0]), after[1])

        def steps() -> Steps[Rows]:
            return (
                yield self._database.dialect.query(
                    _DUE,
                    queue_id=queue.queue_id,
                    now=to_millis(now),
                    after_due_at=due_at,
                    after_id=recipient_id,
                    limit=limit,
                )
            )

        return [rows.due_recipient(row) for row in await self._database.read(steps)]

    async def next_due(self, queue: LeasedQueue) -> datetime | None:
        """Say when the queue's earliest QUEUED recipient is due; None when it holds none."""

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(_EARLIEST, queue_id=queue.queue_id))

        found = await self._database.read(steps)
        return to_datetime(found[0][0]) if found else None

    async def expired(
        self, queue: LeasedQueue, *, now: datetime, limit: int
    ) -> Sequence[DueRecipient]:
        """Read QUEUED recipients that are too old, due or not."""

        def steps() -> Steps[Rows]:
            return (
                yield self._database.dialect.query(
                    _EXPIRED, queue_id=queue.queue_id, now=to_millis(now), limit=limit
                )
            )

        return [rows.due_recipient(row) for row in await self._database.read(steps)]

    async def message(self, message_id: int) -> QueuedMessage | None:
        """Load a message with its content, checked against its length and SHA-256.

        Raises:
            BodyDamaged: the content is missing or not what was accepted.
        """

        def steps() -> Steps[QueuedMessage | None]:
            found = yield self._database.dialect.query(_MESSAGE, message_id=message_id)
            return self._queued(message_id, found[0]) if found else None

        return await self._database.read(steps)

    async def messages(self, message_ids: Sequence[int]) -> Sequence[QueuedMessage]:
        """Load small messages, many at once; what is big, missing or damaged is left to `message`."""

        def steps() -> Steps[list[QueuedMessage]]:
            loaded: list[QueuedMessage] = []
            for query, _ in self._database.dialect.padded(
                MESSAGES, [(one,) for one in message_ids]
            ):
                for message_id, *row in (yield query):
                    with suppress(BodyDamaged):
                        loaded.append(self._queued(message_id, row))
            return loaded

        return await self._database.read(steps)

    def _queued(self, message_id: int, row: Row) -> QueuedMessage:
        customer_id, account_id, header_message_id, signing_domain, failure_notices, *rest = row
        accepted_at, expires_at, *kept = rest[:6]
        mode, *tail = rest[6:12]
        return QueuedMessage(
            message_id=message_id,
            customer_id=customer_id,
            account_id=account_id,
            envelope=rows.envelope(rest[12:]),
            content=self._content(message_id, kept, tail),
            header_message_id=header_message_id,
            signing_domain=signing_domain,
            failure_notices=bool(failure_notices),
            accepted_at=to_datetime(accepted_at),
            expires_at=to_datetime(expires_at),
            mode=Mode(mode),
        )

    def _content(self, message_id: int, own: Row, shared: Row) -> Content:
        """Put together what is the message's own and what it shares, each checked by itself."""
        size, *kept = own
        tail_id, tail_size, *tail_kept = shared
        if tail_id is None:
            return self._loaded(message_id, size, *kept)
        if tail_size is None:
            raise BodyDamaged("what the message shares with its submission is missing")
        head = self._loaded(message_id, size - tail_size, *kept)
        tail = self._loaded(tail_id, tail_size, *tail_kept)
        return TailedContent(octets_of(head), tail_id, tail)

    def _loaded(
        self, identity: int, size: int, digest: bytes, in_file: int, octets: bytes | None
    ) -> Content:
        if in_file:
            return self._bodies.load(identity, size=size, digest=bytes(digest))
        return load_row(octets or b"", size=size, digest=bytes(digest))

    # -- what is written --------------------------------------------------------------------------

    async def claim(self, claims: Sequence[Claim], *, now: datetime) -> frozenset[int]:
        """Move QUEUED to SENDING, attempt counted; give the ids that were ours to move."""
        at = to_millis(now)
        wishes = [
            (claim.recipient_id, claim.queue_id, claim.attempt, claim.epoch, at) for claim in claims
        ]
        claimed: frozenset[int] = await self._database.write(Claims(wishes))
        return claimed

    async def settle(self, settlements: Sequence[Settlement], *, now: datetime) -> frozenset[int]:
        """Commit state, attempt, events and notices; give the ids whose claim still stood."""
        at = to_millis(now)
        outcomes = [await self._outcome(settlement, at) for settlement in settlements]
        settled: frozenset[int] = await self._database.write(Outcomes(outcomes))
        return settled

    async def _outcome(self, settlement: Settlement, now: int) -> Outcome:
        state, due_at = settlement.state, settlement.due_at
        recipient_id, message_id = settlement.recipient_id, settlement.message_id
        tried = settlement.attempt
        return Outcome(
            recipient_id=recipient_id,
            move=(
                recipient_id,
                settlement.epoch,
                state.value,
                now if due_at is None else to_millis(due_at),
                now if state.is_final else 0,
            ),
            attempt=None if tried is None else rows.attempt_row(tried, message_id, recipient_id),
            events=await self._arrivals.spell_events(settlement.events, settlement.queue_id),
            notices=[await self._arrivals.spell_notice(one) for one in settlement.notices],
        )


def _leased(row: Row) -> LeasedQueue:
    """Read a queue that was just taken, or that is ours already."""
    queue_id, customer_id, domain, pool, epoch, node_id = row
    return LeasedQueue(
        queue_id=queue_id,
        key=QueueKey(customer_id=customer_id, domain=domain, pool=pool),
        epoch=epoch + 1 if node_id is None else epoch,
    )
