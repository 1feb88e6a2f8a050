"""What every store promises to statistics: recipients one by one, and counted by where they stand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.contracts.houses import House, accepted, leased
from tests.contracts.letters import claim

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.service.ports import (
    TRIED,
    MessageQuery,
    RecipientSort,
    Standing,
    Suppression,
    SuppressionQuery,
    SuppressionReason,
)

ALICE, CHARLIE = 1, 3
EVERYTHING = MessageQuery(customer_id=ALICE, mode=Mode.LIVE)
MINUTE = timedelta(minutes=1)
HARD = Standing(State.BOUNCED, "bad-mailbox")


async def sent(
    house: House, *to: str, tags: tuple[str, ...] = (), customer_id: int = ALICE
) -> None:
    letter = house.writer.letter(*to, customer_id=customer_id)
    await accepted(house, replace(letter, tags=tags))
    house.writer.clock.advance(MINUTE)


REPLY = 'said "class":"reputation"'
OUTCOMES: dict[str, tuple[State, EventKind, dict[str, Any]]] = {
    "example.net": (State.DELIVERED, EventKind.DELIVERED, {}),
    "example.org": (
        State.BOUNCED,
        EventKind.BOUNCED,
        {"reply": REPLY, "class": "bad-mailbox"},
    ),
    "example.edu": (State.QUEUED, EventKind.DEFERRED, {"class": "mailbox-full"}),
}


async def try_all(house: House) -> None:
    """Have one attempt at each address end as its domain's do."""
    now = house.writer.now
    for queue in await leased(house):
        state, kind, details = OUTCOMES[queue.key.domain]
        for due in await house.first.queues.due(queue, now=now, limit=9, after=None):
            await house.first.queues.claim([claim(due, queue)], now=now)
            due_at = None if state.is_final else now + MINUTE
            one = house.writer.settlement(due, queue, state, due_at=due_at)
            events = (replace(one.events[0], kind=kind, details=details),)
            await house.first.queues.settle([replace(one, events=events)], now=now)


async def stage(house: House) -> None:
    """Bob's mail is delivered, Carol has no mailbox, Dora is tried again, Eve waits."""
    await sent(house, "bob@example.net", "carol@example.org", tags=("a", "b"))
    await sent(house, "dora@example.edu", tags=("a",))
    await try_all(house)
    await sent(house, "eve@example.net")
    await sent(house, "mallory@example.net", customer_id=CHARLIE)


async def listed(house: House, **wish: Any) -> list[str]:
    found = await house.feed.find_recipients(EVERYTHING, **{"limit": 9, **wish})
    assert all(len(one.recipients) == 1 for one in found)
    return [one.recipients[0].forward_path.mailbox.local_part for one in found]


async def test_recipients_are_counted_by_where_they_stand(house: House) -> None:
    await stage(house)
    counts = await house.feed.count_recipients(EVERYTHING)
    assert {one.standing: one.recipients for one in counts} == {
        Standing(State.DELIVERED): 1,
        HARD: 1,
        Standing(State.QUEUED, TRIED): 1,
        Standing(State.QUEUED): 1,
    }


async def test_recipients_are_counted_by_the_tags_of_their_messages(house: House) -> None:
    await stage(house)
    counts = await house.feed.count_recipients(EVERYTHING, by_tags=True)
    by_tags: Counter[tuple[str, ...]] = Counter()
    for one in counts:
        by_tags[one.tags] += one.recipients
    assert by_tags == {("a", "b"): 2, ("a",): 1, (): 1}


async def test_a_query_narrows_the_recipients_themselves(house: House) -> None:
    await stage(house)
    carol = replace(EVERYTHING, recipient=Mailbox("carol", "example.org"))
    (count,) = await house.feed.count_recipients(carol)
    assert (count.standing, count.recipients) == (HARD, 1)
    delivered = replace(EVERYTHING, states=frozenset({State.DELIVERED}))
    (record,) = await house.feed.find_recipients(delivered, limit=9)
    assert [str(one.forward_path.mailbox) for one in record.recipients] == ["bob@example.net"]


async def test_recipients_are_listed_by_rows_not_by_messages(house: House) -> None:
    await stage(house)
    assert await listed(house) == ["eve", "dora", "carol", "bob"]
    assert await listed(house, limit=2, offset=1) == ["dora", "carol"]
    assert await listed(house, is_descending=False) == ["bob", "carol", "dora", "eve"]
    assert await listed(house, offset=9) == []


async def test_recipients_are_listed_in_the_order_asked_for(house: House) -> None:
    await stage(house)
    assert await listed(house, sort=RecipientSort.ADDRESS) == ["eve", "dora", "carol", "bob"]
    by_account = await listed(house, sort=RecipientSort.ACCOUNT, is_descending=False)
    assert by_account == ["bob", "carol", "dora", "eve"]
    by_id = await listed(house, sort=RecipientSort.HEADER_MESSAGE_ID, is_descending=False)
    assert by_id == by_account


async def test_only_the_standings_asked_for_are_listed(house: House) -> None:
    await stage(house)
    assert await listed(house, standings={HARD, Standing(State.QUEUED, TRIED)}) == ["dora", "carol"]
    assert await listed(house, standings={Standing(State.BOUNCED, "reputation")}) == []
    assert await listed(house, standings=()) == []


async def test_a_listed_recipient_brings_its_events(house: House) -> None:
    await stage(house)
    (record,) = await house.feed.find_recipients(EVERYTHING, limit=1, standings={HARD})
    kinds = [one.kind for one in record.recipients[0].events]
    assert kinds == [EventKind.QUEUED, EventKind.BOUNCED]


async def test_suppressions_are_found_by_their_qualities(house: House) -> None:
    for number, reason in enumerate((SuppressionReason.BOUNCE, SuppressionReason.MANUAL)):
        for customer_id in (ALICE, CHARLIE):
            entry = Suppression(
                customer_id=customer_id,
                address=f"{number}@example.net",
                reason=reason,
                source="CMS" if number else "smtp",
                comment="",
                created_at=house.writer.now,
            )
            await house.suppressions.suppress([entry])
        house.writer.clock.advance(MINUTE)

    async def found(limit: int = 9, offset: int = 0, **narrowed: Any) -> tuple[list[str], int]:
        query = SuppressionQuery(customer_id=ALICE, **narrowed)
        rows, count = await house.suppressions.find_suppressions(query, limit=limit, offset=offset)
        return [one.address for one in rows], count

    first, second = "0@example.net", "1@example.net"
    assert await found() == ([second, first], 2)
    assert await found(limit=1, offset=1) == ([first], 2)
    assert await found(address=first) == ([first], 1)
    assert await found(reason=SuppressionReason.MANUAL) == ([second], 1)
    assert await found(source="smtp") == ([first], 1)
    assert await found(created_from=house.writer.now - MINUTE) == ([second], 1)
    assert await found(created_to=house.writer.now - MINUTE) == ([first], 1)
