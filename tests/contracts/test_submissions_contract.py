"""What every store promises about a call: its messages, what they share and its answer, all or none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.houses import House, accepted, leased
from tests.contracts.letters import claim

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.service.ports import (
    TEST_POOL,
    AlreadyRemembered,
    BodyDamaged,
    NewMessage,
    Remembered,
    TailedContent,
)
from sztafeta.store.bodies import RowContent

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
TAIL = b"<p>the same for all</p>\r\n"


def call(house: House, *to: str, tail: bytes = TAIL) -> list[NewMessage]:
    """Write one message for each address; they share what comes after their heads."""
    tail_id = house.writer.ids.next(house.writer.now)
    return [
        house.writer.letter(
            address,
            content=TailedContent(f"To: {address}\r\n\r\n".encode(), tail_id, RowContent(tail)),
            submission_id=tail_id,
        )
        for address in to
    ]


def answer(house: House, key: str = "k1", customer_id: int = 1, text: bytes = b"{}") -> Remembered:
    return Remembered(
        customer_id=customer_id,
        endpoint="messages",
        key=key,
        request_sha256=b"digest",
        http_status=202,
        answer=text,
        until=house.writer.now + DAY,
    )


async def octets(house: House, message: NewMessage) -> bytes:
    queued = await house.first.queues.message(message.message_id)
    assert queued is not None
    assert queued.content.size == message.content.size
    return b"".join(queued.content.blocks())


async def is_kept(house: House, messages: Sequence[NewMessage]) -> set[bool]:
    return {await house.first.queues.message(one.message_id) is not None for one in messages}


# -- what a call shares -----------------------------------------------------------------------------


async def test_every_message_of_a_call_is_whole(house: House) -> None:
    messages = call(house, "bob@example.net", "carol@example.org")
    queue_ids = await house.first.messages.accept_all(messages)
    assert set(queue_ids) == {"example.net", "example.org"}
    for message in messages:
        assert await octets(house, message) == b"".join(message.content.blocks())


async def test_a_big_tail_is_kept_once_beside_the_rows(house: House) -> None:
    tail_id = house.writer.ids.next(house.writer.now)
    spool = house.bodies.open_spool(tail_id)
    spool.write(b"x" * 100_000)
    tail = await house.bodies.keep(spool)
    messages = [
        house.writer.letter(content=TailedContent(head, tail_id, tail))
        for head in (b"To: bob\r\n\r\n", b"To: carol\r\n\r\n")
    ]
    await house.first.messages.accept_all(messages)
    assert await octets(house, messages[0]) == b"To: bob\r\n\r\n" + b"x" * 100_000
    assert await octets(house, messages[1]) == b"To: carol\r\n\r\n" + b"x" * 100_000


async def test_a_message_of_a_call_may_be_accepted_anew_with_what_it_shares(house: House) -> None:
    (message,) = call(house, "bob@example.net")
    await house.first.messages.accept_all([message])
    queued = await house.first.queues.message(message.message_id)
    assert queued is not None
    again = house.writer.letter(content=queued.content)
    await accepted(house, again)
    assert await octets(house, again) == b"".join(message.content.blocks())


async def test_a_damaged_head_is_never_sent(house: House) -> None:
    (message,) = call(house, "bob@example.net")
    await house.first.messages.accept_all([message])
    await house.damage_body(message)
    with pytest.raises(BodyDamaged):
        await house.first.queues.message(message.message_id)


async def test_what_is_shared_leaves_with_the_last_that_names_it(house: House) -> None:
    """R-03."""
    first, second = call(house, "bob@example.net", "carol@example.net")
    await house.first.messages.accept_all([first, replace(second, expires_at=second.expires_at)])
    now = house.writer.now
    selected = await house.administration.reschedule(1, second.message_id, now + HOUR)
    assert selected == 1
    (queue,) = await leased(house)
    (bob,) = await house.first.queues.due(queue, now=now, limit=9, after=None)
    await house.first.queues.claim([claim(bob, queue)], now=now)
    await house.first.queues.settle([house.writer.settlement(bob, queue)], now=now)
    assert await house.housekeeping.prune(now + HOUR, 100) == 1
    assert await is_kept(house, [first]) == {False}
    assert (await octets(house, second)).endswith(TAIL)
    house.writer.clock.advance(HOUR)
    (carol,) = await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
    await house.first.queues.claim([claim(carol, queue)], now=house.writer.now)
    await house.first.queues.settle([house.writer.settlement(carol, queue)], now=house.writer.now)
    assert await house.housekeeping.prune(house.writer.now + HOUR, 100) == 1
    assert await is_kept(house, [first, second]) == {False}


# -- all or none -------------------------------------------------------------------------------------


async def test_of_a_call_that_fails_nothing_is_kept_and_its_neighbours_are(house: House) -> None:
    taken = house.writer.letter()
    await accepted(house, taken)
    fresh = call(house, "bob@example.net")
    broken = [*fresh, house.writer.letter(message_id=taken.message_id)]
    neighbours = [house.writer.letter() for _ in range(5)]
    outcomes = await asyncio.gather(
        house.first.messages.accept(neighbours[0]),
        house.first.messages.accept_all(broken, remembered=answer(house)),
        *(house.first.messages.accept(one) for one in neighbours[1:]),
        return_exceptions=True,
    )
    assert [isinstance(one, Exception) for one in outcomes] == [False, True, *[False] * 4]
    assert await is_kept(house, neighbours) == {True}
    assert await is_kept(house, fresh) == {False}
    assert await house.first.messages.remembered(1, "messages", "k1") is None


# -- answers -----------------------------------------------------------------------------------------


async def test_the_answer_is_kept_with_its_messages(house: House) -> None:
    """R-13."""
    kept = answer(house, text='{"id":"ć"}'.encode())
    messages = call(house, "bob@example.net")
    await house.first.messages.accept_all(messages, remembered=kept)
    assert await house.first.messages.remembered(1, "messages", "k1") == kept


async def test_the_second_call_with_a_key_keeps_nothing_and_learns_the_first_answer(
    house: House,
) -> None:
    """P5, R-13."""
    first = answer(house, text=b"first")
    await house.first.messages.accept_all(call(house, "bob@example.net"), remembered=first)
    messages = call(house, "bob@example.net")
    with pytest.raises(AlreadyRemembered) as raised:
        await house.first.messages.accept_all(messages, remembered=answer(house, text=b"second"))
    assert raised.value.remembered == first
    assert await is_kept(house, messages) == {False}


async def test_of_calls_at_once_with_one_key_one_is_kept_and_their_neighbours_are(
    house: House,
) -> None:
    """R-13: two at once, whichever node they come to."""
    other = await house.another_node()
    await other.queues.join("second", now=house.writer.now)
    calls = [call(house, "bob@example.net") for _ in range(8)]
    neighbours = [call(house, "carol@example.net") for _ in range(8)]
    doors = [house.first.messages, other.messages] * 4
    outcomes = await asyncio.gather(
        *(d.accept_all(c, remembered=answer(house)) for d, c in zip(doors, calls, strict=True)),
        *(
            d.accept_all(c, remembered=answer(house, f"n{number}"))
            for number, (d, c) in enumerate(zip(doors, neighbours, strict=True))
        ),
        return_exceptions=True,
    )
    refused = [isinstance(one, AlreadyRemembered) for one in outcomes[:8]]
    assert sorted(refused) == [False] + [True] * 7
    assert [await is_kept(house, one) for one in calls] == [{not one} for one in refused]
    assert [one for one in outcomes[8:] if isinstance(one, BaseException)] == []
    assert {await house.first.messages.remembered(1, "messages", f"n{n}") is None for n in range(8)}


async def test_keys_of_other_customers_and_endpoints_do_not_meet(house: House) -> None:
    """W-01, W-02."""
    await house.first.messages.accept_all(call(house, "b@example.net"), remembered=answer(house))
    charlie = replace(answer(house, customer_id=3))
    await house.first.messages.accept_all([house.writer.letter(customer_id=3)], remembered=charlie)
    batch = replace(answer(house), endpoint="batch")
    await house.first.messages.accept_all(call(house, "b@example.net"), remembered=batch)
    assert await house.first.messages.remembered(2, "messages", "k1") is None
    assert await house.first.messages.remembered(3, "messages", "k1") == charlie


async def test_a_key_is_free_again_when_its_time_is_over(house: House) -> None:
    await house.first.messages.accept_all(call(house, "b@example.net"), remembered=answer(house))
    house.writer.clock.advance(DAY)
    second = answer(house, text=b"second")
    await house.first.messages.accept_all(call(house, "b@example.net"), remembered=second)
    assert await house.first.messages.remembered(1, "messages", "k1") == second


async def test_answers_are_forgotten_when_their_time_is_over(house: House) -> None:
    await house.first.messages.accept_all(call(house, "b@example.net"), remembered=answer(house))
    house.writer.clock.advance(HOUR)
    later = answer(house, "k2")
    await house.first.messages.accept_all([], remembered=later)
    house.writer.clock.advance(DAY - HOUR)
    assert await house.housekeeping.forget_answers(house.writer.now) == 1
    assert await house.first.messages.remembered(1, "messages", "k1") is None
    assert await house.first.messages.remembered(1, "messages", "k2") == later


# -- later, and only as a test -----------------------------------------------------------------------


async def test_a_recipient_is_due_when_it_says(house: House) -> None:
    later = house.writer.letter(due_at=house.writer.now + HOUR)
    await accepted(house, house.writer.letter())
    await accepted(house, later)
    (queue,) = await leased(house)
    due = await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
    assert len(due) == 1
    house.writer.clock.advance(HOUR)
    due = await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
    assert [one.message_id for one in due][1:] == [later.message_id]


async def test_a_queue_is_leased_when_its_first_recipient_is_due(house: House) -> None:
    other = await house.another_node()
    await other.queues.join("second", now=house.writer.now)
    late, soon = (house.writer.letter(due_at=house.writer.now + HOUR * n) for n in (5, 1))
    await asyncio.gather(other.messages.accept(late), other.messages.accept(soon))
    assert await leased(house) == []
    await house.first.queues.heartbeat(now=house.writer.now)
    assert len(await house.first.queues.lease(now=house.writer.now + HOUR, limit=9)) == 1


async def test_what_nobody_tried_yet_is_given_another_time(house: House) -> None:
    message = house.writer.letter("bob@example.net", "carol@example.net")
    await accepted(house, message)
    (queue,) = await leased(house)
    now, later = house.writer.now, house.writer.now + HOUR
    bob, _ = await house.first.queues.due(queue, now=now, limit=9, after=None)
    await house.first.queues.claim([claim(bob, queue)], now=now)
    await house.first.queues.settle(
        [house.writer.settlement(bob, queue, State.QUEUED, due_at=now)], now=now
    )
    assert await house.administration.reschedule(1, message.message_id, later) == 1
    due = await house.first.queues.due(queue, now=now, limit=9, after=None)
    assert [one.recipient_id for one in due] == [bob.recipient_id]
    assert await house.administration.reschedule(3, message.message_id, later) == 0
    assert [one.queue_id for one in await house.first.queues.lease(now=later, limit=9)] == [
        queue.queue_id
    ]


async def test_test_mail_waits_in_queues_of_its_own(house: House) -> None:
    test = house.writer.letter(mode=Mode.TEST)
    await accepted(house, test)
    await accepted(house, house.writer.letter())
    pools = {one.key.pool: one for one in await leased(house)}
    assert len(pools) == 2
    (due,) = await house.first.queues.due(
        pools[TEST_POOL], now=house.writer.now, limit=9, after=None
    )
    assert due.message_id == test.message_id
    queued = await house.first.queues.message(test.message_id)
    assert queued is not None
    assert queued.mode is Mode.TEST
