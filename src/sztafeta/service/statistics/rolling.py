"""ROLL: events into the counts of their hour and day, each exactly once.

Events are read in the order of their ids, customer by customer, from a mark that moves in the transaction
that adds them. An id is given before its commit, so that one may appear behind a mark that has passed it
already; therefore the mark stays `settling` behind the clock. That is longer than any event can take from
its id to its commit: an accept is given up after its patience, and an outcome that had to wait for the
store gets a new id when its commit begins (service/record). What is left is the nodes' clocks: they must
agree to within half a minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sztafeta.account.statistics.counts import counted
from sztafeta.delivery.queue_id import first_at
from sztafeta.service.ports import Clock
from sztafeta.service.ports.statistics import RollingStore, Unrolled

PAGE: Final = 2000
"""Events added in one transaction. It shares the store's one writer with the mail: some hundred rows."""
TO_COMMIT: Final = timedelta(seconds=65)
"""The longest that a transaction may take in the store, and the clocks' difference."""
HOURS_KEPT: Final = timedelta(days=36)
"""Hours and quarters of days: four weeks say what is usual."""
DAYS_KEPT: Final = timedelta(days=400)


class Rolling:
    """Adds events to the counts; one round at a time."""

    def __init__(
        self, *, store: RollingStore, clock: Clock, zone: ZoneInfo, patience: timedelta
    ) -> None:
        """`patience` is how long an accept may wait for the store."""
        self._store = store
        self._clock = clock
        self._zone = zone
        self.settling = patience + TO_COMMIT

    async def look(self) -> bool:
        """Add a page of each customer that has one; say whether there is more already."""
        now = self._clock.now()
        if not await self._store.is_first_node(now=now):
            return False
        before = first_at(now - self.settling)
        has_more = False
        for unrolled in await self._store.unrolled(before=before):
            has_more |= await self._roll(unrolled, before)
        return has_more

    async def _roll(self, unrolled: Unrolled, before: int) -> bool:
        page = await self._store.happenings(
            unrolled.customer_id, after=unrolled.mark, before=before, limit=PAGE
        )
        if not page.last:  # what was there has left by retention
            return False
        counts = counted(page.happenings, self._zone)
        return await self._store.add(unrolled, mark=page.last, counts=counts) and page.is_full

    async def forget(self) -> None:
        """Let go of what is shown no more."""
        now: datetime = self._clock.now()
        await self._store.forget_counts(hours_before=now - HOURS_KEPT, days_before=now - DAYS_KEPT)
