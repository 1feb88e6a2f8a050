"""A lane: work of one kind, gathered and committed batch after batch (group commit).

Whatever waits when the lane is free becomes one transaction and shares one COMMIT; while that is under
way the next batch gathers. A lone unit commits at once. A unit that fails is taken out: the batch is
undone and its units are run again, each by itself, so that neighbours do not fail with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from sztafeta.service.ports import StoreBusy
from sztafeta.store.postgresql.transactions import Transactions
from sztafeta.store.units import Care, Ended, Fenced, Unit, Work, weight

BATCH_LIMIT: Final = 128
"""Units that share a transaction."""


class Lane:
    """Commits its units in the order in which they came; make it with a running loop."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._waiting: asyncio.Queue[Unit | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    async def write(self, work: Work) -> Any:
        """Commit work with the next batch; see `Database.write`."""
        unit = Unit(work, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(unit)
        try:
            return await asyncio.shield(unit.outcome)
        except asyncio.CancelledError:
            if not unit.begun and unit.outcome.cancel():
                raise
            return await unit.outcome

    async def close(self) -> None:
        """Commit what waits."""
        self._waiting.put_nowait(None)
        await self._task

    async def _run(self) -> None:
        closing = False
        while not closing:
            units, closing = self._gather(await self._waiting.get())
            if units:
                for unit, result, error in await self.run_batch(units):
                    unit.end(result, error)

    def _gather(self, first: Unit | None) -> tuple[list[Unit], bool]:
        """Take what waits; what was withdrawn meanwhile is left out."""
        units: list[Unit] = []
        entry, gathered = first, 0
        while entry is not None:
            if not entry.outcome.cancelled():
                entry.begun = True
                units.append(entry)
                gathered += weight(entry.work)
            if gathered >= BATCH_LIMIT or self._waiting.empty():
                return units, False
            entry = self._waiting.get_nowait()
        return units, True

    async def run_batch(self, units: Sequence[Unit]) -> list[Ended]:
        """Commit units together if that can be, one by one if it cannot."""
        try:
            results = await self._transactions.run([unit.work for unit in units], Care.TRUST)
        except Fenced:
            return [await self._alone(unit) for unit in units]
        except StoreBusy as busy:  # each alone would wait as long again
            return [(unit, None, busy) for unit in units]
        except Exception as error:  # given to its caller, once we know whose it is
            if len(units) == 1:
                return [(units[0], None, error)]
            return [await self._alone(unit) for unit in units]
        return [(unit, result, None) for unit, result in zip(units, results, strict=True)]

    async def _alone(self, unit: Unit) -> Ended:
        try:
            return unit, (await self._transactions.run([unit.work], Care.ASK))[0], None
        except Exception as error:  # this unit's own trouble, given to its caller
            return unit, None, error
