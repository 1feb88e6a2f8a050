"""Connections to the SQLite file: what is set on them, how steps are driven, what their errors mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeVar

from pysqlite3 import dbapi2 as sqlite

from sztafeta.service.ports import StorageFull, StoreBusy
from sztafeta.store.gates import sqlite_pragma_faults
from sztafeta.store.latch import Latch
from sztafeta.store.statements import Query, Rows, Steps

PAGE_SIZE: Final = 4096
"""Octets, of a fresh file: a commit writes every page that it touched, and one message touches a dozen."""
BUSY_SECONDS: Final = 5.0
"""How long a locked database is waited for (R-27)."""
WRITER_CACHE_KIB: Final = 4 * 1024
READER_CACHE_KIB: Final = 4 * 1024
WAL_LIMIT_BYTES: Final = 64 * 1024 * 1024
STATEMENTS_KEPT: Final = 512

_PRIMARY_CODE: Final = 0xFF
_BUSY: Final = frozenset({sqlite.SQLITE_BUSY, sqlite.SQLITE_LOCKED})

Connection = Any
T = TypeVar("T")


def connect_writer(path: Path) -> Connection:
    """Open the connection that writes; nothing else may."""
    connection = _connect(path, cache_kib=WRITER_CACHE_KIB)
    connection.execute(f"PRAGMA page_size={PAGE_SIZE}")  # a fresh file only
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT_BYTES}")
    return connection


def connect_reader(path: Path) -> Connection:
    """Open a connection that only reads."""
    connection = _connect(path, cache_kib=READER_CACHE_KIB)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _connect(path: Path, *, cache_kib: int) -> Connection:
    connection = sqlite.connect(
        str(path),
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_KEPT,
    )
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute(f"PRAGMA cache_size=-{cache_kib}")
    return connection


def pragma_faults(connection: Connection) -> list[str]:
    """Read back what was set: a build or a file system may have refused (R-19)."""
    return sqlite_pragma_faults(
        journal_mode=connection.execute("PRAGMA journal_mode").fetchone()[0],
        synchronous=connection.execute("PRAGMA synchronous").fetchone()[0],
    )


def drive(connection: Connection, steps: Steps[T]) -> T:
    """Answer the questions of a transaction until it gives its result."""
    try:
        query = next(steps)
        while True:
            query = steps.send(_answer(connection, query))
    except StopIteration as done:
        result: T = done.value
        return result


def _answer(connection: Connection, query: Query) -> Rows:
    if query.counts:
        before = connection.total_changes
        connection.execute(query.text, query.parameters)
        return ((connection.total_changes - before,),)
    rows: Rows = connection.execute(query.text, query.parameters).fetchall()
    return rows


def translate(error: Exception, latch: Latch) -> Exception:
    """Say what an error of SQLite means for the store; a failed sync closes the latch."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(error, sqlite.Error) or code is None:
        return error
    kind = code & _PRIMARY_CODE
    if kind in _BUSY:
        return StoreBusy("the database is locked by another process")
    if kind == sqlite.SQLITE_FULL:
        return StorageFull("the disk is full")
    if kind == sqlite.SQLITE_IOERR:
        return latch.break_off(f"the database could not be written: {error}")
    trouble: Exception = error
    return trouble
