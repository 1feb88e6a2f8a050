"""MESSAGES: who may look, and what may still be changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.doubles.submission_house import account
from tests.service.sending.test_send import ALICE, a_call
from tests.service.test_rehearsing import TESTER, Line

from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.state import State
from sztafeta.service.accept import Accepted
from sztafeta.service.fault import Refusal
from sztafeta.service.messages import Messages
from sztafeta.service.ports import MessageQuery, MessageRecord
from sztafeta.service.remembering import Remembering
from sztafeta.service.sending.call import AttachedFile, Caller

BOB = replace(ALICE, account=account("1.bob.smtp", 9, customer_id=2))
STRANGERS = [BOB, replace(BOB, mode=TESTER.mode), ALICE]


class Desk(Line):
    """A line of delivery, and the verb on its store."""

    def __init__(self) -> None:
        super().__init__()
        self.messages = Messages(
            feed=self.store.feed,
            queues=self.queues,
            administration=self.store,
            accept=self.office.accept,
            remembering=Remembering(self.store, clock=self.clock),
            ids=IdSource(4),
            clock=self.clock,
        )

    async def sent(self, *addresses: str, **changes: object) -> int:
        """Send in test mode; give the first message's id."""
        message_id = (await self.send(a_call(*addresses, **changes))).messages[0].message_id
        assert message_id is not None
        return message_id

    def octets(self, message_id: int) -> bytes:
        """Give a message's content."""
        return b"".join(self.store.letters[message_id][0].content.blocks())


def record(found: MessageRecord | Refusal) -> MessageRecord:
    assert isinstance(found, MessageRecord), found
    return found


def code(found: object) -> str:
    assert isinstance(found, Refusal), found
    return found.code


@pytest.mark.parametrize("stranger", STRANGERS)
async def test_what_is_another_customers_or_modes_is_not_there(stranger: Caller) -> None:
    """W-01: every way to reach a message, for a stranger and for the other mode."""
    desk = Desk()
    message_id = await desk.sent("bob@example.net", send_at=desk.clock.now() + timedelta(hours=1))
    messages = desk.messages
    later = desk.clock.now() + timedelta(hours=2)
    for answer in (
        await messages.find(stranger, message_id),
        await messages.source(stranger, message_id),
        await messages.cancel(stranger, message_id),
        await messages.resend(stranger, message_id),
        await messages.reschedule(stranger, message_id, later),
    ):
        assert code(answer) == "not_found"
    query = MessageQuery(customer_id=ALICE.account.customer_id, mode=TESTER.mode)
    assert list(await messages.list(stranger, query, limit=10)) == []
    assert len(desk.store.letters) == 1


async def test_a_message_is_found_with_what_happened_to_it() -> None:
    desk = Desk()
    message_id = await desk.sent("bounced@example.net", tags=("order",), metadata={"n": "5"})
    await desk.work()
    found = record(await desk.messages.find(TESTER, message_id))
    (recipient,) = found.recipients
    assert (found.tags, found.metadata) == (("order",), {"n": "5"})
    assert (recipient.state, len(recipient.attempts)) == (State.BOUNCED, 1)


async def test_the_source_is_what_was_accepted() -> None:
    desk = Desk()
    message_id = await desk.sent()
    content = await desk.messages.source(TESTER, message_id)
    assert not isinstance(content, Refusal)
    assert b"".join(content.blocks()) == desk.octets(message_id)


async def test_what_waits_can_be_canceled_once_and_what_was_sent_cannot() -> None:
    desk = Desk()
    waiting = await desk.sent(send_at=desk.clock.now() + timedelta(hours=1))
    canceled = record(await desk.messages.cancel(TESTER, waiting))
    assert canceled.recipients[0].state is State.CANCELED
    assert code(await desk.messages.cancel(TESTER, waiting)) == "wrong_state"
    delivered = await desk.sent("delivered@example.net")
    await desk.work()
    assert code(await desk.messages.cancel(TESTER, delivered)) == "wrong_state"
    desk.clock.advance(timedelta(hours=2))
    await desk.work()
    assert desk.store.recipients_of(waiting)[0].state is State.CANCELED


@pytest.mark.parametrize("minutes", [30, 90])
async def test_another_time_counts_earlier_or_later(minutes: int) -> None:
    desk = Desk()
    message_id = await desk.sent(send_at=desk.clock.now() + timedelta(hours=1))
    await desk.work()
    send_at = desk.clock.now() + timedelta(minutes=minutes)
    moved = record(await desk.messages.reschedule(TESTER, message_id, send_at))
    assert moved.recipients[0].due_at == send_at
    for step in (timedelta(minutes=minutes - 1), timedelta(minutes=2)):
        assert desk.states()["bob"] is State.QUEUED
        desk.clock.advance(step)
        await desk.work()
    assert desk.states()["bob"] is State.DELIVERED


async def test_a_time_that_cannot_be_is_refused() -> None:
    desk = Desk()
    now = desk.clock.now()
    message_id = await desk.sent(send_at=now + timedelta(hours=1))
    for days in (4, 31):
        answer = await desk.messages.reschedule(TESTER, message_id, now + timedelta(days=days))
        assert code(answer) == "invalid"


async def test_what_was_tried_keeps_its_time() -> None:
    desk = Desk()
    message_id = await desk.sent("slow@example.net")
    await desk.work()
    later = desk.clock.now() + timedelta(hours=1)
    assert code(await desk.messages.reschedule(TESTER, message_id, later)) == "wrong_state"


@pytest.mark.parametrize("size", [10, 200_000])
async def test_sent_again_it_is_a_new_message_with_the_same_content(size: int) -> None:
    desk = Desk()
    file = AttachedFile(filename="a.bin", content=bytes(size))
    first = await desk.sent("bob@example.net", "eve@example.net", attachments=(file,), tags=("a",))
    again = await desk.messages.resend(TESTER, first)
    assert isinstance(again, Accepted), again
    old, new = desk.octets(first), desk.octets(again.message_id)
    assert again.message_id != first
    assert new.partition(b"\r\n\r\n")[2] == old.partition(b"\r\n\r\n")[2]
    assert new.count(b"\r\nMessage-ID: ") == new.count(b"Received: ") == 1
    assert desk.store.letters[again.message_id][0].header_message_id.encode() in new
    assert desk.store.letters[first][0].header_message_id.encode() not in new
    message = desk.store.letters[again.message_id][0]
    assert (message.tags, message.mode) == (("a",), TESTER.mode)
    assert [str(one.forward_path.mailbox) for one in message.recipients] == ["bob@example.net"]


async def test_sent_again_it_is_judged_by_the_rules_of_today() -> None:
    desk = Desk()
    first = await desk.sent()
    poorer = replace(TESTER, account=replace(TESTER.account, sending_domains=frozenset()))
    assert code(await desk.messages.resend(poorer, first)) == "from_not_allowed"
