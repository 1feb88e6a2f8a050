"""A connection to PostgreSQL beside the store's own: it holds locks, looks and disturbs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

PATIENCE_SECONDS = 90
"""Longer than the machine is ever busy with something else."""
_SOMEBODY_WAITS = """
    SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
                    WHERE NOT granted AND datname = current_database())
"""
_END_OTHERS = """
    SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Bystander:
    """One connection."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def ask(self, query: str, *arguments: object) -> Any:
        """Give the one value that a query answers with."""
        return await self.connection.fetchval(query, *arguments)

    async def until_somebody_waits(self, work: asyncio.Future[None] | None = None) -> None:
        """Ask until another connection waits for a lock: there is no event to wait for.

        Work that ends before it has to wait says why.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self.ask(_SOMEBODY_WAITS):
                if work is not None and work.done():
                    work.result()
                    raise AssertionError("it was done before it had to wait")
                await asyncio.sleep(0.02)  # leaves the processor to whoever shall come to wait
                await self.ask("SELECT pg_stat_clear_snapshot()")  # a transaction sees one picture

    async def end_all_others(self) -> int:
        """End every other connection to this database; give how many there were."""
        return int(await self.ask(_END_OTHERS))


@asynccontextmanager
async def bystander(url: str) -> AsyncIterator[Bystander]:
    """Connect."""
    connection = await asyncpg.connect(url)
    try:
        yield Bystander(connection)
    finally:
        await connection.close()
