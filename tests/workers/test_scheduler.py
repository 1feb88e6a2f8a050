"""The scheduler's loop: what it does at each look, and what it does about trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from tests.doubles.delivery_house import DeliveryHouse
from tests.doubles.memory_store import MemoryQueues, MemoryStore
from tests.doubles.scripted_hops import LATER

from sztafeta.service.ports import LeasedQueue
from sztafeta.workers.scheduler import Scheduler

LONG = timedelta(minutes=2)


class WatchedQueues(MemoryQueues):
    """A store that writes down what it was asked, and whose leases fail as often as it was told."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.asked: list[str] = []
        self.failures: list[Exception] = []
        self.news = asyncio.Condition()

    async def heartbeat(self, *, now: datetime) -> None:
        self.asked.append("heartbeat")
        await super().heartbeat(now=now)

    async def lease(self, *, now: datetime, limit: int) -> Sequence[LeasedQueue]:
        async with self.news:
            self.asked.append("lease")
            self.news.notify_all()
        if self.failures:
            raise self.failures.pop(0)
        return await super().lease(now=now, limit=limit)

    async def release(self, queues: Sequence[LeasedQueue], *, now: datetime) -> None:
        self.asked.append("release")
        await super().release(queues, now=now)

    async def has_leased(self, times: int) -> None:
        """Wait until so many leases were asked for."""
        async with self.news:
            await self.news.wait_for(lambda: self.asked.count("lease") >= times)


class Desk:
    """A delivery house with a scheduler in it."""

    def __init__(self) -> None:
        self.house = DeliveryHouse(queues=WatchedQueues)
        assert isinstance(self.house.queues, WatchedQueues)
        self.queues = self.house.queues
        self.scheduler = Scheduler(
            store=self.queues,
            schedule=self.house.schedule,
            clock=self.house.clock,
            on_trouble=self.house.trouble,
        )

    async def look(self) -> None:
        """Look once."""
        await self.scheduler.look()
        await self.house.settled()


@pytest.fixture
async def desk() -> Desk:
    made = Desk()
    await made.house.join()
    return made


async def test_the_first_look_leases_what_is_due(desk: Desk) -> None:
    await desk.queues.accept(desk.house.letter("bob@example.net"))
    desk.house.store.ready[1].poke(desk.house.clock.now())
    await desk.look()
    assert desk.house.schedule.depth == 1
    assert desk.queues.asked[:2] == ["heartbeat", "lease"]


async def test_between_looks_the_store_is_left_alone(desk: Desk) -> None:
    await desk.look()
    desk.queues.asked.clear()
    await desk.look()
    assert desk.queues.asked == []
    desk.house.clock.advance(timedelta(seconds=1))
    await desk.look()
    assert desk.queues.asked == ["lease"]
    desk.house.clock.advance(timedelta(seconds=9))
    await desk.look()
    assert desk.queues.asked == ["lease", "heartbeat", "lease"]


async def test_a_message_for_a_new_queue_is_leased_at_once(desk: Desk) -> None:
    await desk.look()
    await desk.house.send("bob@example.net")
    await desk.look()
    assert desk.house.schedule.depth == 1


async def test_a_deferred_recipient_rings_when_it_is_due(desk: Desk) -> None:
    desk.house.dialer.answers = {"bob@example.net": [LATER]}
    await desk.house.send("bob@example.net")
    await desk.look()
    batch = desk.house.next_batch()
    assert batch is not None
    await desk.house.attempt(batch)
    await desk.look()
    assert desk.house.schedule.depth == 0
    desk.house.clock.advance(LONG)
    await desk.look()
    assert desk.house.schedule.depth == 1


async def test_idle_queues_are_given_back(desk: Desk) -> None:
    await desk.house.send("bob@example.net")
    await desk.look()
    await desk.house.work()
    for _ in range(4):
        desk.house.clock.advance(timedelta(seconds=31))
        await desk.look()
    assert "release" in desk.queues.asked
    assert desk.house.store.ready[1].node is None


async def test_a_clock_that_was_set_back_does_not_stop_the_heartbeat(desk: Desk) -> None:
    await desk.look()
    desk.house.clock.advance(timedelta(hours=-1))
    desk.queues.asked.clear()
    await desk.look()
    assert "heartbeat" in desk.queues.asked


async def test_many_queues_are_leased_page_by_page(desk: Desk) -> None:
    for n in range(501):
        await desk.house.send(f"bob@example{n}.test")
    await desk.look()
    assert desk.house.schedule.depth == 501
    assert desk.queues.asked.count("lease") == 2


async def test_trouble_with_the_store_is_told_and_the_loop_goes_on(desk: Desk) -> None:
    desk.queues.failures = [OSError("the database is away")]
    running = asyncio.ensure_future(desk.scheduler.run())
    await desk.queues.has_leased(1)
    await desk.house.send("bob@example.net")
    await desk.queues.has_leased(2)
    desk.scheduler.stop()
    await running
    assert desk.house.troubles == [
        "the scheduler could not look at the store: the database is away"
    ]
    assert desk.house.schedule.depth == 1


async def test_the_loop_wakes_for_an_alarm_and_ends_when_it_is_told(desk: Desk) -> None:
    desk.house.dialer.answers = {"bob@example.net": [LATER]}
    await desk.house.send("bob@example.net")
    running = asyncio.ensure_future(desk.scheduler.run())
    await desk.queues.has_leased(1)
    await desk.house.settled()
    batch = desk.house.next_batch()
    assert batch is not None
    await desk.house.attempt(batch)
    desk.house.clock.advance(LONG)
    await desk.house.send("carol@example.org")
    await desk.queues.has_leased(2)
    await desk.house.settled()
    desk.scheduler.stop()
    await running
    assert desk.house.schedule.depth == 2
