"""RECORD: every outcome that was seen is written, once, whatever the store does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from tests.doubles.delivery_house import DeliveryHouse
from tests.doubles.memory_store import MemoryQueues, MemoryStore
from tests.doubles.scripted_hops import LATER, NO_DOMAIN, NO_USER, SILENCE, TOO_MANY

from sztafeta.delivery.queue_id import first_at
from sztafeta.delivery.state import MOVES, State
from sztafeta.delivery.verdict import Answer
from sztafeta.event import FINAL_KINDS, EventKind
from sztafeta.service.ports import NewMessage, Settlement, StorageFull, StoreBroken, StoreBusy


class WeakQueues(MemoryQueues):
    """A store whose commits fail as often as it was told, and that writes down what it was given."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.failures: list[Exception] = []
        self.is_busy = False
        self.unwritable: set[int] = set()
        """Recipients whose settlement clashes with what is there."""
        self.gate: asyncio.Event | None = None
        self.commits: list[Sequence[Settlement]] = []

    async def settle(self, settlements: Sequence[Settlement], *, now: datetime) -> frozenset[int]:
        if self.failures:
            raise self.failures.pop(0)
        if self.is_busy:
            raise StoreBusy("locked")
        if any(settlement.recipient_id in self.unwritable for settlement in settlements):
            raise ValueError("UNIQUE constraint failed")
        if self.gate is not None:
            await self.gate.wait()
        self.commits.append(settlements)
        return await super().settle(settlements, now=now)


@pytest.fixture
async def here() -> DeliveryHouse:
    return await DeliveryHouse(queues=WeakQueues).join()


def weak(here: DeliveryHouse) -> WeakQueues:
    assert isinstance(here.queues, WeakQueues)
    return here.queues


async def tried(here: DeliveryHouse, *answers: Answer) -> NewMessage:
    """Send to one recipient whose attempts end in these answers, the last again and again."""
    here.dialer.answers["bob@example.net"] = answers
    message = await here.send("bob@example.net")
    await here.work()
    return message


# -- what is written -------------------------------------------------------------------------------


async def test_a_delivery_is_an_attempt_an_event_and_no_transcript(here: DeliveryHouse) -> None:
    message = await here.send("bob@example.net")
    await here.work()
    (row,) = here.rows(message)
    assert row.final_at == here.clock.now()
    (attempt,) = row.attempts
    assert (attempt.number, attempt.outcome, attempt.stage) == (1, "delivered", "dot")
    assert (attempt.reply_code, attempt.reply_status, attempt.reply_text) == (250, "2.0.0", "Ok")
    assert (attempt.hop, attempt.tls) == ("mx.example.net[192.0.2.1]:25", "TLSv1.3")
    assert attempt.transcript == ""
    assert row.events[-1].details == {
        "attempt": 1,
        "hop": "mx.example.net[192.0.2.1]:25",
        "reply": "250 2.0.0 Ok",
    }


async def test_a_bounce_keeps_its_transcript_its_rule_and_its_class(here: DeliveryHouse) -> None:
    message = await tried(here, NO_USER)
    (row,) = here.rows(message)
    assert row.state is State.BOUNCED
    assert row.attempts[0].transcript == "C: MAIL FROM:<>\n"
    assert row.events[-1].details == {
        "attempt": 1,
        "hop": "mx.example.net[192.0.2.1]:25",
        "reply": "550 5.1.1 No such user",
        "stage": "rcpt",
        "rule": row.attempts[0].rule,
        "class": "bad-mailbox",
    }


async def test_a_silent_end_is_written_in_words_and_tried_again(here: DeliveryHouse) -> None:
    """R-41."""
    message = await tried(here, SILENCE)
    (row,) = here.rows(message)
    assert row.state is State.QUEUED
    assert row.attempts[0].reply_code is None
    details = row.events[-1].details
    assert details["failure"] == "the hop took too long over the dot"
    assert details["rule"] == "outcome-unknown"
    assert details["next_due"] == row.due_at.isoformat(timespec="seconds")


async def test_the_last_deferral_is_an_expiry(here: DeliveryHouse) -> None:
    """R-60."""
    message = await tried(here, LATER)
    here.clock.advance(timedelta(hours=48))
    await here.work()
    (row,) = here.rows(message)
    assert row.state is State.EXPIRED
    assert row.events[-1].kind is EventKind.BOUNCED
    assert row.events[-1].details["reason"] == "expired"


async def test_another_transaction_at_once_is_no_wait(here: DeliveryHouse) -> None:
    """R-43: 452 after k recipients."""
    here.dialer.answers["bob@example.net"] = [TOO_MANY, LATER]
    message = await here.send("alice@example.net", "bob@example.net")
    await here.work()
    row = here.rows(message)[1]
    assert [attempt.ended_at for attempt in row.attempts] == [here.clock.now()] * 2


async def test_a_hop_that_takes_no_recipient_at_all_is_not_asked_again_at_once(
    here: DeliveryHouse,
) -> None:
    """452 to the first recipient is no wish for another transaction: it would be asked for ever."""
    message = await tried(here, TOO_MANY)
    (row,) = here.rows(message)
    assert row.attempt == 1
    assert row.due_at == here.clock.now() + timedelta(minutes=2)


async def test_every_attempt_has_one_line_for_the_log(here: DeliveryHouse) -> None:
    here.dialer.answers["bob@example.net"] = [NO_USER]
    message = await here.send("bob@example.net", "carol@example.net")
    await here.work()
    first, second = (line for line in here.lines if line.message_id == message.message_id)
    assert (first.outcome, first.code, first.rule, first.bounce_class) == (
        "bounced",
        550,
        here.rows(message)[0].attempts[0].rule,
        "bad-mailbox",
    )
    assert (second.outcome, second.site, second.domain) == (
        "delivered",
        "example.net",
        "example.net",
    )
    assert (second.message_id, second.attempt) == (message.message_id, 1)


async def test_an_attempt_without_a_route_has_its_line_too(here: DeliveryHouse) -> None:
    here.router.routes["example.net"] = NO_DOMAIN
    message = await here.send("bob@example.net")
    await here.work()
    (line,) = (line for line in here.lines if line.message_id == message.message_id)
    assert (line.stage, line.code, line.status, line.hop) == ("route", None, "", "")


@pytest.mark.parametrize("answer", [NO_USER, LATER, SILENCE, TOO_MANY])
async def test_no_state_is_written_that_the_table_does_not_know(
    here: DeliveryHouse, answer: Answer
) -> None:
    """P3: each final state comes with one final event."""
    message = await tried(here, answer)
    for _ in range(40):
        here.clock.advance(timedelta(hours=2))
        await here.work()
    moves = {(move.before, move.after) for move in MOVES}
    for commit in weak(here).commits:
        assert {(State.SENDING, one.state) for one in commit} <= moves
    finals = [event for event in here.rows(message)[0].events if event.kind in FINAL_KINDS]
    assert len(finals) == 1


async def test_what_is_held_inside_is_a_move_of_the_table(here: DeliveryHouse) -> None:
    await here.send("bob@example.net")
    await here.look()
    batch = here.next_batch()
    assert batch is not None
    here.record.hold(batch, batch.recipients, "a reason")
    await here.record.finish()
    (settlement,) = weak(here).commits[0]
    assert (State.SENDING, settlement.state) in {(move.before, move.after) for move in MOVES}


# -- when it is written ----------------------------------------------------------------------------


async def test_outcomes_that_come_during_a_commit_share_the_next(here: DeliveryHouse) -> None:
    for name in ("a", "b", "c"):
        await here.send(f"{name}@example.net")
    await here.look()
    weak(here).gate = asyncio.Event()
    for _ in range(3):
        batch = here.next_batch()
        assert batch is not None
        await here.deliver.attempt(batch, None)
        await here.settled()
    assert here.record.backlog == 2
    gate = weak(here).gate
    assert gate is not None
    gate.set()
    await here.record.finish()
    assert [len(commit) for commit in weak(here).commits] == [1, 2]
    assert here.record.backlog == 0


async def test_outcomes_wait_while_the_store_cannot_commit(here: DeliveryHouse) -> None:
    """R-21, R-27, R-30: an outcome that was seen is not forgotten, and the mail not sent twice."""
    weak(here).failures = [StoreBusy("locked"), StorageFull("the disk is full")]
    message = await here.send("bob@example.net")
    await here.work()
    assert here.states(message) == [State.DELIVERED]
    assert here.dialer.sent == [["bob@example.net"]]
    assert here.troubles == [
        "the store cannot record outcomes now; trying again: locked",
        "the store cannot record outcomes now; trying again: the disk is full",
    ]


async def test_an_outcome_that_cannot_be_written_is_left_to_its_lease_and_the_others_are_written(
    here: DeliveryHouse,
) -> None:
    """One clash must not block all recording; the recipient is tried again when its queue is leased anew."""
    message = await here.send("a@example.net", "b@example.net", "c@example.net")
    weak(here).unwritable = {message.recipients[1].recipient_id}
    await here.work()
    assert here.states(message) == [State.DELIVERED, State.SENDING, State.DELIVERED]
    assert here.troubles == [
        "outcomes could not be recorded together; trying each alone: UNIQUE constraint failed",
        "an outcome cannot be recorded; its recipient is left to its lease: UNIQUE constraint failed",
    ]
    weak(here).unwritable.clear()
    for _ in range(2):
        await here.schedule.release_idle(before=here.clock.now())
    await here.work()
    assert here.states(message) == [State.DELIVERED] * 3


async def test_an_outcome_that_waited_for_the_store_gets_an_id_of_its_commit(
    here: DeliveryHouse,
) -> None:
    seen_at = here.clock.now()
    weak(here).is_busy = True
    await here.send("bob@example.net")
    await here.look()
    batch = here.next_batch()
    assert batch is not None
    await here.deliver.attempt(batch, None)
    here.clock.advance(timedelta(minutes=10))
    weak(here).is_busy = False
    await here.record.finish()
    ((settlement,),) = weak(here).commits
    assert settlement.events[0].at == seen_at
    assert settlement.events[0].event_id >= first_at(here.clock.now())


async def test_the_end_does_not_wait_for_a_store_that_stays_busy(here: DeliveryHouse) -> None:
    """R-14: what was not recorded in time is left to its lease."""
    message = await here.send("bob@example.net")
    await here.look()
    weak(here).is_busy = True
    batch = here.next_batch()
    assert batch is not None
    await here.deliver.attempt(batch, None)
    await here.record.finish(patience=0)
    assert here.states(message) == [State.SENDING]
    assert "outcomes are not recorded; their recipients are left to their lease: " in here.troubles
    told = len(here.troubles)
    await here.settled()
    assert len(here.troubles) == told, "it does not try on"


async def test_a_broken_store_is_told_once_and_not_asked_again(here: DeliveryHouse) -> None:
    """R-24."""
    weak(here).failures = [StoreBroken("a sync failed")]
    message = await here.send("bob@example.net")
    await here.look()
    batch = here.next_batch()
    assert batch is not None
    await here.attempt(batch)
    assert here.states(message) == [State.SENDING]
    assert here.troubles == ["the store is broken; outcomes stay unwritten: a sync failed"]
    assert batch.queue.known, "nobody else may take it from here"


async def test_an_outcome_of_a_lost_lease_changes_nothing(here: DeliveryHouse) -> None:
    """The epoch fences: what another node has taken since is its own."""
    here.dialer.answers["bob@example.net"] = [NO_USER]
    message = await here.send("bob@example.net")
    here.dialer.slow["example.net"] = asyncio.Event()
    await here.look()
    batch = here.next_batch()
    assert batch is not None
    attempt = asyncio.ensure_future(here.attempt(batch))
    await here.settled()
    here.store.ready[1].node = None
    here.store.ready[1].poke(here.clock.now())
    await here.queues.lease(now=here.clock.now(), limit=1)
    here.dialer.slow["example.net"].set()
    await attempt
    (row,) = here.rows(message)
    assert row.state is State.QUEUED
    assert here.notices == []


async def test_a_notice_is_found_by_the_schedule_that_queued_it(here: DeliveryHouse) -> None:
    """It may be for a queue that is ours already, or for one that is nobody's yet."""
    await here.send("somebody@example.com")
    await here.work()
    for _ in range(2):
        await tried(here, NO_USER)
    await here.work()
    assert [row for row in here.dialer.sent if row == ["alice@example.com"]] == [
        ["alice@example.com"]
    ] * 2
