"""What every store promises to the delivery side."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.houses import House, NodeHouse, accepted, leased
from tests.contracts.letters import BODY, claim

from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import ForwardPath, Notify
from sztafeta.service.ports import BodyDamaged, DueRecipient, LeasedQueue, NewMessage, QueueKey

MINUTE = timedelta(minutes=1)


async def one_due(house: House, message: NewMessage) -> tuple[LeasedQueue, DueRecipient]:
    """Accept a message to one recipient, take its queue and read what is due."""
    await accepted(house, message)
    (queue,) = await leased(house)
    (due,) = await house.first.queues.due(queue, now=house.writer.now, limit=10, after=None)
    return queue, due


async def claimed(house: House, queue: LeasedQueue, due: DueRecipient) -> None:
    ours = await house.first.queues.claim([claim(due, queue)], now=house.writer.now)
    assert ours == {due.recipient_id}


# -- accept and lease -----------------------------------------------------------------------------


async def test_an_accepted_message_is_due_at_once_in_the_queue_of_its_domain(house: House) -> None:
    message = house.writer.letter("bob@example.net")
    queue_ids = await accepted(house, message)
    (queue,) = await leased(house)
    assert queue.key == QueueKey(customer_id=1, domain="example.net")
    assert queue_ids == {"example.net": queue.queue_id}
    (due,) = await house.first.queues.due(queue, now=house.writer.now, limit=10, after=None)
    assert due == DueRecipient(
        recipient_id=message.recipients[0].recipient_id,
        message_id=message.message_id,
        queue_id=queue.queue_id,
        forward_path=message.recipients[0].forward_path,
        attempt=0,
        due_at=message.accepted_at,
        accepted_at=message.accepted_at,
        expires_at=message.expires_at,
    )


async def test_recipients_of_one_message_go_to_the_queues_of_their_domains(house: House) -> None:
    message = house.writer.letter("bob@example.net", "charlie@example.org", "carol@example.net")
    queue_ids = await accepted(house, message)
    queues = {queue.key.domain: queue for queue in await leased(house)}
    assert {domain: queue.queue_id for domain, queue in queues.items()} == queue_ids
    now = house.writer.now
    at_net = await house.first.queues.due(queues["example.net"], now=now, limit=10, after=None)
    assert [due.forward_path.mailbox.local_part for due in at_net] == ["bob", "carol"]


async def test_customers_have_queues_of_their_own(house: House) -> None:
    first = await accepted(house, house.writer.letter(customer_id=1))
    second = await accepted(house, house.writer.letter(customer_id=2))
    assert first["example.net"] != second["example.net"]


async def test_a_suppressed_recipient_is_final_and_never_due(house: House) -> None:
    await accepted(house, house.writer.letter(state=State.SUPPRESSED))
    (queue,) = await leased(house)
    assert not await house.first.queues.due(queue, now=house.writer.now, limit=10, after=None)
    assert await house.history.counts() == {State.SUPPRESSED: 1}


async def test_many_accepts_at_once_are_all_kept(house: House) -> None:
    letters = [house.writer.letter(f"bob{n}@example.net") for n in range(75)]
    await asyncio.gather(*(accepted(house, letter) for letter in letters))
    (queue,) = await leased(house)
    due = await house.first.queues.due(queue, now=house.writer.now, limit=100, after=None)
    assert [one.message_id for one in due] == [letter.message_id for letter in letters]


async def test_a_unit_that_fails_does_not_fail_its_neighbours(house: House) -> None:
    good = [house.writer.letter() for _ in range(5)]
    twice = house.writer.letter(message_id=good[0].message_id)
    answers = await asyncio.gather(
        *(accepted(house, letter) for letter in [*good, twice]), return_exceptions=True
    )
    assert all(answer == answers[0] for answer in answers[:5])
    assert isinstance(answers[5], Exception)
    assert await house.history.counts() == {State.QUEUED: 5}


async def test_a_leased_queue_is_not_leased_again_until_something_pokes_it(house: House) -> None:
    await accepted(house, house.writer.letter())
    assert len(await leased(house)) == 1
    assert await leased(house) == []
    await accepted(house, house.writer.letter())
    assert await leased(house) == [], "the owner keeps the time of its own accepts"


async def test_an_accept_on_another_node_pokes_the_owner_and_leaves_the_epoch(house: House) -> None:
    await accepted(house, house.writer.letter())
    (queue,) = await leased(house)
    other = await house.another_node()
    await other.queues.join("second", now=house.writer.now)
    await other.messages.accept(house.writer.letter())
    assert await other.queues.lease(now=house.writer.now, limit=10) == []
    assert await leased(house) == [queue]
    assert await leased(house) == []


async def test_a_released_queue_is_taken_when_it_is_due_next(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    await claimed(house, queue, due)
    later = house.writer.now + MINUTE
    deferred = house.writer.settlement(due, queue, State.QUEUED, due_at=later)
    await house.first.queues.settle([deferred], now=house.writer.now)
    assert await house.first.queues.next_due(queue) == later
    await house.first.queues.release([queue], now=house.writer.now)
    assert await leased(house) == []
    house.writer.clock.advance(MINUTE)
    (again,) = await leased(house)
    assert (again.queue_id, again.epoch) == (queue.queue_id, queue.epoch + 1)


async def test_an_empty_queue_is_released_without_a_next_time(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    await claimed(house, queue, due)
    await house.first.queues.settle([house.writer.settlement(due, queue)], now=house.writer.now)
    assert await house.first.queues.next_due(queue) is None
    await house.first.queues.release([queue], now=house.writer.now)
    house.writer.clock.advance(timedelta(days=1))
    assert await leased(house) == []


async def test_a_release_under_an_old_epoch_changes_nothing(house: House) -> None:
    queue, _ = await one_due(house, house.writer.letter())
    stale = replace(queue, epoch=queue.epoch - 1)
    await house.first.queues.release([stale], now=house.writer.now)
    assert await leased(house) == []


async def test_queues_are_leased_by_name_whether_due_or_not(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    await claimed(house, queue, due)
    await house.first.queues.settle([house.writer.settlement(due, queue)], now=house.writer.now)
    await house.first.queues.release([queue], now=house.writer.now)
    unknown = QueueKey(customer_id=9, domain="example.org")
    named = [queue.key, unknown]
    (again,) = await house.first.queues.lease_named(named, now=house.writer.now)
    assert (again.key, again.epoch) == (queue.key, queue.epoch + 1)
    assert await house.first.queues.lease_named(named, now=house.writer.now) == [again]


async def test_at_most_the_limit_is_leased_and_the_oldest_first(house: House) -> None:
    for domain in ("example.net", "example.org", "example.com"):
        await accepted(house, house.writer.letter(f"bob@{domain}"))
        house.writer.clock.advance(MINUTE)
    first = await house.first.queues.lease(now=house.writer.now, limit=2)
    assert [queue.key.domain for queue in first] == ["example.net", "example.org"]
    assert [queue.key.domain for queue in await leased(house)] == ["example.com"]


# -- what is due ----------------------------------------------------------------------------------


async def test_due_recipients_come_oldest_first_and_page_by_page(house: House) -> None:
    letters = []
    for _ in range(4):
        letters.append(house.writer.letter("bob@example.net", "carol@example.net"))
        await accepted(house, letters[-1])
        house.writer.clock.advance(MINUTE)
    (queue,) = await leased(house)
    seen: list[int] = []
    mark = None
    while page := await house.first.queues.due(queue, now=house.writer.now, limit=3, after=mark):
        seen += [due.recipient_id for due in page]
        mark = (page[-1].due_at, page[-1].recipient_id)
    assert seen == [one.recipient_id for letter in letters for one in letter.recipients]


async def test_what_is_not_due_yet_is_not_read(house: House) -> None:
    queue, _ = await one_due(house, house.writer.letter())
    before = house.writer.now - MINUTE
    assert not await house.first.queues.due(queue, now=before, limit=10, after=None)


async def test_recipients_that_are_too_old_are_found_whether_due_or_not(house: House) -> None:
    await accepted(house, house.writer.letter(ttl=MINUTE))
    await accepted(house, house.writer.letter(ttl=timedelta(days=2)))
    (queue,) = await leased(house)
    now = house.writer.now + 2 * MINUTE
    (old,) = await house.first.queues.expired(queue, now=now, limit=10)
    assert old.expires_at == house.writer.now + MINUTE


async def test_a_message_comes_back_as_it_was_accepted(house: House) -> None:
    letter = house.writer.letter(reverse_path=None)
    path = ForwardPath(
        mailbox=Mailbox("żółw", "example.net"),
        notify=Notify.SUCCESS | Notify.DELAY,
        original="rfc822;bob+40example.net",
    )
    recipients = (replace(letter.recipients[0], forward_path=path),)
    letter = replace(letter, recipients=recipients, failure_notices=False)
    _, due = await one_due(house, letter)
    assert due.forward_path == path
    found = await house.first.queues.message(letter.message_id)
    assert found is not None
    assert b"".join(found.content.blocks()) == BODY
    assert found.content.size == len(BODY)
    assert found.envelope == letter.envelope
    assert (found.customer_id, found.account_id) == (1, 11)
    assert (found.signing_domain, found.failure_notices) == ("example.com", False)
    assert (found.accepted_at, found.expires_at) == (letter.accepted_at, letter.expires_at)


async def test_an_unknown_message_is_none(house: House) -> None:
    assert await house.first.queues.message(1) is None


async def test_a_damaged_body_is_never_given(house: House) -> None:
    """R-12: one changed octet is found by the checksum."""
    letter = house.writer.letter()
    await accepted(house, letter)
    await house.damage_body(letter)
    with pytest.raises(BodyDamaged):
        await house.first.queues.message(letter.message_id)


async def test_a_big_body_goes_through_the_spool_and_comes_back_whole(house: House) -> None:
    message_id = house.writer.ids.next(house.writer.now)
    spool = house.bodies.open_spool(message_id)
    for block in (b"a" * 70_000, b"b" * 70_000):
        spool.write(block)
    content = await house.bodies.keep(spool)
    await accepted(house, house.writer.letter(message_id=message_id, content=content))
    found = await house.first.queues.message(message_id)
    assert found is not None
    assert b"".join(found.content.blocks()) == b"a" * 70_000 + b"b" * 70_000
    assert found.content.size == 140_000


# -- claim and settle -----------------------------------------------------------------------------


async def test_a_claim_counts_the_attempt_and_takes_the_row_from_what_is_due(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    await claimed(house, queue, due)
    assert not await house.first.queues.due(queue, now=house.writer.now, limit=10, after=None)
    assert await house.history.counts() == {State.SENDING: 1}


async def test_only_the_first_of_two_claims_is_ours(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    answers = await asyncio.gather(
        *(house.first.queues.claim([claim(due, queue)], now=house.writer.now) for _ in range(3))
    )
    assert sorted(answers, key=len) == [frozenset(), frozenset(), {due.recipient_id}]


async def test_a_claim_of_some_that_are_gone_gives_those_that_are_ours(house: House) -> None:
    letter = house.writer.letter("bob@example.net", "carol@example.net")
    await accepted(house, letter)
    (queue,) = await leased(house)
    bob, carol = await house.first.queues.due(queue, now=house.writer.now, limit=10, after=None)
    await claimed(house, queue, bob)
    wishes = [claim(bob, queue), claim(carol, queue)]
    assert await house.first.queues.claim(wishes, now=house.writer.now) == {carol.recipient_id}


async def test_a_claim_under_an_old_epoch_or_count_takes_nothing(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    stale = claim(due, replace(queue, epoch=queue.epoch - 1))
    counted = claim(replace(due, attempt=1), queue)
    assert await house.first.queues.claim([stale, counted], now=house.writer.now) == frozenset()


async def test_a_delivery_is_recorded_with_its_attempt_and_event(house: House) -> None:
    """P3: exactly one final state, and the event that says which."""
    letter = house.writer.letter()
    queue, due = await one_due(house, letter)
    await claimed(house, queue, due)
    settlement = house.writer.settlement(due, queue)
    assert await house.first.queues.settle([settlement], now=house.writer.now) == {due.recipient_id}
    history = await house.history.message_history(letter.message_id)
    assert history is not None
    (timeline,) = history.recipients
    assert timeline.state is State.DELIVERED
    assert timeline.final_at == house.writer.now
    assert [event.kind for event in timeline.events] == [EventKind.QUEUED, EventKind.DELIVERED]
    assert timeline.attempts == (settlement.attempt,)


async def test_a_deferred_recipient_is_due_later_with_its_attempt_counted(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    await claimed(house, queue, due)
    later = house.writer.now + MINUTE
    settlement = house.writer.settlement(due, queue, State.QUEUED, due_at=later)
    await house.first.queues.settle([settlement], now=house.writer.now)
    assert not await house.first.queues.due(queue, now=house.writer.now, limit=10, after=None)
    (again,) = await house.first.queues.due(queue, now=later, limit=10, after=None)
    assert (again.attempt, again.due_at) == (1, later)


async def test_an_outcome_is_written_once(house: House) -> None:
    letter = house.writer.letter()
    queue, due = await one_due(house, letter)
    await claimed(house, queue, due)
    settlement = house.writer.settlement(due, queue)
    again = house.writer.settlement(due, queue, State.BOUNCED)
    first = await house.first.queues.settle([settlement], now=house.writer.now)
    second = await house.first.queues.settle([again], now=house.writer.now)
    assert (first, second) == ({due.recipient_id}, frozenset())
    history = await house.history.message_history(letter.message_id)
    assert history is not None
    assert len(history.recipients[0].events) == 2
    assert len(history.recipients[0].attempts) == 1


async def test_settlements_of_which_one_is_stale_are_written_but_for_that_one(
    house: House,
) -> None:
    letter = house.writer.letter("bob@example.net", "carol@example.net")
    await accepted(house, letter)
    (queue,) = await leased(house)
    bob, carol = await house.first.queues.due(queue, now=house.writer.now, limit=10, after=None)
    await claimed(house, queue, bob)
    outcomes = [house.writer.settlement(bob, queue), house.writer.settlement(carol, queue)]
    assert await house.first.queues.settle(outcomes, now=house.writer.now) == {bob.recipient_id}
    history = await house.history.message_history(letter.message_id)
    assert history is not None
    assert [len(one.events) for one in history.recipients] == [2, 1]


async def test_a_notice_is_queued_in_the_same_commit(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    await claimed(house, queue, due)
    notice = house.writer.letter("alice@example.com", reverse_path=None)
    settlement = house.writer.settlement(due, queue, State.BOUNCED, notices=[notice])
    await house.first.queues.settle([settlement], now=house.writer.now)
    (other,) = await leased(house)
    assert other.key.domain == "example.com"
    (due_notice,) = await house.first.queues.due(other, now=house.writer.now, limit=9, after=None)
    assert due_notice.message_id == notice.message_id


async def test_a_stale_outcome_brings_no_notice(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    notice = house.writer.letter("alice@example.com", reverse_path=None)
    settlement = house.writer.settlement(due, queue, State.BOUNCED, notices=[notice])
    assert await house.first.queues.settle([settlement], now=house.writer.now) == frozenset()
    assert await house.first.queues.message(notice.message_id) is None


async def test_many_claims_and_outcomes_at_once_each_get_their_own_answer(house: House) -> None:
    letters = [house.writer.letter(f"bob{n}@example.net") for n in range(70)]
    await asyncio.gather(*(accepted(house, letter) for letter in letters))
    (queue,) = await leased(house)
    due = await house.first.queues.due(queue, now=house.writer.now, limit=100, after=None)
    await asyncio.gather(*(claimed(house, queue, one) for one in due))
    answers = await asyncio.gather(
        *(
            house.first.queues.settle([house.writer.settlement(one, queue)], now=house.writer.now)
            for one in due
        )
    )
    assert answers == [{one.recipient_id} for one in due]
    assert await house.history.counts() == {State.DELIVERED: 70}


# -- nodes ----------------------------------------------------------------------------------------


async def second_node(house: House) -> NodeHouse:
    other = await house.another_node()
    await other.queues.join("second", now=house.writer.now)
    return other


async def test_nodes_get_different_numbers_and_keep_them(house: House) -> None:
    other = await house.another_node()
    number = await other.queues.join("second", now=house.writer.now)
    first = await house.first.queues.join("first", now=house.writer.now)
    assert number != first
    again = await house.another_node()
    assert await again.queues.join("second", now=house.writer.now) == number
    assert 0 < number < 255


async def test_a_node_that_comes_back_takes_its_queues_at_once(house: House) -> None:
    """R-07: what an earlier life left SENDING is due at the start, and its attempt is counted."""
    queue, due = await one_due(house, house.writer.letter())
    await claimed(house, queue, due)
    reborn = await house.another_node()
    await reborn.queues.join("first", now=house.writer.now)
    (again,) = await reborn.queues.lease(now=house.writer.now, limit=10)
    assert again.epoch == queue.epoch + 1
    (left,) = await reborn.queues.due(again, now=house.writer.now, limit=10, after=None)
    assert (left.recipient_id, left.attempt) == (due.recipient_id, 1)


async def test_an_attempt_whose_end_nobody_saw_is_in_the_history_as_unknown(house: House) -> None:
    """R-06: the log shows two attempts, the first with outcome unknown."""
    letter = house.writer.letter()
    queue, due = await one_due(house, letter)
    await claimed(house, queue, due)
    reborn = await house.another_node()
    await reborn.queues.join("first", now=house.writer.now)
    (again,) = await reborn.queues.lease(now=house.writer.now, limit=10)
    (left,) = await reborn.queues.due(again, now=house.writer.now, limit=10, after=None)
    await reborn.queues.claim([claim(left, again)], now=house.writer.now)
    await reborn.queues.settle([house.writer.settlement(left, again)], now=house.writer.now)
    history = await house.history.message_history(letter.message_id)
    assert history is not None
    outcomes = [(one.number, one.outcome) for one in history.recipients[0].attempts]
    assert outcomes == [(1, "unknown"), (2, "delivered")]


async def test_a_living_nodes_queues_are_left_alone(house: House) -> None:
    await one_due(house, house.writer.letter())
    other = await second_node(house)
    assert await other.queues.lease(now=house.writer.now, limit=10) == []
    keys = [QueueKey(customer_id=1, domain="example.net")]
    assert await other.queues.lease_named(keys, now=house.writer.now) == []


async def test_a_dead_nodes_queues_are_taken_over(house: House) -> None:
    queue, due = await one_due(house, house.writer.letter())
    await claimed(house, queue, due)
    await house.let_leases_run_out()
    other = await second_node(house)
    (taken,) = await other.queues.lease(now=house.writer.now, limit=10)
    assert (taken.queue_id, taken.epoch) == (queue.queue_id, queue.epoch + 1)
    (left,) = await other.queues.due(taken, now=house.writer.now, limit=10, after=None)
    assert left.recipient_id == due.recipient_id


async def test_a_zombies_writes_match_nothing(house: House) -> None:
    """R-32: a frozen node's claim and outcome fail on the epoch; no state goes backwards."""
    letter = house.writer.letter("bob@example.net", "carol@example.net")
    await accepted(house, letter)
    (queue,) = await leased(house)
    bob, carol = await house.first.queues.due(queue, now=house.writer.now, limit=10, after=None)
    await claimed(house, queue, bob)
    await house.let_leases_run_out()
    other = await second_node(house)
    (taken,) = await other.queues.lease(now=house.writer.now, limit=10)
    left = await other.queues.due(taken, now=house.writer.now, limit=10, after=None)
    ours = await other.queues.claim([claim(one, taken) for one in left], now=house.writer.now)
    assert ours == {bob.recipient_id, carol.recipient_id}
    now = house.writer.now
    late = house.writer.settlement(bob, queue, State.BOUNCED)
    assert await house.first.queues.settle([late], now=now) == frozenset()
    assert await house.first.queues.claim([claim(carol, queue)], now=now) == frozenset()
    assert await house.history.counts() == {State.SENDING: 2}


async def test_a_heartbeat_keeps_the_queues(house: House) -> None:
    await one_due(house, house.writer.letter())
    await house.let_leases_run_out()
    await house.first.queues.heartbeat(now=house.writer.now)
    other = await second_node(house)
    assert await other.queues.lease(now=house.writer.now, limit=10) == []


async def test_a_node_that_wakes_does_not_get_back_what_the_other_took(house: House) -> None:
    """R-32: neither its heartbeat nor its release nor its lease moves the queue."""
    queue, due = await one_due(house, house.writer.letter())
    await house.let_leases_run_out()
    other = await second_node(house)
    (taken,) = await other.queues.lease(now=house.writer.now, limit=10)
    await house.first.queues.heartbeat(now=house.writer.now)
    await house.first.queues.release([queue], now=house.writer.now)
    assert await leased(house) == []
    assert await house.first.queues.lease_named([queue.key], now=house.writer.now) == []
    ours = await other.queues.claim([claim(due, taken)], now=house.writer.now)
    assert ours == {due.recipient_id}


async def test_a_notice_pokes_the_node_that_holds_its_queue(house: House) -> None:
    other = await second_node(house)
    await other.messages.accept(house.writer.letter("alice@example.com"))
    (held,) = await other.queues.lease(now=house.writer.now, limit=10)
    queue, due = await one_due(house, house.writer.letter())
    await claimed(house, queue, due)
    notice = house.writer.letter("alice@example.com", reverse_path=None)
    settlement = house.writer.settlement(due, queue, State.BOUNCED, notices=[notice])
    await house.first.queues.settle([settlement], now=house.writer.now)
    assert await leased(house) == []
    assert await other.queues.lease(now=house.writer.now, limit=10) == [held]
    found = await other.queues.due(held, now=house.writer.now, limit=10, after=None)
    assert notice.message_id in {one.message_id for one in found}
