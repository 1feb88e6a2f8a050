"""Units of work, and how those that wait together become one transaction (group commit).

Accepts, claims and settlements of one batch are merged: one statement a table, whatever the number of
units. A merged batch *trusts* that every row it names is still as its sender saw it, which is the rule,
and checks only the count. When the count differs (`Fenced`), nothing of the batch is kept, and the
units are run again one by one, *asking* which rows matched. Any other unit of work (`Other`) brings its
own steps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.delivery.state import State
from sztafeta.store import schema
from sztafeta.store.answers import Answer, keep, keep_or_tell
from sztafeta.store.letters import (
    INSERT_EVENTS,
    Letter,
    Parameters,
    charge,
    insert_letters,
    lock_queues,
)
from sztafeta.store.schema import ready_queue, recipient
from sztafeta.store.statements import (
    Dialect,
    ManyRows,
    Query,
    Steps,
    inserting,
    listed,
)
from sztafeta.value import value


class Fenced(Exception):
    """A row was not as its sender saw it: somebody else was first."""


class Care(Enum):
    """How a transaction treats rows that may have been moved by somebody else."""

    TRUST = "trust"
    """Expect all to match; raise `Fenced` if not."""
    ASK = "ask"
    """Ask which matched."""


class Unit:
    """One caller's work and the future that its caller waits for."""

    __slots__ = ("begun", "outcome", "work")

    def __init__(self, work: Work, outcome: asyncio.Future[Any]) -> None:
        self.work = work
        self.outcome = outcome
        self.begun = False

    def end(self, result: Any, error: Exception | None) -> None:
        """Give the caller the outcome, if it still waits."""
        if self.outcome.done():
            return
        if error is None:
            self.outcome.set_result(result)
        else:
            self.outcome.set_exception(error)


Ended = tuple[Unit, Any, Exception | None]
"""A unit with its result or what became of it."""


@value(frozen=True, slots=True, eq=False)
class Arrival:
    """The messages of one accept, and the answer to keep with them."""

    letters: Sequence[Letter]
    queue_ids: Mapping[str, int]
    answer: Answer | None = None


@value(frozen=True, slots=True, eq=False)
class Claims:
    """Rows of the claim: (recipient_id, queue_id, attempt, epoch, now)."""

    rows: list[tuple[int, int, int, int, int]]


@value(frozen=True, slots=True, eq=False)
class Outcome:
    """A settlement, as rows; `move` is (recipient_id, epoch, state, due_at, final_at)."""

    recipient_id: int
    move: Parameters
    attempt: Parameters | None
    events: list[Parameters]
    notices: list[Letter]


@value(frozen=True, slots=True, eq=False)
class Outcomes:
    """Settlements that belong together."""

    outcomes: list[Outcome]


@value(frozen=True, slots=True, eq=False)
class Other:
    """Any other transaction; `steps` may be called again when it has to be repeated."""

    steps: Callable[[], Steps[Any]]


Work = Arrival | Claims | Outcomes | Other


def weight(work: Work) -> int:
    """Say for how many units of one message this counts, so that a batch stays short."""
    return len(work.letters) if isinstance(work, Arrival) else 1


# -- statements -----------------------------------------------------------------------------------

INSERT_ATTEMPTS: Final = inserting(schema.attempt)


def _big(name: str) -> sa.ColumnClause[int]:
    return sa.column(name, sa.BigInteger)


def _claim(dialect: Dialect) -> sa.Update:
    """Move QUEUED to SENDING where the attempt count and the queue's epoch still stand."""
    wish = listed(
        "wish",
        _big("recipient_id"),
        _big("queue_id"),
        sa.column("attempt", sa.Integer),
        _big("epoch"),
        _big("now"),
    )
    return (
        sa.update(recipient)
        .values(
            state=_number(State.SENDING),
            attempt=wish.c.attempt,
            epoch=wish.c.epoch,
            due_at=wish.c.now,
        )
        .where(
            recipient.c.recipient_id == wish.c.recipient_id,
            recipient.c.queue_id == wish.c.queue_id,
            recipient.c.state == _number(State.QUEUED),
            recipient.c.attempt == wish.c.attempt - sa.literal_column("1"),
            ready_queue.c.queue_id == wish.c.queue_id,
            ready_queue.c.epoch == wish.c.epoch,
        )
    )


def _settle(dialect: Dialect) -> sa.Update:
    """Move SENDING to what came of it, where the claim's epoch still stands (fencing)."""
    done = listed(
        "done",
        _big("recipient_id"),
        _big("epoch"),
        sa.column("state", sa.SmallInteger),
        _big("due_at"),
        _big("final_at"),
    )
    return (
        sa.update(recipient)
        .values(
            state=done.c.state,
            due_at=done.c.due_at,
            final_at=sa.func.nullif(done.c.final_at, sa.literal_column("0")),
        )
        .where(
            recipient.c.recipient_id == done.c.recipient_id,
            recipient.c.state == _number(State.SENDING),
            recipient.c.epoch == done.c.epoch,
        )
    )


def _number(state: State) -> sa.ColumnClause[Any]:
    """Write a state into the statement, where the planner can see it."""
    return sa.literal_column(str(state.value))


def _asking(build: Callable[[Dialect], sa.Update]) -> Callable[[Dialect], sa.Update]:
    """Have an update say which rows matched."""

    def build_asking(dialect: Dialect) -> sa.Update:
        return build(dialect).returning(recipient.c.recipient_id)

    return build_asking


CLAIM: Final = ManyRows(_claim, width=5)
CLAIM_ASKING: Final = ManyRows(_asking(_claim), width=5)
SETTLE: Final = ManyRows(_settle, width=5)
SETTLE_ASKING: Final = ManyRows(_asking(_settle), width=5)

# -- the merged transaction -----------------------------------------------------------------------


@dataclass(slots=True)
class _Batch:
    """What the units of one batch add up to."""

    letters: list[Letter] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    claims: list[tuple[int, ...]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)


def together(works: Sequence[Work], dialect: Dialect, care: Care) -> Steps[list[Any]]:
    """Run units in one transaction; give their results in their order.

    With `Care.ASK` there must be one unit only, because the answer names rows, not units.

    Raises:
        Fenced: with `Care.TRUST`, when a row was not as expected; nothing may be committed.
    """
    batch = _sorted(works)
    yield from _remember(batch.answers, dialect, care)
    settled = yield from _moved(dialect, SETTLE, SETTLE_ASKING, _moves(batch), care)
    kept = [one for one in batch.outcomes if one.recipient_id in settled]
    if dialect.has_many_writers:
        yield from lock_queues({claim[1] for claim in batch.claims}, dialect)
    claimed = yield from _moved(dialect, CLAIM, CLAIM_ASKING, batch.claims, care)
    yield from _insert(batch.letters, kept, dialect)
    results: list[Any] = []
    for work in works:
        match work:
            case Arrival():
                results.append(work.queue_ids)
            case Claims():
                results.append(frozenset(row[0] for row in work.rows) & claimed)
            case Outcomes():
                ids = frozenset(one.recipient_id for one in work.outcomes)
                results.append(ids & settled)
            case Other():
                results.append((yield from work.steps()))
    yield from charge(batch.letters, dialect)
    return results


def _sorted(works: Sequence[Work]) -> _Batch:
    batch = _Batch()
    for work in works:
        match work:
            case Arrival():
                batch.letters.extend(work.letters)
                if work.answer is not None:
                    batch.answers.append(work.answer)
            case Claims():
                batch.claims.extend(work.rows)
            case Outcomes():
                batch.outcomes.extend(work.outcomes)
    return batch


def _moves(batch: _Batch) -> list[Parameters]:
    return [outcome.move for outcome in batch.outcomes]


def _moved(
    dialect: Dialect,
    trusting: ManyRows,
    asking: ManyRows,
    moves: Sequence[Sequence[Any]],
    care: Care,
) -> Steps[set[int]]:
    """Move rows; give the ids (the first parameter of each) of those that were ours to move."""
    if care is Care.TRUST:
        for query, count in dialect.padded(trusting, moves):
            changed = yield Query(query.text, query.parameters, counts=True)
            if changed[0][0] != count:
                raise Fenced
        return {move[0] for move in moves}
    matched: set[int] = set()
    for query, _ in dialect.padded(asking, moves):
        answer = yield query
        matched.update(row[0] for row in answer)
    return matched


def _remember(answers: Sequence[Answer], dialect: Dialect, care: Care) -> Steps[None]:
    """Keep answers before anything else is written.

    Raises:
        Fenced: with `Care.TRUST`, when a key was used before.
        AlreadyRemembered: with `Care.ASK`, likewise.
    """
    if care is Care.ASK:
        for answer in answers:
            yield from keep_or_tell(answer, dialect)
    elif answers and not (yield from keep(answers, dialect)):
        raise Fenced


def _insert(letters: Sequence[Letter], kept: Sequence[Outcome], dialect: Dialect) -> Steps[None]:
    """Write all new rows of a batch, a table at a time."""
    letters = [*letters, *(notice for outcome in kept for notice in outcome.notices)]
    if letters:
        yield from insert_letters(letters, dialect)
    attempts = [outcome.attempt for outcome in kept if outcome.attempt is not None]
    events = [row for letter in letters for row in letter.events]
    for outcome in kept:
        events.extend(outcome.events)
    yield from dialect.many(INSERT_ATTEMPTS, attempts)
    yield from dialect.many(INSERT_EVENTS, events)
