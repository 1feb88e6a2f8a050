"""What every store promises about statistics: each event is counted once, and read by its customer alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest_asyncio
from tests.contracts.letters import Writer, claim

from sztafeta.account.api_key import Mode
from sztafeta.account.statistics.counts import Step
from sztafeta.delivery.queue_id import first_at
from sztafeta.service.ports import NewMessage
from sztafeta.service.statistics.rolling import DAYS_KEPT, HOURS_KEPT, PAGE, Rolling
from sztafeta.store.open import Store

WARSAW = ZoneInfo("Europe/Warsaw")
LATER = timedelta(minutes=5)


class Here:
    """A store with one customer, a roller, and short ways to write mail."""

    def __init__(self, store: Store) -> None:
        self.store, self.writer = store, Writer()
        self.rolling = Rolling(
            store=store.rolling,
            clock=self.writer.clock,
            zone=WARSAW,
            patience=timedelta(seconds=25),
        )

    async def move_in(self) -> Here:
        await self.store.queues.join("node", now=self.writer.now)
        customer = await self.store.accounts.create_customer("shop", now=self.writer.now)
        self.customer_id = customer.customer_id
        return self

    async def accept(self, *to: str, mode: Mode = Mode.LIVE) -> NewMessage:
        letter = self.writer.letter(*to, customer_id=self.customer_id, mode=mode)
        await self.store.messages.accept(letter)
        return letter

    async def deliver(self) -> None:
        """Deliver all that is due."""
        queues, now = self.store.queues, self.writer.now
        for queue in await queues.lease(now=now, limit=100):
            found = await queues.due(queue, now=now, after=None, limit=1000)
            await queues.claim([claim(due, queue) for due in found], now=now)
            done = [self.writer.settlement(due, queue) for due in found]
            await queues.settle(done, now=now)

    async def roll(self) -> None:
        while await self.rolling.look():
            pass

    async def counts(
        self, accounts: Sequence[int] | None = None, step: Step = Step.HOUR
    ) -> dict[str, int]:
        found = await self.store.statistics.counts(
            self.customer_id,
            step=step,
            first=self.writer.now - timedelta(days=40),
            until=self.writer.now + timedelta(days=1),
            accounts=accounts,
        )
        total: Counter[str] = Counter()
        for place, number in found:
            total[place.what.value] += number
        return dict(total)


@pytest_asyncio.fixture
async def here(real_store: Store) -> Here:
    return await Here(real_store).move_in()


async def test_events_are_counted_once_whenever_one_looks(here: Here) -> None:
    await here.accept("bob@example.net", "carol@gmail.com")
    await here.deliver()
    here.writer.clock.advance(LATER)
    await here.roll()
    await here.roll()
    expected = {"accepted": 2, "delivered": 2, "waited": 2}
    assert await here.counts() == expected
    assert await here.counts(step=Step.DAY) == expected


async def test_events_younger_than_a_commit_may_take_are_left_for_later(here: Here) -> None:
    await here.accept("bob@example.net")
    here.writer.clock.advance(here.rolling.settling)
    await here.roll()
    assert await here.counts() == {}
    here.writer.clock.advance(timedelta(milliseconds=1))
    await here.roll()
    assert await here.counts() == {"accepted": 1}


async def test_an_event_whose_commit_lands_late_and_behind_others_is_not_skipped(
    here: Here,
) -> None:
    late = here.writer.letter("bob@example.net", customer_id=here.customer_id)
    here.writer.clock.advance(timedelta(seconds=50))
    await here.accept("carol@example.net")
    await here.roll()  # `late` has its ids, and is not committed yet
    await here.store.messages.accept(late)
    here.writer.clock.advance(LATER)
    await here.roll()
    assert await here.counts() == {"accepted": 2}


async def test_two_rollers_at_once_count_nothing_twice(here: Here) -> None:
    await here.accept(*(f"r{number}@example.net" for number in range(50)))
    here.writer.clock.advance(LATER)
    await asyncio.gather(*(here.rolling.look() for _ in range(4)))
    await here.roll()
    assert await here.counts() == {"accepted": 50}


async def test_a_long_history_is_counted_page_by_page(here: Here) -> None:
    for _ in range(3):
        await here.accept(*(f"r{number}@example.net" for number in range(PAGE // 2)))
    here.writer.clock.advance(LATER)
    assert await here.rolling.look()
    assert await here.counts() == {"accepted": PAGE}
    await here.roll()
    assert await here.counts() == {"accepted": 3 * (PAGE // 2)}


async def test_test_mail_and_our_own_notices_are_not_counted(here: Here) -> None:
    await here.accept("bob@example.net", mode=Mode.TEST)
    notice = here.writer.letter("alice@example.com", customer_id=here.customer_id)
    object.__setattr__(notice, "source", {"notice_about": "x"})
    await here.store.messages.accept(notice)
    here.writer.clock.advance(LATER)
    await here.roll()
    assert await here.counts() == {}
    assert await here.store.statistics.mark(here.customer_id) > 0


async def test_counts_of_one_account_are_read_alone(here: Here) -> None:
    await here.accept("bob@example.net")
    here.writer.clock.advance(LATER)
    await here.roll()
    own = 10 + here.customer_id  # the account of the writer's letters
    assert await here.counts(accounts=[own]) == {"accepted": 1}
    assert await here.counts(accounts=[own + 1]) == {}
    assert await here.counts(accounts=[]) == {}


async def test_what_was_accepted_is_known_by_account(here: Here) -> None:
    await here.accept("bob@example.net")
    here.writer.clock.advance(LATER)
    await here.roll()
    found = await here.store.statistics.accepted(
        here.customer_id,
        first=here.writer.now - timedelta(hours=2),
        until=here.writer.now,
        accounts=None,
    )
    assert [(place.account_id, number) for place, number in found] == [(10 + here.customer_id, 1)]


async def test_only_the_first_of_the_living_nodes_rolls(here: Here) -> None:
    assert await here.store.rolling.is_first_node(now=here.writer.now)
    here.store.queues._node.number += 1
    assert not await here.store.rolling.is_first_node(now=here.writer.now)


async def test_old_counts_are_forgotten(here: Here) -> None:
    await here.accept("bob@example.net")
    here.writer.clock.advance(LATER)
    await here.roll()
    here.writer.clock.advance(HOURS_KEPT)
    await here.rolling.forget()
    assert await here.counts() == {}
    assert await here.counts(step=Step.DAY) == {"accepted": 1}
    here.writer.clock.advance(DAYS_KEPT)
    await here.rolling.forget()
    unrolled = await here.store.statistics.counts(
        here.customer_id,
        step=Step.DAY,
        first=here.writer.now - timedelta(days=800),
        until=here.writer.now,
        accounts=None,
    )
    assert unrolled == []


async def test_what_is_used_is_what_is_charged(here: Here) -> None:
    await here.accept("bob@example.net", "carol@example.net")
    await here.accept("bob@example.net", mode=Mode.TEST)
    today = here.writer.now.date()
    used = await here.store.statistics.used(
        here.customer_id, first=today - timedelta(days=30), last=today, accounts=None
    )
    assert used == {today: 2}


async def test_beginnings_are_known_from_facts(here: Here) -> None:
    nothing = await here.store.statistics.beginnings(here.customer_id)
    assert (nothing.has_test_mail, nothing.has_real_mail, nothing.members) == (False, False, 0)
    await here.accept("bob@example.net", mode=Mode.TEST)
    found = await here.store.statistics.beginnings(here.customer_id)
    assert (found.has_test_mail, found.has_real_mail) == (True, False)
    assert not found.has_verified_domain


async def test_a_member_dismisses_the_checklist_and_may_have_it_back(here: Here) -> None:
    statistics = here.store.statistics
    for dismissed in (True, True, False):
        await statistics.dismiss_checklist(5, dismissed=dismissed, now=here.writer.now)
        assert await statistics.is_checklist_dismissed(5) is dismissed
    assert not await statistics.is_checklist_dismissed(6)


async def test_the_tail_is_read_from_the_mark(here: Here) -> None:
    await here.accept("bob@example.net")
    page = await here.store.rolling.happenings(here.customer_id, after=0, before=None, limit=10)
    assert [one.domain for one in page.happenings] == ["example.net"]
    assert not page.is_full
    none = await here.store.rolling.happenings(
        here.customer_id, after=0, before=first_at(here.writer.now), limit=10
    )
    assert (none.happenings, none.last) == ([], 0)
