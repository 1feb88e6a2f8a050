"""What every store promises about statistics: each event is counted once, and read by its customer alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest_asyncio
from tests.doubles.manual_clock import ManualClock
from tests.doubles.sent_mail import SentMail

from sztafeta.account.api_key import Mode
from sztafeta.account.statistics.counts import Step
from sztafeta.delivery.queue_id import first_at
from sztafeta.service.statistics.rolling import DAYS_KEPT, HOURS_KEPT, PAGE
from sztafeta.store.open import Store

ACCOUNT = 42
LATER = timedelta(minutes=5)


class Here(SentMail):
    """The mail of a customer in an empty store."""

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
        for place, number in found.counts:
            total[place.what.value] += number
        return dict(total)


@pytest_asyncio.fixture
async def here(real_store: Store) -> Here:
    clock = ManualClock()
    customer = await real_store.accounts.create_customer("shop", now=clock.now())
    here = Here(real_store, clock, customer_id=customer.customer_id, account_id=ACCOUNT)
    await here.joined()
    return here


async def test_events_are_counted_once_whenever_one_looks(here: Here) -> None:
    await here.accept("bob@example.net", "carol@gmail.com")
    await here.settle()
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
    for _ in range(6):
        await here.accept(*(f"r{number}@example.net" for number in range(PAGE // 4)))
    here.writer.clock.advance(LATER)
    assert await here.rolling.look()
    assert await here.counts() == {"accepted": PAGE}
    await here.roll()
    assert await here.counts() == {"accepted": 6 * (PAGE // 4)}


async def test_test_mail_and_our_own_notices_are_not_counted(here: Here) -> None:
    await here.accept("bob@example.net", mode=Mode.TEST)
    await here.accept("alice@example.com", source={"notice_about": "x"})
    here.writer.clock.advance(LATER)
    await here.roll()
    assert await here.counts() == {}
    assert await here.store.rolling.unrolled(before=first_at(here.writer.now)) == []


async def test_counts_of_one_account_are_read_alone(here: Here) -> None:
    await here.accept("bob@example.net")
    here.writer.clock.advance(LATER)
    await here.roll()
    own = ACCOUNT
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
    assert [(place.account_id, number) for place, number in found.counts] == [(ACCOUNT, 1)]


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
    assert unrolled.counts == []


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
