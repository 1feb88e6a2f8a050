"""NEWS: what happened to a customer's mail, told within a second to whoever has the list open.

One loop a node asks the store, a cheap question a customer, and only while somebody listens. Events of other
nodes, and those whose commit was overtaken by a later one, come a little out of order: the last seconds are
read again each time, and what was told already is not told twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sztafeta.account.api_key import Mode
from sztafeta.delivery.queue_id import first_at
from sztafeta.service.ports import ActivityStore, Clock

OVERLAP: Final = timedelta(seconds=3)
"""How much later than its id an event may come into the store."""
AT_ONCE: Final = 2_000
"""Events read in one turn; in a storm the list says "many" anyhow."""
EVERY: Final = timedelta(milliseconds=400)

News = asyncio.Queue[frozenset[int]]
"""Recipients to whom something happened."""


@dataclass(slots=True)
class _Desk:
    """What is followed for one customer."""

    asked_at: datetime
    """When the store was asked last."""
    told: set[int]
    """Events of the last seconds."""
    listeners: set[News] = field(default_factory=set)


class Newsroom:
    """Follows the events of customers whose lists are open."""

    def __init__(
        self,
        *,
        store: ActivityStore,
        clock: Clock,
        pause: Callable[[], Awaitable[None]],
        on_trouble: Callable[[str, Exception], None],
    ) -> None:
        """`pause` lets the time between two questions pass."""
        self._store = store
        self._clock = clock
        self._pause = pause
        self._on_trouble = on_trouble
        self._desks: dict[int, _Desk] = {}
        self._round: asyncio.Task[None] | None = None

    @property
    def listeners(self) -> int:
        """How many listen."""
        return sum(len(desk.listeners) for desk in self._desks.values())

    @asynccontextmanager
    async def listen(self, customer_id: int) -> AsyncIterator[News]:
        """Follow a customer's live mail; what happened before is asked for with `since`."""
        desk = self._desks.get(customer_id)
        if desk is None:
            now = self._clock.now()
            told = {event for event, _ in await self._recent(customer_id, now)}
            desk = self._desks.setdefault(customer_id, _Desk(now, told))
        news: News = asyncio.Queue()
        desk.listeners.add(news)
        if self._round is None:
            self._round = asyncio.ensure_future(self._go_round())
        try:
            yield news
        finally:
            desk.listeners.discard(news)
            if not desk.listeners:
                self._desks.pop(customer_id, None)

    async def since(self, customer_id: int, after: int) -> frozenset[int]:
        """Give the recipients to whom something happened after an event."""
        found = await self._store.news(customer_id, Mode.LIVE, after=after, limit=AT_ONCE)
        return frozenset(recipient for _, recipient in found)

    async def _go_round(self) -> None:
        """Ask for news until nobody listens."""
        try:
            while self._desks:
                for customer_id, desk in list(self._desks.items()):
                    await self._tell(customer_id, desk)
                await self._pause()
        finally:
            self._round = None

    async def _tell(self, customer_id: int, desk: _Desk) -> None:
        now = self._clock.now()
        try:
            recent = await self._recent(customer_id, desk.asked_at)
        except Exception as trouble:  # the top of this loop
            self._on_trouble("news of mail could not be read", trouble)
            return
        fresh = frozenset(recipient for event, recipient in recent if event not in desk.told)
        desk.asked_at, desk.told = now, {event for event, _ in recent}
        if fresh:
            for news in desk.listeners:
                news.put_nowait(fresh)

    async def _recent(self, customer_id: int, asked_at: datetime) -> Sequence[tuple[int, int]]:
        """Read from a little before the last question on, however long ago that was."""
        after = first_at(asked_at - OVERLAP)
        return await self._store.news(customer_id, Mode.LIVE, after=after, limit=AT_ONCE)
