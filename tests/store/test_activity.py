"""The list of mail for people, on both databases: found by what people know, each customer's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.contracts.houses import StoreHouse, accepted, leased
from tests.contracts.letters import claim
from tests.doubles.sent_mail import SentMail
from tests.store.conftest import OpenHouse

from sztafeta.account.activity import Status
from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.mail.address import Mailbox, parse_mailbox
from sztafeta.service.ports import ActivityFilter, ActivityPage, Mark, NewMessage
from sztafeta.store import activity

ALICE, CHARLIE = 1, 3
MINUTE = timedelta(minutes=1)
EVERYTHING = ActivityFilter(customer_id=ALICE)


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, open_house: OpenHouse) -> StoreHouse:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    return await open_house(url)


async def sent(house: StoreHouse, *to: str, **qualities: Any) -> NewMessage:
    message = house.writer.letter(*to, **qualities)
    await accepted(house, message)
    house.writer.clock.advance(MINUTE)
    return message


async def page(
    house: StoreHouse, limit: int = 100, before: Mark | None = None, **narrowed: Any
) -> ActivityPage:
    wanted = replace(EVERYTHING, **narrowed)
    return await house.store.activity.page(wanted, limit=limit, before=before)


async def found(house: StoreHouse, **narrowed: Any) -> list[str]:
    """Give the addresses found; asking about all recipients one by one says the same."""
    rows = (await page(house, **narrowed)).rows
    everybody = (await page(house)).rows
    wanted = replace(EVERYTHING, **narrowed)
    which = await house.store.activity.which(wanted, [row.recipient_id for row in everybody])
    assert which == {row.recipient_id for row in rows}
    return [str(row.mailbox) for row in rows]


async def deliver(house: StoreHouse, state: State = State.DELIVERED) -> None:
    """Have all that is due end like this."""
    now = house.writer.now
    for queue in await leased(house):
        for due in await house.first.queues.due(queue, now=now, limit=9, after=None):
            await house.first.queues.claim([claim(due, queue)], now=now)
            later = None if state.is_final else now + timedelta(days=1)
            settled = house.writer.settlement(due, queue, state, due_at=later)
            await house.first.queues.settle([settled], now=now)


async def test_a_row_tells_what_the_list_shows(house: StoreHouse) -> None:
    message = await sent(house, "bob@example.net", tags=("a",), subject="zażółć")
    await deliver(house, State.QUEUED)
    (row,) = (await page(house)).rows
    assert (row.message_id, row.mailbox) == (message.message_id, Mailbox("bob", "example.net"))
    assert (row.subject, row.tags, str(row.sender)) == ("zażółć", ("a",), "alice@example.com")
    assert (row.status, row.attempts) == (Status.DEFERRED, 1)
    assert row.last_word == "250 2.0.0 Ok"
    assert row.due_at is not None
    await sent(house, "carol@example.net")
    waiting = (await page(house)).rows[0]
    assert (waiting.status, waiting.last_word, waiting.tried_at) == (Status.QUEUED, "", None)


async def test_the_newest_stand_first_and_pages_follow_each_other(house: StoreHouse) -> None:
    await sent(house, "a@example.net", "b@example.net", "c@example.net")
    await sent(house, "d@example.net")
    everything = [str(row.mailbox.local_part) for row in (await page(house)).rows]
    assert everything == ["d", "c", "b", "a"]
    seen, mark = [], None
    while True:
        part = await page(house, limit=2, before=mark)
        seen += [row.mailbox.local_part for row in part.rows]
        mark = part.older
        if mark is None:
            break
    assert seen == everything


async def test_an_address_is_found_whatever_its_case_and_page_by_page(house: StoreHouse) -> None:
    for number in range(3):
        await sent(house, "jan@wp.pl", f"other{number}@wp.pl")
    await sent(house, "Jan@wp.pl", mode=Mode.TEST)
    assert await found(house, mailbox=parse_mailbox("Jan@WP.pl")) == ["jan@wp.pl"] * 3
    first = await page(house, limit=2, mailbox=parse_mailbox("jan@wp.pl"))
    rest = await page(house, limit=2, before=first.older, mailbox=parse_mailbox("jan@wp.pl"))
    assert (len(first.rows), len(rest.rows), rest.older) == (2, 1, None)
    assert await found(house, mailbox=parse_mailbox("nobody@wp.pl")) == []


async def test_what_was_refused_is_found_by_its_class_and_its_provider(house: StoreHouse) -> None:
    mail = SentMail(house.store, house.writer.clock, customer_id=ALICE, account_id=11)
    google = "aspmx.l.google.com[142.250.1.27]:25"
    await mail.accept("a@firm.example")
    await mail.settle(State.BOUNCED, bounce_class="bad-mailbox", hop=google)
    await mail.accept("b@wp.pl")
    await mail.settle(State.QUEUED, bounce_class="rate", hop="")
    await mail.accept("c@example.net")
    await mail.settle()
    assert await found(house, bounce_classes=frozenset({"bad-mailbox"})) == ["a@firm.example"]
    both = frozenset({"bad-mailbox", "rate"})
    assert await found(house, bounce_classes=both) == ["b@wp.pl", "a@firm.example"]
    assert await found(house, bounce_classes=frozenset({'x"%'})) == []
    assert await found(house, provider="gmail") == ["a@firm.example"]
    assert await found(house, provider="wp") == ["b@wp.pl"]
    assert await found(house, provider="other") == ["c@example.net"]
    assert await found(house, provider="nobody") == []


async def test_each_quality_narrows(house: StoreHouse) -> None:
    fields = {"order": "A-17", "klient": 'Róża "X"'}
    await sent(house, "a@example.net", subject="Order 5", tags=("order",), metadata=fields)
    await sent(house, "b@example.org", subject="50% off_now", header_message_id="<x@example.com>")
    third = await sent(house, "c@example.org", reverse_path=Mailbox("bill", "shop.example"))
    assert await found(house, domain="example.org") == ["c@example.org", "b@example.org"]
    assert await found(house, subject_part="order") == ["a@example.net"]
    assert await found(house, subject_part="50%") == ["b@example.org"]
    assert await found(house, subject_part="f_n") == ["b@example.org"]
    assert await found(house, subject_part="o_f") == []
    assert await found(house, words=("a@",)) == ["a@example.net"]
    assert await found(house, words=("ORDER", "a@")) == ["a@example.net"]
    assert await found(house, words=("order", "b@")) == []
    assert await found(house, address_part="example.org") == ["c@example.org", "b@example.org"]
    assert await found(house, sender_part="bill@") == ["c@example.org"]
    assert await found(house, tag="order") == ["a@example.net"]
    assert await found(house, tag="orde") == []
    assert await found(house, metadata=("order", "A-17")) == ["a@example.net"]
    assert await found(house, metadata=("klient", 'Róża "X"')) == ["a@example.net"]
    for other in (("order", "A-1"), ("order", "a-17"), ("rder", "A-17"), ("A-17", "order")):
        assert await found(house, metadata=other) == []
    assert await found(house, header_message_id="x@example.com") == ["b@example.org"]
    assert await found(house, message_id=third.message_id) == ["c@example.org"]
    assert await found(house, since=third.accepted_at) == ["c@example.org"]
    assert await found(house, until=third.accepted_at) == ["b@example.org", "a@example.net"]
    assert await found(house, account_ids=frozenset({11})) != []
    assert await found(house, account_ids=frozenset({12})) == []
    assert await found(house, account_ids=frozenset()) == []


async def test_statuses_narrow(house: StoreHouse) -> None:
    await sent(house, "a@example.net")
    await deliver(house)
    await sent(house, "b@example.org")
    await deliver(house, State.QUEUED)
    await sent(house, "c@example.com")
    await sent(house, "d@example.net", state=State.SUPPRESSED)
    assert await found(house, statuses=frozenset({Status.DELIVERED})) == ["a@example.net"]
    assert await found(house, statuses=frozenset({Status.DEFERRED})) == ["b@example.org"]
    assert await found(house, statuses=frozenset({Status.QUEUED})) == ["c@example.com"]
    assert await found(house, statuses=frozenset({Status.QUEUED, Status.SUPPRESSED})) == [
        "d@example.net",
        "c@example.com",
    ]
    assert await found(house, statuses=frozenset({Status.HELD})) == []


async def test_a_long_search_pauses_and_goes_on_where_it_stopped(
    house: StoreHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "WINDOW", 2)
    monkeypatch.setattr(activity, "CANDIDATES", 1)
    first = await sent(house, "a@example.net", subject="needle")
    for number in range(4):
        await sent(house, f"b{number}@example.net")
    part = await page(house, subject_part="needle")
    assert (part.rows, part.searched_to is None) == ((), False)
    seen: list[int] = []
    while part.older is not None:
        part = await page(house, subject_part="needle", before=part.older)
        seen += [row.message_id for row in part.rows]
    assert seen == [first.message_id]
    assert len((await page(house, limit=1, domain="example.net")).rows) == 1
    assert len((await page(house, limit=1, statuses=frozenset({Status.QUEUED}))).rows) == 1


async def test_news_are_events_in_their_order(house: StoreHouse) -> None:
    store = house.store.activity
    assert await store.newest_event(ALICE, Mode.LIVE) == 0
    message = await sent(house, "a@example.net")
    mark = await store.newest_event(ALICE, Mode.LIVE)
    assert await store.news(ALICE, Mode.LIVE, after=mark, limit=9) == []
    await deliver(house)
    (news,) = await store.news(ALICE, Mode.LIVE, after=mark, limit=9)
    assert news[1] == message.recipients[0].recipient_id
    assert await store.news(ALICE, Mode.TEST, after=0, limit=9) == []
    assert await store.news(CHARLIE, Mode.LIVE, after=0, limit=9) == []


async def test_charlie_finds_nothing_of_alice(house: StoreHouse) -> None:
    """W-01, W-02."""
    message = await sent(
        house, "jan@wp.pl", subject="secret", tags=("t",), metadata={"order": "17"}
    )
    await sent(house, "kim@example.net", customer_id=CHARLIE)
    narrowings: list[dict[str, Any]] = [
        {"mailbox": parse_mailbox("jan@wp.pl")},
        {"domain": "wp.pl"},
        {"message_id": message.message_id},
        {"recipient_ids": frozenset({message.recipients[0].recipient_id})},
        {"subject_part": "secret"},
        {"tag": "t"},
        {"metadata": ("order", "17")},
        {"header_message_id": "1@example.com", "words": ("jan",)},
    ]
    for narrowed in narrowings:
        assert (await page(house, customer_id=CHARLIE, **narrowed)).rows == ()
    wanted = ActivityFilter(customer_id=CHARLIE)
    assert not await house.store.activity.which(wanted, [message.recipients[0].recipient_id])


@pytest.mark.parametrize("text", ["a\0b", "'; --", '"', "\\", "\udce9", "%", "_", "/"])
async def test_hostile_words_find_nothing(house: StoreHouse, text: str) -> None:
    """W-23."""
    await sent(house, tags=("t",))
    for name in ("subject_part", "address_part", "sender_part", "tag", "header_message_id"):
        assert await found(house, **{name: text}) == []
    assert await found(house, metadata=(text, text)) == []
    assert await found(house, words=(text,)) == []
    assert await found(house, mailbox=Mailbox(text, "example.net")) == []
