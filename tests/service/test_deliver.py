"""DELIVER: the claim before the dial, the dialogue, and what becomes of the recipients and the connection."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.doubles.delivery_house import DeliveryHouse
from tests.doubles.memory_store import MemoryContent, MemoryQueues, MemoryStore
from tests.doubles.scripted_hops import DEAD, LATER, NO_USER, OK, TOO_MANY

from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.service.ports import Claim, QueuedMessage, Selection, StoreBusy
from sztafeta.service.ready_queue import Batch


class BusyQueues(MemoryQueues):
    """A store that may be busy when a claim is to be written, or find nothing where a message was."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.is_busy = self.has_lost = False

    async def claim(self, claims: Sequence[Claim], *, now: datetime) -> frozenset[int]:
        if self.is_busy:
            raise StoreBusy("locked")
        return await super().claim(claims, now=now)

    async def message(self, message_id: int) -> QueuedMessage | None:
        return None if self.has_lost else await super().message(message_id)


async def house(**how: object) -> DeliveryHouse:
    return await DeliveryHouse(queues=BusyQueues, **how).join()  # type: ignore[arg-type]


async def next_batch(here: DeliveryHouse) -> Batch:
    await here.look()
    batch = here.next_batch()
    assert batch is not None
    return batch


# -- the claim -------------------------------------------------------------------------------------


async def test_the_claim_is_written_before_the_dial() -> None:
    """Design §2: a crash is never followed by an attempt that nobody counted."""
    here = await house()
    message = await here.send("bob@example.net")
    seen: list[tuple[State, int]] = []
    row = here.rows(message)[0]
    here.dialer.on_dial = lambda site: seen.append((row.state, row.attempt))
    await here.work()
    assert seen == [(State.SENDING, 1)]
    assert here.states(message) == [State.DELIVERED]


async def test_what_was_canceled_meanwhile_is_not_sent() -> None:
    here = await house()
    message = await here.send("bob@example.net")
    batch = await next_batch(here)
    await here.store.cancel(Selection(), now=here.clock.now())
    attempted = await here.attempt(batch)
    assert attempted.verdicts == ()
    assert here.dialer.dialled == []
    assert here.states(message) == [State.CANCELED]
    assert not batch.queue.known


async def test_only_the_recipients_that_are_still_ours_are_in_the_transaction() -> None:
    here = await house()
    message = await here.send("bob@example.net", "carol@example.net")
    batch = await next_batch(here)
    here.rows(message)[0].state = State.HELD
    await here.attempt(batch)
    assert here.dialer.sent == [["carol@example.net"]]
    assert here.states(message) == [State.HELD, State.DELIVERED]


async def test_what_is_held_while_it_waits_in_memory_leaves_once_it_is_released() -> None:
    here = await house()
    message = await here.send("bob@example.net")
    await here.look()
    await here.store.hold(Selection(), now=here.clock.now())
    await here.work()
    assert here.dialer.dialled == []
    await here.store.release(Selection(), now=here.clock.now())
    await here.work()
    assert here.states(message) == [State.DELIVERED]
    assert here.events(message) == [
        [EventKind.QUEUED, EventKind.HELD, EventKind.RELEASED, EventKind.DELIVERED]
    ]


async def test_a_cancel_while_it_is_being_sent_comes_too_late_and_changes_nothing() -> None:
    here = await house()
    here.dialer.slow["example.net"] = asyncio.Event()
    message = await here.send("bob@example.net")
    attempt = asyncio.ensure_future(here.attempt(await next_batch(here)))
    await here.settled()
    assert await here.store.cancel(Selection(), now=here.clock.now()) == 0
    here.dialer.slow["example.net"].set()
    await attempt
    assert here.states(message) == [State.DELIVERED]


async def test_a_claim_that_the_store_cannot_write_now_is_tried_again() -> None:
    """R-27, R-30: no attempt is counted, no coroutine is left behind."""
    here = await house()
    assert isinstance(here.queues, BusyQueues)
    message = await here.send("bob@example.net")
    batch = await next_batch(here)
    here.queues.is_busy = True
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(StoreBusy):
            await here.deliver.attempt(batch, None)
        gc.collect()
    assert warned == []
    here.deliver.give_back(batch)
    await here.record.finish()
    here.queues.is_busy = False
    assert here.rows(message)[0].attempt == 0
    here.clock.advance(timedelta(minutes=2))
    await here.work()
    assert here.states(message) == [State.DELIVERED]


# -- what is sent ----------------------------------------------------------------------------------


async def test_a_message_that_is_not_in_memory_is_read_from_the_store() -> None:
    here = await house()
    await here.queues.accept(here.letter("bob@example.net", "carol@example.net"))
    await here.work()
    assert here.dialer.sent == [["bob@example.net", "carol@example.net"]]
    assert b"hello" in b"".join(here.dialer.parcels[0].content.blocks())


async def test_a_damaged_message_is_held_and_never_sent_short() -> None:
    """R-28."""
    here = await house()
    content = MemoryContent(b"From: a\r\n\r\nwhole\r\n")
    message = here.letter("bob@example.net", content=content)
    await here.queues.accept(message)
    content.octets = b"From: a\r\n\r\nwh"
    await here.work()
    assert here.dialer.parcels == []
    assert here.states(message) == [State.HELD]
    (row,) = here.rows(message)
    assert row.events[-1].kind is EventKind.HELD
    assert row.events[-1].details == {"reason": "the body does not match its SHA-256"}


async def test_a_message_that_is_gone_is_held() -> None:
    here = await house()
    assert isinstance(here.queues, BusyQueues)
    here.queues.has_lost = True
    message = here.letter("bob@example.net")
    await here.queues.accept(message)
    await here.work()
    assert here.states(message) == [State.HELD]


# -- connections -----------------------------------------------------------------------------------


async def test_a_kept_connection_is_used_again() -> None:
    """C-127."""
    here = await house()
    for _ in range(3):
        await here.send("bob@example.net")
    await here.work()
    assert len(here.dialer.opened) == 1
    assert here.dialer.opened[0].transactions == 3


async def test_a_stale_connection_is_closed_and_replaced_without_an_attempt() -> None:
    """R-45: message 2 on a reused connection is not penalised."""
    here = await house()
    await here.send("bob@example.net")
    await here.work()
    here.dialer.stale.append(here.dialer.opened[0])
    message = await here.send("carol@example.net")
    await here.work()
    (row,) = here.rows(message)
    assert (row.state, row.attempt) == (State.DELIVERED, 1)
    assert len(here.dialer.opened) == 2
    assert here.dialer.opened[0].has_quit


async def test_a_kept_connection_that_cannot_be_used_any_more_is_closed() -> None:
    here = await house()
    await here.send("bob@example.net")
    await here.work()
    here.dialer.opened[0].usable = False
    await here.send("carol@example.net")
    await here.work()
    assert len(here.dialer.opened) == 2
    assert here.dialer.opened[0].has_quit


async def test_a_connection_that_cannot_carry_more_is_quit() -> None:
    here = await house()
    here.dialer.keeps = False
    await here.send("bob@example.net")
    attempted = await here.attempt(await next_batch(here))
    assert attempted.connection is None
    assert here.dialer.opened[0].has_quit


async def test_when_no_hop_takes_us_every_recipient_gets_the_same_answer() -> None:
    here = await house()
    here.dialer.failures = {"example.net": DEAD}
    message = await here.send("bob@example.net", "carol@example.net")
    attempted = await here.attempt(await next_batch(here))
    assert attempted.connection is None
    assert [verdict.site_trouble for verdict in attempted.verdicts] == [True, True]
    for row in here.rows(message):
        assert (row.state, row.attempt) == (State.QUEUED, 1)
        assert row.attempts[0].transcript == "# the hop refused the connection\n"


async def test_a_site_whose_route_is_not_known_is_deferred() -> None:
    here = await house()
    message = await here.send("bob@example.net")
    batch = await next_batch(here)
    batch.site.route = batch.site.failure = None
    await here.attempt(batch)
    assert here.states(message) == [State.QUEUED]
    assert here.dialer.dialled == []


# -- many outcomes ---------------------------------------------------------------------------------


async def test_each_recipient_has_an_outcome_of_its_own_and_452_goes_at_once() -> None:
    """R-43, as the state machine sees it."""
    here = await house()
    here.dialer.answers = {
        "b@example.net": [LATER],
        "c@example.net": [NO_USER],
        "d@example.net": [TOO_MANY, OK],
    }
    message = await here.send(*(f"{name}@example.net" for name in "abcd"))
    await here.work()
    assert here.states(message) == [
        State.DELIVERED,
        State.QUEUED,
        State.BOUNCED,
        State.DELIVERED,
    ]
    assert here.dialer.sent[1] == ["d@example.net"]


async def test_recipients_deferred_together_are_tried_together_again() -> None:
    """R-56: a hundred recipients that were greylisted do not come back in a hundred transactions."""
    here = await house(jitter=0.2)
    here.draws = iter([0.1, 0.9, 0.3, 0.7])
    names = [f"{name}@example.net" for name in "abc"]
    here.dialer.answers = {name: [LATER, OK] for name in names}
    message = await here.send(*names)
    await here.work()
    assert len({row.due_at for row in here.rows(message)}) == 1
    here.clock.advance(timedelta(minutes=5))
    await here.work()
    assert here.dialer.sent == [names, names]


# -- expiry ----------------------------------------------------------------------------------------


async def test_what_grew_too_old_is_given_up_with_a_notice() -> None:
    here = await house()
    message = await here.send("bob@example.net")
    batch = await next_batch(here)
    here.clock.advance(timedelta(hours=49))
    await here.deliver.expire(batch)
    await here.record.finish()
    (row,) = here.rows(message)
    assert row.state is State.EXPIRED
    assert row.events[-1].details == {"reason": "expired"}
    assert len(here.notices) == 1


async def test_expiry_of_a_message_whose_content_is_gone_is_silent() -> None:
    here = await house()
    assert isinstance(here.queues, BusyQueues)
    message = here.letter("bob@example.net")
    await here.queues.accept(message)
    batch = await next_batch(here)
    here.queues.has_lost = True
    await here.deliver.expire(batch)
    await here.record.finish()
    assert here.states(message) == [State.EXPIRED]
    assert here.notices == []


async def test_expiry_leaves_alone_what_is_being_sent() -> None:
    """A queue with somebody sending must not look idle: it would be given back, and sent twice."""
    here = await house()
    here.dialer.slow["example.net"] = asyncio.Event()
    message = await here.send("bob@example.net")
    batch = await next_batch(here)
    attempt = asyncio.ensure_future(here.attempt(batch))
    await here.settled()
    await here.deliver.expire(replace(batch))
    assert not batch.queue.is_idle
    here.dialer.slow["example.net"].set()
    await attempt
    assert here.states(message) == [State.DELIVERED]
    assert batch.queue.is_idle


async def test_a_bug_inside_costs_two_minutes_and_nothing_else() -> None:
    here = await house()
    here.dialer.bug = RuntimeError("a bug")
    message = await here.send("bob@example.net")
    batch = await next_batch(here)
    with pytest.raises(RuntimeError):
        await here.deliver.attempt(batch, None)
    here.deliver.give_back(batch)
    await here.record.finish()
    (row,) = here.rows(message)
    assert row.state is State.QUEUED
    assert row.events[-1].details["reason"] == "internal"
    here.dialer.bug = None
    here.clock.advance(timedelta(minutes=2))
    await here.work()
    assert here.states(message) == [State.DELIVERED]
