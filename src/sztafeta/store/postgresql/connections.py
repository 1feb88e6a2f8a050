"""Connections to PostgreSQL: what is set on them, how steps are driven, what their errors mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

import asyncpg

from sztafeta.service.ports import StorageFull, StoreBusy
from sztafeta.store.latch import Latch
from sztafeta.store.statements import Query, Rows, Steps

CONNECT_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 30.0
"""A server that says nothing for so long is taken for lost."""
STATEMENTS_KEPT: Final = 512
SESSION: Final = {
    "application_name": "sztafeta",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",  # a frozen node must not keep its locks
}

_TRY_AGAIN: Final = frozenset({"40001", "40P01"})
"""A serialization failure, a deadlock: nobody's fault, and the next try mostly succeeds."""
_DISK_FULL: Final = "53100"
_IO_ERROR: Final = "58030"
_READ_ONLY: Final = "25006"
_LOST: Final = ("08", "57P", _READ_ONLY)
"""The connection is gone, or leads to a server that may not write: a fresh one may be better."""
_BUSY: Final = ("53", "55P03", "57014", "28", "3D000")
"""No connection or memory left, a lock not had in time, not let in."""

Connection = Any
T = TypeVar("T")


@asynccontextmanager
async def connected(url: str, settings: Mapping[str, str]) -> AsyncIterator[Connection]:
    """Open one connection for a while; what it did not commit is undone.

    Raises:
        StoreBusy: the server cannot be reached, does not let us in, or went away.
    """
    connection = None
    try:
        connection = await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, server_settings={**SESSION, **settings}
        )
        yield connection
    except Exception as error:
        if _is_away(error):
            raise _busy(error) from error
        raise
    finally:
        if connection is not None:
            break_off(connection)


class Pool:
    """Some connections, opened when needed and anew when they were lost (R-30)."""

    def __init__(self, url: str, *, size: int, settings: Mapping[str, str]) -> None:
        self._pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
            server_settings={**SESSION, **settings},
            reset=_keep,
        )

    async def open(self) -> None:
        """Be ready to lend; nothing is connected yet."""
        await self._pool

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Connection]:
        """Lend a connection; an open transaction is undone, what may be lost is not used again.

        Raises:
            StoreBusy: the server cannot be reached.
        """
        connection = await self._acquire()
        try:
            yield connection
        except BaseException as error:
            await _undo(connection, error)
            raise
        finally:
            await self._pool.release(connection)

    async def _acquire(self) -> Connection:
        try:
            return await self._pool.acquire()
        except Exception as error:
            if _is_away(error):
                raise _busy(error) from error
            raise

    async def close(self) -> None:
        """Close all connections."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


async def _undo(connection: Connection, error: BaseException) -> None:
    """End the transaction that an error left open; a connection that may be lost is broken off."""
    if is_lost(error) or isinstance(error, asyncio.CancelledError):
        break_off(connection)
    elif connection.is_in_transaction():
        try:
            await connection.execute("ROLLBACK")
        except Exception:  # the error that brought us here is told
            break_off(connection)


def break_off(connection: Connection) -> None:
    """Close a connection without a word; harmless when it is closed."""
    with suppress(asyncpg.InterfaceError):  # the pool has taken it away already
        connection.terminate()


async def _keep(connection: Connection) -> None:
    """Leave a connection as it is when it is given back: nothing but transactions changes it."""


async def drive(connection: Connection, steps: Steps[T]) -> T:
    """Answer the questions of a transaction until it gives its result."""
    try:
        query = next(steps)
        while True:
            query = steps.send(await _answer(connection, query))
    except StopIteration as done:
        result: T = done.value
        return result


async def _answer(connection: Connection, query: Query) -> Rows:
    if query.counts:
        status: str = await connection.execute(query.text, *query.parameters)
        return ((int(status.rpartition(" ")[2]),),)
    rows: Rows = await connection.fetch(query.text, *query.parameters)
    return rows


def is_lost(error: BaseException) -> bool:
    """Say whether an error leaves us without a connection that can be used."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_LOST)
    # a TimeoutError is an OSError
    return isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError)


def is_worth_repeating(error: Exception) -> bool:
    """Say whether the same transaction, run again, is likely to succeed."""
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        return True  # another node has just migrated
    return is_lost(error) or getattr(error, "sqlstate", None) in _TRY_AGAIN


def translate(error: Exception, latch: Latch) -> Exception:
    """Say what an error of PostgreSQL means for the store."""
    state = getattr(error, "sqlstate", None)
    if state == _DISK_FULL:
        return StorageFull("the disk of the database is full")
    if state == _IO_ERROR:
        return latch.break_off(f"the database could not be written: {error}")
    if state in _TRY_AGAIN or _is_away(error):
        return _busy(error)
    return error


def _is_away(error: Exception) -> bool:
    return is_lost(error) or str(getattr(error, "sqlstate", "")).startswith(_BUSY)


def _busy(error: Exception) -> StoreBusy:
    return StoreBusy(f"PostgreSQL: {str(error) or type(error).__name__}")
