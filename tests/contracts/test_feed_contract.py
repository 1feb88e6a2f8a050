"""What every store promises to programs: find, follow, count; each customer's own, live and test apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.contracts.houses import House, accepted, leased
from tests.contracts.letters import claim

from sztafeta.account.api_key import Mode
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.service.ports import MessageQuery, NewMessage, Selection

ALICE, CHARLIE = 1, 3
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
EVERYTHING = MessageQuery(customer_id=ALICE, mode=Mode.LIVE)


async def sent(house: House, *to: str, **qualities: Any) -> NewMessage:
    message = house.writer.letter(*to, **qualities)
    await accepted(house, message)
    house.writer.clock.advance(MINUTE)
    return message


async def found(house: House, **narrowed: Any) -> list[int]:
    query = replace(EVERYTHING, **narrowed)
    messages = await house.feed.find_messages(query, limit=100)
    assert await house.feed.count_messages(query) == len(messages)
    return [one.message_id for one in messages]


async def deliver_all(house: House) -> None:
    now = house.writer.now
    for queue in await leased(house):
        for due in await house.first.queues.due(queue, now=now, limit=9, after=None):
            await house.first.queues.claim([claim(due, queue)], now=now)
            await house.first.queues.settle([house.writer.settlement(due, queue)], now=now)


async def test_messages_are_found_by_the_key_and_the_accounts_they_came_with(house: House) -> None:
    first = await sent(house, "bob@example.net", key_id="KeyOne")
    second = await sent(house, "bob@example.net", key_id="keyone")
    assert await found(house, key_id="KeyOne") == [first.message_id]
    assert await found(house, accounts=frozenset({first.account_id})) == [
        second.message_id,
        first.message_id,
    ]
    assert await found(house, accounts=frozenset()) == []
    record = await house.feed.find_message(ALICE, first.message_id)
    assert record is not None
    assert record.key_id == "KeyOne"


# -- messages ----------------------------------------------------------------------------------------


async def test_a_message_is_found_with_all_that_happened_to_it(house: House) -> None:
    message = await sent(
        house,
        "bob@example.net",
        submission_id=77,
        tags=("zażółć", "b"),
        metadata={"order": "1"},
        subject="zażółć",
    )
    await deliver_all(house)
    record = await house.feed.find_message(ALICE, message.message_id)
    assert record is not None
    assert (record.submission_id, record.tags) == (77, ("zażółć", "b"))
    assert (record.metadata, record.subject) == ({"order": "1"}, "zażółć")
    assert (record.author, record.mode) == ("alice@example.com", Mode.LIVE)
    assert (record.size, record.expires_at) == (message.content.size, message.expires_at)
    (bob,) = record.recipients
    assert bob.state is State.DELIVERED
    assert [one.kind for one in bob.events] == [EventKind.QUEUED, EventKind.DELIVERED]
    assert [one.number for one in bob.attempts] == [1]


async def test_a_list_holds_events_and_no_attempts(house: House) -> None:
    await sent(house, "bob@example.net", "carol@example.net")
    await deliver_all(house)
    (record,) = await house.feed.find_messages(EVERYTHING, limit=9)
    assert [len(one.events) for one in record.recipients] == [2, 2]
    assert [one.attempts for one in record.recipients] == [(), ()]


async def test_messages_are_found_newest_first_by_mark_or_by_offset(house: House) -> None:
    first, second, third = [(await sent(house)).message_id for _ in range(3)]
    page = await house.feed.find_messages(EVERYTHING, limit=2)
    assert [one.message_id for one in page] == [third, second]
    rest = await house.feed.find_messages(EVERYTHING, limit=2, before=second)
    assert [one.message_id for one in rest] == [first]
    skipped = await house.feed.find_messages(EVERYTHING, limit=1, offset=1)
    assert [one.message_id for one in skipped] == [second]


async def test_each_quality_narrows(house: House) -> None:
    plain = await sent(house)
    tagged = await sent(house, tags=("a_b", "50%"), submission_id=5)
    other = await sent(house, "carol@example.org", tags=("aXb",), header_message_id="x@example.com")
    everything = [other.message_id, tagged.message_id, plain.message_id]
    assert await found(house) == everything
    assert await found(house, account_id=11) == everything
    assert await found(house, account_id=12) == []
    assert await found(house, submission_id=5) == [tagged.message_id]
    assert await found(house, tag="a_b") == [tagged.message_id]
    assert await found(house, tag="50%") == [tagged.message_id]
    assert await found(house, tag="a") == await found(house, tag="A_B") == []
    assert await found(house, header_message_id="x@example.com") == [other.message_id]
    assert await found(house, header_message_id="1@example.com") == everything[1:]
    assert await found(house, recipient=Mailbox("carol", "example.org")) == [other.message_id]
    assert await found(house, recipient=Mailbox("carol", "example.net")) == []
    at = tagged.accepted_at
    assert await found(house, accepted_from=at) == everything[:2]
    assert await found(house, accepted_to=at) == [plain.message_id]
    assert await found(house, tag="a_b", submission_id=6) == []


async def test_a_state_narrows_to_messages_with_a_recipient_in_it(house: House) -> None:
    delivered = await sent(house)
    await deliver_all(house)
    queued = await sent(house, "bob@example.net", "carol@example.net")
    suppressed = await sent(house, state=State.SUPPRESSED)
    assert await found(house, states=frozenset({State.DELIVERED})) == [delivered.message_id]
    assert await found(house, states=frozenset({State.QUEUED, State.SUPPRESSED})) == [
        suppressed.message_id,
        queued.message_id,
    ]


async def test_a_test_key_sees_test_mail_and_a_live_key_the_other(house: House) -> None:
    live = await sent(house)
    test = await sent(house, mode=Mode.TEST)
    assert await found(house) == [live.message_id]
    assert await found(house, mode=Mode.TEST) == [test.message_id]


async def test_charlie_finds_nothing_of_alice(house: House) -> None:
    """W-01, W-02."""
    message = await sent(house, submission_id=5, tags=("t",))
    await sent(house, customer_id=CHARLIE)
    assert await house.feed.find_message(CHARLIE, message.message_id) is None
    assert await found(house, customer_id=CHARLIE, submission_id=5) == []
    assert await found(house, customer_id=CHARLIE, tag="t") == []
    assert message.message_id not in await found(house, customer_id=CHARLIE)
    theirs = Selection(customer_id=CHARLIE, message_id=message.message_id)
    assert await house.administration.cancel(theirs, now=house.writer.now) == 0


@pytest.mark.parametrize("text", ["a\0b", "'; --", '"', "\\", "\udce9"])
async def test_hostile_qualities_find_nothing(house: House, text: str) -> None:
    """W-23."""
    await sent(house, tags=("t",))
    assert await found(house, tag=text) == []
    assert await found(house, header_message_id=text) == []
    assert await found(house, recipient=Mailbox(text, "example.net")) == []


# -- events ------------------------------------------------------------------------------------------


async def feed(house: House, customer_id: int = ALICE, **marks: Any) -> list[EventKind]:
    until = marks.pop("until", house.writer.now + DAY)
    settings = {"mode": Mode.LIVE, "after": 0, "limit": 100} | marks
    events = await house.feed.events(customer_id, until=until, **settings)
    return [one.event.kind for one in events]


async def test_events_come_in_the_order_of_their_ids_with_their_message(house: House) -> None:
    message = await sent(house, submission_id=5, tags=("t",), metadata={"a": "b"})
    await deliver_all(house)
    queued, delivered = await house.feed.events(
        ALICE, Mode.LIVE, after=0, until=house.writer.now + DAY, limit=9
    )
    assert queued.event == message.events[0]
    assert (delivered.event.kind, delivered.recipient) == (
        EventKind.DELIVERED,
        Mailbox("bob", "example.net"),
    )
    assert (delivered.submission_id, delivered.tags) == (5, ("t",))
    assert (delivered.metadata, delivered.mode) == ({"a": "b"}, Mode.LIVE)
    assert await feed(house, after=queued.event.event_id) == [EventKind.DELIVERED]
    assert await feed(house, limit=1) == [EventKind.QUEUED]


async def test_the_feed_ends_before_what_is_too_young(house: House) -> None:
    """So that what another node commits late is never passed over."""
    await sent(house)
    young = house.writer.now
    await sent(house)
    assert await feed(house, until=young) == [EventKind.QUEUED]
    assert await feed(house, until=young + MINUTE) == [EventKind.QUEUED] * 2


async def test_what_an_operator_does_is_in_the_feed(house: House) -> None:
    await sent(house)
    await house.administration.cancel(Selection(customer_id=ALICE), now=house.writer.now)
    assert await feed(house) == [EventKind.QUEUED, EventKind.CANCELED]


async def test_events_of_test_mail_and_of_others_are_not_in_the_feed(house: House) -> None:
    """W-01, W-02."""
    await sent(house, mode=Mode.TEST)
    await sent(house, customer_id=CHARLIE)
    await deliver_all(house)
    assert await feed(house) == []
    assert await feed(house, mode=Mode.TEST) == [EventKind.QUEUED, EventKind.DELIVERED]
    assert await feed(house, CHARLIE) == [EventKind.QUEUED, EventKind.DELIVERED]


# -- usage -------------------------------------------------------------------------------------------


async def test_usage_adds_up_by_day_and_mode(house: House) -> None:
    day = house.writer.now.date()
    size = (await sent(house, "bob@example.net", "carol@example.net")).content.size
    await sent(house)
    await sent(house, state=State.SUPPRESSED)
    await sent(house, mode=Mode.TEST)
    await sent(house, customer_id=CHARLIE)
    house.writer.clock.advance(DAY)
    await sent(house)
    used = await house.feed.usage(ALICE, first=day, last=day + DAY)
    assert [(one.day, one.mode, one.recipients, one.octets) for one in used] == [
        (day, Mode.LIVE, 3, 3 * size),
        (day, Mode.TEST, 1, size),
        (day + DAY, Mode.LIVE, 1, size),
    ]
    assert len(await house.feed.usage(ALICE, first=day, last=day)) == 2


async def test_usage_and_messages_name_the_account(house: House) -> None:
    owner = await house.accounts.create_customer("alice", now=house.writer.now)
    account = await house.accounts.create_smtp_account(
        SmtpAccount(
            account_id=0,
            customer_id=0,
            customer_name="alice",
            login="1.alice.smtp",
            password_sha256=b"",
        ),
        password="x" * 24,
        now=house.writer.now,
    )
    letter = replace(
        house.writer.letter(customer_id=owner.customer_id), account_id=account.account_id
    )
    await accepted(house, letter)
    (record,) = await house.feed.find_messages(EVERYTHING, limit=9)
    day = house.writer.now.date()
    (used,) = await house.feed.usage(owner.customer_id, first=day, last=day)
    assert record.account_login == used.account_login == "1.alice.smtp"


async def test_nobody_pays_for_our_notices(house: House) -> None:
    await sent(house)
    (queue,) = await leased(house)
    now = house.writer.now
    (due,) = await house.first.queues.due(queue, now=now, limit=9, after=None)
    await house.first.queues.claim([claim(due, queue)], now=now)
    notice = house.writer.letter(reverse_path=None)
    settlement = house.writer.settlement(due, queue, State.BOUNCED, notices=[notice])
    await house.first.queues.settle([settlement], now=now)
    (used,) = await house.feed.usage(ALICE, first=now.date(), last=now.date())
    assert used.recipients == 1
