"""The SQLite hand: the writer, the readers and the checkpoints on one file."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from sztafeta.store.latch import Latch
from sztafeta.store.sqlite.checkpoints import Checkpointer
from sztafeta.store.sqlite.connections import (
    Connection,
    connect_reader,
    connect_writer,
    drive,
    translate,
)
from sztafeta.store.sqlite.writer import SqliteWriter
from sztafeta.store.statements import Dialect, Steps
from sztafeta.store.units import Work

READERS: Final = 3

T = TypeVar("T")


class Readers:
    """A few threads with a connection each; a read sees one snapshot and holds it shortly."""

    def __init__(self, path: Path, latch: Latch) -> None:
        self._path = path
        self._latch = latch
        self._own = threading.local()
        self._opened: list[Connection] = []
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")

    async def read(self, steps: Callable[[], Steps[T]]) -> T:
        """Run questions in one of the threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, steps)

    def _read(self, steps: Callable[[], Steps[T]]) -> T:
        connection = self._connection()
        try:
            connection.execute("BEGIN")
            return drive(connection, steps())
        except Exception as error:
            meaning = translate(error, self._latch)
            if meaning is error:
                raise
            raise meaning from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _connection(self) -> Connection:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = connect_reader(self._path)
            self._opened.append(connection)
        return connection

    async def close(self) -> None:
        """Finish what runs and close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._opened:
            connection.close()


class SqliteDatabase:
    """Implements `Database`; make it with a running loop."""

    def __init__(self, path: Path, latch: Latch) -> None:
        self.dialect = Dialect("sqlite")
        self.writer = SqliteWriter(
            lambda: connect_writer(path),
            dialect=self.dialect,
            latch=latch,
            loop=asyncio.get_running_loop(),
        )
        self._readers = Readers(path, latch)
        self._checkpoints = Checkpointer(lambda: connect_writer(path), self.writer, latch)

    def write(self, work: Work) -> Coroutine[Any, Any, Any]:
        """Commit work with whatever else waits; see `Database.write`."""
        return self.writer.write(work)

    async def read(self, steps: Callable[[], Steps[T]]) -> T:
        """Run questions on a snapshot; see `Database.read`."""
        return await self._readers.read(steps)

    async def close(self) -> None:
        """Commit what waits and let go of the file."""
        await asyncio.to_thread(self._checkpoints.stop)
        await self._readers.close()
        await self.writer.close()
