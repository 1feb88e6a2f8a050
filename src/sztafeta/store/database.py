"""What the store's parts ask of a database: gathered writes and short reads, both given as steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sztafeta.store.statements import Dialect, Steps
from sztafeta.store.units import Work

T = TypeVar("T")


class Database(Protocol):
    """SQLite or PostgreSQL, opened."""

    dialect: Dialect

    async def write(self, work: Work) -> Any:
        """Have work committed together with whatever else waits; durable on return.

        A caller cancelled before its work has begun takes it back; later it gets the outcome.

        Raises:
            StorageFull: there was no room, nothing was kept.
            StoreBusy: the database could not be reached or locked in time, nothing was kept.
            StoreBroken: a sync failed, now or earlier.
        """

    async def read(self, steps: Callable[[], Steps[T]]) -> T:
        """Run questions on a connection of their own, on one snapshot.

        Raises:
            StoreBusy: the database could not be reached.
        """

    async def close(self) -> None:
        """Commit what waits and let go of everything."""
