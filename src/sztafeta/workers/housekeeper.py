"""The housekeeper's loop: what grew too old is given up, what is settled long enough leaves.

Expiry is looked for only where recipients wait without being tried: in queues whose site is being left alone.
Everywhere else a sender meets them first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby

from sztafeta.service.deliver import Deliver
from sztafeta.service.ports import Clock, Housekeeping, QueueStore
from sztafeta.service.ready_queue import Batch, ReadyQueue
from sztafeta.service.schedule import Schedule

LOOK_EVERY = timedelta(seconds=60)
BODIES_KEPT = timedelta(hours=36)
"""How long a body file without a row may lie (acceptance §1.5)."""
PAGE = 500


class Housekeeper:
    """Keeps the queue honest and the store small."""

    def __init__(
        self,
        *,
        queues: QueueStore,
        house: Housekeeping,
        schedule: Schedule,
        deliver: Deliver,
        clock: Clock,
        keep_messages: timedelta,
        on_trouble: Callable[[str, BaseException], None],
    ) -> None:
        self._queues = queues
        self._house = house
        self._schedule = schedule
        self._deliver = deliver
        self._clock = clock
        self._keep_messages = keep_messages
        self._on_trouble = on_trouble
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Look once a minute until stopped."""
        while not self._stopping.is_set():
            try:
                await self.look()
            except Exception as trouble:  # the top of this loop
                self._on_trouble("the housekeeper could not finish its round", trouble)
            try:
                async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """End the loop."""
        self._stopping.set()

    async def look(self) -> None:
        """Make one round."""
        for queue in self._schedule.waiting_queues():
            await self._expire(queue)
        now = self._clock.now()
        pruned = PAGE
        while pruned == PAGE:
            pruned = await self._house.prune(now - self._keep_messages, PAGE)
        await self._house.forget_answers(now)
        await self._house.sweep_bodies(now - BODIES_KEPT)

    async def _expire(self, queue: ReadyQueue) -> None:
        """Give up on what grew too old in a queue that nobody works on."""
        if queue.site is None:
            return
        old = await self._queues.expired(queue.leased, now=self._clock.now(), limit=PAGE)
        for _, recipients in groupby(old, key=lambda due: due.message_id):
            await self._deliver.expire(Batch(queue.site, queue, tuple(recipients)))
