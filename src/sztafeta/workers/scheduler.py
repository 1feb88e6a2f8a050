"""The scheduler's loop: leases, alarms and refills, so that the schedule always knows what is due.

It looks once a second, and at once when told to; all decisions are the schedule's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from sztafeta.service.ports import Clock, QueueStore
from sztafeta.service.schedule import Schedule

LOOK_EVERY = timedelta(seconds=1)
"""An operator's change from another process is seen within this time."""
HEARTBEAT_EVERY = timedelta(seconds=10)
"""A third of a lease (design §4)."""
REVIEW_EVERY = timedelta(seconds=5)
RELEASE_EVERY = timedelta(seconds=30)
IDLE_FOR = timedelta(seconds=60)
LEASES_AT_ONCE = 500


class Scheduler:
    """Keeps the schedule in step with the store."""

    def __init__(
        self,
        *,
        store: QueueStore,
        schedule: Schedule,
        clock: Clock,
        on_trouble: Callable[[str, BaseException], None],
    ) -> None:
        self._store = store
        self._schedule = schedule
        self._clock = clock
        self._on_trouble = on_trouble
        self._demand = asyncio.Event()
        self._stopping = False
        self._next: dict[str, datetime] = {}
        schedule.on_demand = self._demand.set

    async def run(self) -> None:
        """Look until stopped; trouble with the store is logged and tried again."""
        while not self._stopping:
            self._demand.clear()
            try:
                await self.look()
            except Exception as trouble:  # the top of this loop
                self._on_trouble("the scheduler could not look at the store", trouble)
                await asyncio.sleep(LOOK_EVERY.total_seconds())
            await self._wait()

    def stop(self) -> None:
        """End the loop after the present look."""
        self._stopping = True
        self._demand.set()

    async def _wait(self) -> None:
        """Wait for a demand, the next alarm or the next regular look."""
        pause = LOOK_EVERY
        if (alarm := self._schedule.next_alarm) is not None:
            pause = min(pause, max(alarm - self._clock.now(), timedelta(0)))
        if self._demand.is_set():
            return
        handle = asyncio.get_running_loop().call_later(pause.total_seconds(), self._demand.set)
        await self._demand.wait()
        handle.cancel()

    async def look(self) -> None:
        """Do what is due, in the order in which one thing leads to the next."""
        if self._is_time("heartbeat", HEARTBEAT_EVERY):
            await self._store.heartbeat(now=self._clock.now())
        self._schedule.ring_alarms()
        if self._is_time("review", REVIEW_EVERY):
            self._schedule.review_busy()
        if self._schedule.wants_leases() or self._is_time("lease", LOOK_EVERY):
            await self._lease()
        await self._schedule.refill_wanted()
        if self._is_time("release", RELEASE_EVERY):
            await self._schedule.release_idle(before=self._clock.now() - IDLE_FOR)

    async def _lease(self) -> None:
        """Take every queue that is due and free."""
        while True:
            leased = await self._store.lease(now=self._clock.now(), limit=LEASES_AT_ONCE)
            self._schedule.adopt(leased)
            if len(leased) < LEASES_AT_ONCE:
                return
            await self._schedule.refill_wanted()

    def _is_time(self, what: str, every: timedelta) -> bool:
        """Say whether a regular duty is due, and note when it is due next."""
        now = self._clock.now()
        due = self._next.get(what)
        if due is not None and now < due <= now + every:
            return False
        self._next[what] = now + every
        return True
