"""Letters: messages as rows, and the statements that write a batch of them, a table at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.service.ports import NewMessage
from sztafeta.store import rows, schema
from sztafeta.store.schema import ready_queue
from sztafeta.store.statements import Dialect, ManyRows, Steps, inserting, inserting_if_new, listed
from sztafeta.value import value

Parameters = tuple[object, ...]
Poke = tuple[int, int, int]
"""(queue_id, node_id, at): a queue to wake at that time if that node does not hold it."""
UsageKey = tuple[int, int, int, str]
"""(customer_id, day, account_id, mode)."""


@value(frozen=True, slots=True, eq=False)
class ContentRows:
    """Content as it is kept."""

    octets: bytes | None
    """The message's own; None: it is in a file."""
    sha256: bytes
    """Of what is its own."""
    tail: Parameters | None = None
    """The row of what it shares."""


@value(frozen=True, slots=True, eq=False)
class Letter:
    """A message as rows."""

    message: Parameters
    body: Parameters | None
    """None: the content is in a file."""
    tail: Parameters | None
    recipients: list[Parameters]
    events: list[Parameters]
    pokes: list[Poke]
    usage: tuple[UsageKey, int, int]
    """What its customer is charged with: recipients and octets."""


def letter(
    message: NewMessage, *, content: ContentRows, queue_ids: Mapping[str, int], node_id: int
) -> Letter:
    """Spell a message as rows."""
    octets, tail = content.octets, content.tail
    return Letter(
        message=rows.message_row(
            message,
            sha256=content.sha256,
            in_file=octets is None,
            tail_id=None if tail is None else tail[0],
        ),
        body=None if octets is None else (message.message_id, octets),
        tail=tail,
        recipients=rows.recipient_rows(message, queue_ids),
        events=[
            rows.event_row(event, message.customer_id, message.mode) for event in message.events
        ],
        pokes=_pokes(message, queue_ids, node_id),
        usage=_usage(message),
    )


def _pokes(message: NewMessage, queue_ids: Mapping[str, int], node_id: int) -> list[Poke]:
    """Wake each queue when its first recipient is due."""
    now = rows.to_millis(message.accepted_at)
    due: dict[int, int] = {}
    for one in message.recipients:
        queue_id = queue_ids[one.forward_path.mailbox.domain]
        at = now if one.due_at is None else rows.to_millis(one.due_at)
        due[queue_id] = min(at, due.get(queue_id, at))
    return [(queue_id, node_id, at) for queue_id, at in due.items()]


def _usage(message: NewMessage) -> tuple[UsageKey, int, int]:
    """Count the recipients that will be tried."""
    sent = sum(not one.state.is_final for one in message.recipients)
    day = rows.to_millis(message.accepted_at) // rows.DAY
    key = (message.customer_id, day, message.account_id, message.mode._value_)
    return key, sent, sent * message.content.size


# -- statements -----------------------------------------------------------------------------------

INSERT_MESSAGES: Final = inserting(schema.message)
INSERT_BODIES: Final = inserting(schema.body)
INSERT_TAILS: Final = inserting_if_new(schema.shared_content)
INSERT_RECIPIENTS: Final = inserting(schema.recipient)
INSERT_EVENTS: Final = inserting(schema.event)


def _poke(dialect: Dialect) -> sa.Update:
    """Wake queues that the accepting node does not hold: their next_due is then at the latest."""
    woken = listed(
        "woken",
        sa.column("queue_id", sa.BigInteger),
        sa.column("node_id", sa.BigInteger),
        sa.column("at", sa.BigInteger),
    )
    return (
        sa.update(ready_queue)
        .values(next_due=woken.c.at)
        .where(
            ready_queue.c.queue_id == woken.c.queue_id,
            sa.or_(ready_queue.c.node_id.is_(None), ready_queue.c.node_id != woken.c.node_id),
            sa.or_(ready_queue.c.next_due.is_(None), ready_queue.c.next_due > woken.c.at),
        )
    )


def _lock_queues(dialect: Dialect) -> sa.Select[Any]:
    """Keep queues from changing hands until this transaction ends."""
    wanted = listed("wanted", sa.column("queue_id", sa.BigInteger))
    return (
        sa.select(ready_queue.c.queue_id)
        .join_from(ready_queue, wanted, ready_queue.c.queue_id == wanted.c.queue_id)
        .order_by(ready_queue.c.queue_id)
        .with_for_update(read=True, of=ready_queue)
    )


def _charge(dialect: Dialect) -> Any:
    """Add to what customers used on a day."""
    added = dialect.insert(schema.usage)
    columns = schema.usage.c
    return added.values([dict.fromkeys(columns.keys())]).on_conflict_do_update(
        index_elements=list(schema.usage.primary_key),
        set_={
            "recipients": columns.recipients + added.excluded.recipients,
            "octets": columns.octets + added.excluded.octets,
        },
    )


POKE: Final = ManyRows(_poke, width=3)
LOCK_QUEUES: Final = ManyRows(_lock_queues, width=1)
CHARGE: Final = ManyRows(_charge, width=len(schema.usage.columns))


def insert_letters(letters: Sequence[Letter], dialect: Dialect) -> Steps[None]:
    """Write the rows of letters, all but their events."""
    pokes = _earliest(letters)
    yield from dialect.each(POKE, pokes)
    if dialect.has_many_writers:  # a queue may have been given back while we waited for its lock
        yield from lock_queues({poke[0] for poke in pokes}, dialect)
        yield from dialect.each(POKE, pokes)
    yield from dialect.many(INSERT_MESSAGES, [letter.message for letter in letters])
    bodies = [letter.body for letter in letters if letter.body is not None]
    yield from dialect.many(INSERT_BODIES, bodies)
    tails = {letter.tail[0]: letter.tail for letter in letters if letter.tail is not None}
    yield from dialect.many(INSERT_TAILS, list(tails.values()))
    recipients = [row for letter in letters for row in letter.recipients]
    yield from dialect.many(INSERT_RECIPIENTS, recipients)


def _earliest(letters: Sequence[Letter]) -> list[Poke]:
    """Wake each queue once, at the first of its times."""
    earliest: dict[int, Poke] = {}
    for letter in letters:
        for poke in letter.pokes:
            known = earliest.get(poke[0])
            if known is None or poke[2] < known[2]:
                earliest[poke[0]] = poke
    return sorted(earliest.values())


def lock_queues(queue_ids: Iterable[int], dialect: Dialect) -> Steps[None]:
    """Lock ready queues in the order of their ids, so that two batches cannot wait for each other."""
    yield from dialect.each(LOCK_QUEUES, [(queue_id,) for queue_id in sorted(queue_ids)])


def charge(letters: Sequence[Letter], dialect: Dialect) -> Steps[None]:
    """Note what the senders of these letters used, a row for each of them and its day.

    Comes last: nodes that share a database wait for each other's rows here until the commit.
    """
    used: dict[UsageKey, tuple[int, int]] = {}
    for letter in letters:
        key, recipients, octets = letter.usage
        so_far = used.get(key, (0, 0))
        used[key] = so_far[0] + recipients, so_far[1] + octets
    charges = [(*key, *used[key]) for key in sorted(used) if used[key][0]]
    yield from dialect.many(CHARGE, charges)
