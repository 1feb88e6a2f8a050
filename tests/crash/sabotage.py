"""Sabotages of durability (R-00): mistakes somebody could make; a campaign must turn red on each."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sztafeta.store.sqlite import connections
from sztafeta.store.sqlite.writer import SqliteWriter
from sztafeta.store.units import Arrival, Claims, Outcomes, Work

LATE_SECONDS = 0.5


def reply_before_commit() -> None:
    """Say 250 at once and commit a little later."""
    write = SqliteWriter.write
    under_way: set[asyncio.Future[Any]] = set()

    async def later(self: SqliteWriter, work: Work) -> None:
        await asyncio.sleep(LATE_SECONDS)
        await write(self, work)

    async def hasty(self: SqliteWriter, work: Work) -> Any:
        if not isinstance(work, Arrival):
            return await write(self, work)
        task = asyncio.ensure_future(later(self, work))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        return work.queue_ids

    SqliteWriter.write = hasty  # type: ignore[method-assign]


def claim_after_the_dial() -> None:
    """Write the attempt together with its outcome, not before the dial."""
    write = SqliteWriter.write
    kept_back: dict[int, tuple[int, ...]] = {}

    async def lazy(self: SqliteWriter, work: Work) -> Any:
        if isinstance(work, Claims):
            kept_back.update({row[0]: row for row in work.rows})
            return frozenset(row[0] for row in work.rows)
        if isinstance(work, Outcomes):
            rows = [kept_back.pop(one.recipient_id, None) for one in work.outcomes]
            await write(self, Claims([row for row in rows if row is not None]))  # type: ignore[misc]
        return await write(self, work)

    SqliteWriter.write = lazy  # type: ignore[method-assign]


def synchronous_off() -> None:
    """Let SQLite not sync; the pragma gate is left alone, and must refuse (R-19)."""
    connect = connections._connect

    def connect_hastily(path: Path, *, cache_kib: int) -> Any:
        connection = connect(path, cache_kib=cache_kib)
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    connections._connect = connect_hastily


def body_not_synced() -> None:
    """Forget the fsync of a file that holds a big message."""
    fsync = os.fsync

    def folders_only(descriptor: Any) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            fsync(descriptor)

    os.fsync = folders_only
    os.fdatasync = folders_only


SABOTAGES: dict[str, Callable[[], None]] = {
    "reply-before-commit": reply_before_commit,
    "claim-after-the-dial": claim_after_the_dial,
    "synchronous-off": synchronous_off,
    "body-not-synced": body_not_synced,
}
