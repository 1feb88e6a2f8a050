"""Sabotages of durability (R-00): mistakes somebody could make; a campaign must turn red on each.

The short dot timeout is not here: it is a setting.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sztafeta.delivery.state import State
from sztafeta.service.ports import StoreBroken
from sztafeta.store import schema, units
from sztafeta.store.latch import Latch
from sztafeta.store.schema import recipient
from sztafeta.store.sqlite import connections
from sztafeta.store.sqlite.lock import FileLock
from sztafeta.store.sqlite.writer import SqliteWriter
from sztafeta.store.statements import Dialect, ManyRows, inserting_if_new, listed
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
    _sync_only(stat.S_ISDIR)


def folder_not_synced() -> None:
    """Forget the fsync of the folder that a big message's file was renamed in."""
    _sync_only(stat.S_ISREG)


def _sync_only(is_wanted: Callable[[int], bool]) -> None:
    fsync = os.fsync

    def some(descriptor: Any) -> None:
        if is_wanted(os.fstat(descriptor).st_mode):
            fsync(descriptor)

    os.fsync = some
    os.fdatasync = some


def lock_ignored() -> None:
    """Come in beside a living process, as if it were dead; the lock keeps us from that (R-18)."""

    def nothing(*_: Any) -> None:
        return

    FileLock.__init__ = nothing  # type: ignore[method-assign]
    FileLock.release = nothing  # type: ignore[method-assign]


def lease_not_fenced() -> None:
    """Settle whatever is being sent, whoever has its queue by now."""

    def settle(dialect: Dialect) -> sa.Update:
        names = ("recipient_id", "epoch", "state", "due_at", "final_at")
        done = listed("done", *(sa.column(name, sa.BigInteger) for name in names))
        return (
            sa.update(recipient)
            .values(
                state=done.c.state,
                due_at=done.c.due_at,
                final_at=sa.func.nullif(done.c.final_at, sa.literal_column("0")),
            )
            .where(
                recipient.c.recipient_id == done.c.recipient_id,
                recipient.c.state == sa.literal_column(str(State.SENDING.value)),
            )
        )

    units.SETTLE = ManyRows(settle, width=5)  # type: ignore[misc]
    units.SETTLE_ASKING = ManyRows(units._asking(settle), width=5)  # type: ignore[misc]
    # the second fence: the successor has noted this attempt as one whose end nobody saw
    units.INSERT_ATTEMPTS = inserting_if_new(schema.attempt)  # type: ignore[misc]


def latch_forgotten() -> None:
    """Go on after a failed sync, as SQLite itself would (R-24)."""

    def forget(_: Latch, reason: str) -> StoreBroken:
        return StoreBroken(reason)

    Latch.break_off = forget  # type: ignore[method-assign]


SABOTAGES: dict[str, Callable[[], None]] = {
    "reply-before-commit": reply_before_commit,
    "claim-after-the-dial": claim_after_the_dial,
    "synchronous-off": synchronous_off,
    "body-not-synced": body_not_synced,
    "folder-not-synced": folder_not_synced,
    "lock-ignored": lock_ignored,
    "lease-not-fenced": lease_not_fenced,
    "latch-forgotten": latch_forgotten,
}
