"""The watch over sending domains: whose turn it is, is looked at; the look itself draws the consequences."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sztafeta.service.domain_records import DomainRecords
from sztafeta.service.ports import Clock, RecordCheckStore

LOOK_EVERY: Final = timedelta(seconds=60)
TAKEN_FOR: Final = timedelta(minutes=10)
"""After this another node may look, if the one that took the domain is gone."""
PAGE: Final = 20


class DomainWatch:
    """Looks after all customers' domains, beside the other nodes."""

    def __init__(
        self,
        *,
        records: DomainRecords,
        checks: RecordCheckStore,
        clock: Clock,
        on_trouble: Callable[[str, BaseException], None],
    ) -> None:
        self._records = records
        self._checks = checks
        self._clock = clock
        self._on_trouble = on_trouble

    async def run(self) -> None:
        """Look once a minute until cancelled; a look that is cut off is made up for later."""
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            try:
                await self.look()
            except Exception as trouble:  # the top of this loop
                self._on_trouble("the watch over domains could not finish its round", trouble)

    async def look(self) -> int:
        """Look at the domains whose turn it is; give their number."""
        count = 0
        while True:
            now = self._clock.now()
            due = await self._checks.take_due(now, until=now + TAKEN_FOR, limit=PAGE)
            await asyncio.gather(*(self._records.look(*one) for one in due))
            count += len(due)
            if len(due) < PAGE:
                return count
