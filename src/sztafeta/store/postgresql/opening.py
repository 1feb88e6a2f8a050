"""Opening PostgreSQL: the gate, and the migrations under a lock, so that nodes can start at once."""

from __future__ import annotations

import asyncio
from typing import Final

from sztafeta.store.database import Database
from sztafeta.store.gates import postgresql_faults, refuse_unsafe
from sztafeta.store.latch import Latch
from sztafeta.store.migrate import upgrade_script
from sztafeta.store.postgresql.connections import Connection, connected
from sztafeta.store.postgresql.database import PostgresqlDatabase

_GATED: Final = ("fsync", "synchronous_commit")
_MIGRATION_LOCK: Final = 0x737A7461666574
"""Any number that nobody else in this database uses."""
_PATIENT: Final = {"lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}


async def open_postgresql(
    url: str, latch: Latch, *, i_know: bool
) -> tuple[Database, tuple[str, ...]]:
    """Open a database at the newest tables; give the faults that the operator accepts.

    Raises:
        UnsafeStorage: the server does not sync, and not `i_know`.
        NewerSchema: a newer version of the program was here.
        StoreBusy: the server cannot be reached.
    """
    async with connected(url, _PATIENT) as connection:
        found = {name: await connection.fetchval(f"SHOW {name}") for name in _GATED}
        faults = refuse_unsafe(postgresql_faults(found), i_know=i_know)
        await _migrate(connection)
    # what passed the gate holds for every later connection, whatever the role is set to by then
    settings = {"synchronous_commit": found["synchronous_commit"]}
    database = PostgresqlDatabase(url, latch, settings=settings)
    await database.open()
    return database, faults


async def migrate_postgresql(url: str) -> None:
    """Bring a database to the newest tables; all or nothing.

    Raises:
        NewerSchema: the database knows a migration that this version does not.
        StoreBusy: the server cannot be reached.
    """
    async with connected(url, _PATIENT) as connection:
        await _migrate(connection)


async def _migrate(connection: Connection) -> None:
    await connection.execute("BEGIN")
    await connection.execute(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
    script = await asyncio.to_thread(upgrade_script, await _revision(connection))
    await connection.execute(f"{script}\n;COMMIT")


async def _revision(connection: Connection) -> str | None:
    """Read which migration was the last; None when there was none."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision
