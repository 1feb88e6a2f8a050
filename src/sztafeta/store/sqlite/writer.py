"""The writer: one thread, one connection, group commit.

Whatever waits when the thread is free becomes one transaction and shares one sync; while that is under
way the next batch gathers. Units are handed over once a turn of the loop has brought no more, so that the
thread does not wake for the first of many and contend with the loop for the others: a batch that has the
interpreter to itself takes a fifth of the time. A lone unit waits for one empty turn.
A unit that fails is taken out: the batch is undone and its units are run again, each by itself, so that
neighbours do not fail with it.

The seams `run_batch` and `commit` are methods so that crash tests can stop a process between them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Final

from sztafeta.service.ports import StoreBusy
from sztafeta.store.latch import Latch
from sztafeta.store.sqlite.connections import Connection, drive, translate
from sztafeta.store.statements import Dialect
from sztafeta.store.units import Care, Ended, Fenced, Other, Outcomes, Unit, Work, together, weight

BATCH_LIMIT: Final = 128
"""Messages, claims and outcomes that share a transaction."""
HANDED_OVER_AT: Final = 64
"""Units that do not wait for more."""


class SqliteWriter:
    """Owns the writing connection from its first statement to its last."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        dialect: Dialect,
        latch: Latch,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._connection = connect()
        self._dialect = dialect
        self._latch = latch
        self._loop = loop
        self._waiting: SimpleQueue[Unit | Callable[[Connection], None] | None] = SimpleQueue()
        self._brought: list[Unit] = []
        """What the last turns of the loop have brought."""
        self._counted = 0
        """How many of these had been brought a turn ago."""
        self._beginning = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    # -- the callers' side ------------------------------------------------------------------------

    async def write(self, work: Work) -> Any:
        """Commit work with the next batch; see `Database.write`."""
        self._latch.refuse_if_broken()
        unit = Unit(work, self._loop.create_future())
        if not self._brought:
            self._loop.call_soon(self._look)
        self._brought.append(unit)
        try:
            return await unit.outcome
        except asyncio.CancelledError:
            if not unit.outcome.cancelled():
                return unit.outcome.result()
            if self._is_withdrawn(unit):
                raise
            unit.outcome = self._loop.create_future()  # the commit goes on, and will be told here
            return await unit.outcome

    def _look(self) -> None:
        """Wait for another turn of the loop if this one has brought more, and there is room for it."""
        if self._counted < len(self._brought) < HANDED_OVER_AT:
            self._counted = len(self._brought)
            self._loop.call_soon(self._look)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        """Give the thread what has been brought."""
        for unit in self._brought:
            self._waiting.put(unit)
        self._brought.clear()
        self._counted = 0

    def _is_withdrawn(self, unit: Unit) -> bool:
        """Say whether a unit whose caller has gone is left out: it is, unless its commit has begun."""
        with self._beginning:
            return not unit.begun

    def call_between_batches(self, action: Callable[[Connection], None]) -> None:
        """Have something done on the writing connection while no transaction is open."""
        self._waiting.put(action)

    async def close(self) -> None:
        """Commit what waits, then close the connection."""
        self._hand_over()
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    # -- the thread's side ------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            first = self._waiting.get()
            units, actions, closing = self._gather(first)
            if units:
                self._tell(self.run_batch(units))
            for action in actions:
                action(self._connection)
            if closing:
                self._connection.close()
                return

    def _gather(
        self, first: Unit | Callable[[Connection], None] | None
    ) -> tuple[list[Unit], list[Callable[[Connection], None]], bool]:
        """Take what waits; what was withdrawn meanwhile is left out."""
        units: list[Unit] = []
        actions: list[Callable[[Connection], None]] = []
        entry, gathered = first, 0
        with self._beginning:
            while entry is not None:
                if not isinstance(entry, Unit):
                    actions.append(entry)
                elif not entry.outcome.cancelled():
                    entry.begun = True
                    units.append(entry)
                    gathered += weight(entry.work)
                if gathered >= BATCH_LIMIT:
                    return units, actions, False
                try:
                    entry = self._waiting.get_nowait()
                except Empty:
                    return units, actions, False
        return units, actions, True

    def run_batch(self, units: Sequence[Unit]) -> list[Ended]:
        """Commit units together if that can be, one by one if it cannot."""
        try:
            results = self._commit_together(units, Care.TRUST)
        except Fenced:
            return self._one_by_one(units)
        except StoreBusy as busy:  # each alone would wait as long again
            return [(unit, None, busy) for unit in units]
        except Exception as error:
            if len(units) == 1 or self._latch.reason is not None:
                return [(unit, None, error) for unit in units]
            return self._one_by_one(units)
        return [(unit, result, None) for unit, result in zip(units, results, strict=True)]

    def _one_by_one(self, units: Sequence[Unit]) -> list[Ended]:
        """Find the culprit; what records deliveries goes first while there is room (R-21)."""
        outcomes: list[Ended] = []
        for unit in sorted(units, key=_urgency):
            try:
                outcomes.append((unit, self._commit_together([unit], Care.ASK)[0], None))
            except Exception as error:  # this unit's own trouble, given to its caller
                outcomes.append((unit, None, error))
        return outcomes

    def _commit_together(self, units: Sequence[Unit], care: Care) -> list[Any]:
        self._latch.refuse_if_broken()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = drive(
                self._connection, together([unit.work for unit in units], self._dialect, care)
            )
            self.commit()
        except Exception as error:
            meaning = translate(error, self._latch)
            self._undo()
            if meaning is error:
                raise
            raise meaning from error
        return results

    def commit(self) -> None:
        """Make the open transaction durable."""
        self._connection.execute("COMMIT")

    def _undo(self) -> None:
        if not self._connection.in_transaction:
            return  # SQLite has undone it already, as it does when the disk is full
        try:
            self._connection.execute("ROLLBACK")
        except Exception as error:
            self._latch.break_off(f"a transaction could not be undone: {error}")

    def _tell(self, outcomes: list[Ended]) -> None:
        """Give the callers their outcomes, in one turn of the loop."""
        try:
            self._loop.call_soon_threadsafe(_resolve, outcomes)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return


def _urgency(unit: Unit) -> int:
    if isinstance(unit.work, Outcomes):
        return 0
    return 1 if isinstance(unit.work, Other) else 2


def _resolve(outcomes: list[Ended]) -> None:
    for unit, result, error in outcomes:
        unit.end(result, error)
