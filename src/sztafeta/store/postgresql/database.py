"""The PostgreSQL hand: lanes that write, a pool that reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from sztafeta.store.latch import Latch
from sztafeta.store.postgresql.connections import Pool, drive, is_lost, translate
from sztafeta.store.postgresql.lane import Lane
from sztafeta.store.postgresql.transactions import Transactions
from sztafeta.store.statements import Dialect, Steps
from sztafeta.store.units import Arrival, Claims, Other, Outcomes, Work

READERS: Final = 4
LANES: Final[tuple[tuple[type[Work], ...], ...]] = ((Arrival,), (Claims, Outcomes), (Other,))
"""What shares transactions. Accepts wake other nodes' queues and claims lock our own: were both in one
transaction, two nodes could wait for each other."""
_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
READ_TRIES: Final = 2

T = TypeVar("T")


class PostgresqlDatabase:
    """Implements `Database`; make it with a running loop."""

    def __init__(self, url: str, latch: Latch, *, settings: Mapping[str, str]) -> None:
        self.dialect = Dialect("postgresql")
        self._latch = latch
        self._writing = Pool(url, size=len(LANES), settings=settings)
        self._reading = Pool(url, size=READERS, settings=settings)
        self._transactions = Transactions(self._writing, dialect=self.dialect, latch=latch)
        self._lanes: dict[type[Work], Lane] = {}

    async def open(self) -> None:
        """Be ready to write and read."""
        await asyncio.gather(self._writing.open(), self._reading.open())
        for kinds in LANES:
            self._lanes |= dict.fromkeys(kinds, Lane(self._transactions))

    async def write(self, work: Work) -> Any:
        """Commit work with whatever else of its kind waits; see `Database.write`."""
        self._latch.refuse_if_broken()
        return await self._lanes[type(work)].write(work)

    async def read(self, steps: Callable[[], Steps[T]]) -> T:
        """Run questions on a snapshot; see `Database.read`."""
        tries = READ_TRIES
        while True:
            tries -= 1
            try:
                return await self._read(steps)
            except Exception as error:
                if tries and is_lost(error):
                    continue
                meaning = translate(error, self._latch)
                if meaning is error:
                    raise
                raise meaning from error

    async def _read(self, steps: Callable[[], Steps[T]]) -> T:
        async with self._reading.lent() as connection:
            await connection.execute(_READING)
            result = await drive(connection, steps())
            await connection.execute("COMMIT")
            return result

    async def close(self) -> None:
        """Commit what waits and let go of the connections."""
        self._transactions.give_up()
        await asyncio.gather(*(lane.close() for lane in set(self._lanes.values())))
        await asyncio.gather(self._writing.close(), self._reading.close())
