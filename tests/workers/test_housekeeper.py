"""The housekeeper's round: expiry where nobody sends, pruning, and body files without a row."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from tests.doubles.delivery_house import DeliveryHouse
from tests.doubles.scripted_hops import DEAD

from sztafeta.delivery.state import State
from sztafeta.workers.housekeeper import Housekeeper

KEPT = timedelta(days=30)


class Broom:
    """What the housekeeper does to the store, written down."""

    def __init__(self, house: DeliveryHouse) -> None:
        self.house = house
        self.swept: list[datetime] = []
        self.pages = 0
        self.failures: list[Exception] = []
        self.news = asyncio.Event()

    async def prune(self, before: datetime, limit: int) -> int:
        self.news.set()
        if self.failures:
            raise self.failures.pop(0)
        self.pages += 1
        return await self.house.store.prune(before, limit)

    async def forget_answers(self, now: datetime) -> int:
        """Let the store forget."""
        return await self.house.store.forget_answers(now)

    async def sweep_bodies(self, before: datetime) -> int:
        self.swept.append(before)
        return 0


class Rounds:
    """A delivery house with a housekeeper in it."""

    def __init__(self) -> None:
        self.house = DeliveryHouse()
        self.broom = Broom(self.house)
        self.housekeeper = Housekeeper(
            queues=self.house.queues,
            house=self.broom,
            schedule=self.house.schedule,
            deliver=self.house.deliver,
            clock=self.house.clock,
            keep_messages=KEPT,
            on_trouble=self.house.trouble,
        )


@pytest.fixture
async def rounds() -> Rounds:
    made = Rounds()
    await made.house.join()
    return made


async def test_mail_for_a_site_that_is_left_alone_expires_all_the_same(rounds: Rounds) -> None:
    """R-60: the last word comes, with a notice, also when nobody may try."""
    house = rounds.house
    house.dialer.failures = {"example.net": DEAD}
    tried = await house.send("bob@example.net", ttl=timedelta(hours=2))
    waiting = await house.send("carol@example.net", ttl=timedelta(seconds=30))
    young = await house.send("dave@example.net")
    await house.work()
    house.clock.advance(timedelta(seconds=45))
    await rounds.housekeeper.look()
    await house.record.finish()
    assert house.states(waiting) == [State.EXPIRED]
    assert house.states(tried) == [State.QUEUED]
    assert house.states(young) == [State.QUEUED]
    assert len(house.notices) == 1


async def test_recipients_of_one_message_expire_with_one_notice(rounds: Rounds) -> None:
    house = rounds.house
    house.dialer.failures = {"example.net": DEAD}
    await house.send("first@example.net")
    old = await house.send("a@example.net", "b@example.net", ttl=timedelta(seconds=30))
    await house.work()
    house.clock.advance(timedelta(seconds=45))
    await rounds.housekeeper.look()
    await house.record.finish()
    assert house.states(old) == [State.EXPIRED] * 2
    assert len(house.notices) == 1


async def test_settled_mail_leaves_in_pages(rounds: Rounds) -> None:
    for _ in range(501):
        await rounds.house.send("bob@example.net")
    await rounds.house.work()
    rounds.house.clock.advance(KEPT + timedelta(seconds=1))
    await rounds.housekeeper.look()
    assert rounds.house.store.rows == {}
    assert rounds.broom.pages == 2
    assert rounds.broom.swept == [rounds.house.clock.now() - timedelta(hours=36)]


async def test_mail_on_its_way_is_never_pruned(rounds: Rounds) -> None:
    rounds.house.dialer.failures = {"example.net": DEAD}
    await rounds.house.send("bob@example.net", ttl=timedelta(days=60))
    await rounds.house.work()
    rounds.house.clock.advance(KEPT + timedelta(days=1))
    await rounds.housekeeper.look()
    assert len(rounds.house.store.rows) == 1


async def test_trouble_is_told_and_the_loop_ends_when_it_is_told(rounds: Rounds) -> None:
    rounds.broom.failures = [OSError("the database is away")]
    running = asyncio.ensure_future(rounds.housekeeper.run())
    await rounds.broom.news.wait()
    await rounds.house.settled()
    rounds.housekeeper.stop()
    await running
    assert rounds.house.troubles == [
        "the housekeeper could not finish its round: the database is away"
    ]
