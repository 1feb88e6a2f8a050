"""Housekeeping: settled messages leave by retention, in batches; body files that no message names are
swept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import sqlalchemy as sa

from sztafeta.store.bodies import Bodies
from sztafeta.store.database import Database
from sztafeta.store.rows import to_millis
from sztafeta.store.schema import IS_LIVE, attempt, body, event, message, recipient
from sztafeta.store.statements import Rows, Steps
from sztafeta.store.units import Other

SLICE: Final = 200
"""Messages deleted in one transaction."""


class Housekeeper:
    """Implements `Housekeeping`."""

    def __init__(self, database: Database, bodies: Bodies) -> None:
        self._database = database
        self._bodies = bodies

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete messages accepted before this instant whose recipients are all final; at most `limit`."""
        deleted = 0
        while deleted < limit:
            size = min(SLICE, limit - deleted)
            found = await self._database.read(partial(self._old, to_millis(before), size))
            if not found:
                break
            await self._database.write(Other(partial(self._delete, found)))
            await self._remove_files(found)
            deleted += len(found)
        return deleted

    async def sweep_bodies(self, before: datetime) -> int:
        """Delete body files older than this instant that no message names (R-03)."""
        old = await asyncio.to_thread(self._bodies.older_than, before)
        orphans = []
        for start in range(0, len(old), SLICE):
            part = old[start : start + SLICE]
            named = await self._database.read(partial(self._named, part))
            orphans += sorted(set(part) - {row[0] for row in named})
        for message_id in orphans:
            await asyncio.to_thread(self._bodies.remove, message_id)
        return len(orphans)

    async def _remove_files(self, found: Rows) -> None:
        """Delete the files of deleted rows: a crash in between leaves an orphan, never a row without body."""
        for message_id, in_file in found:
            if in_file:
                await asyncio.to_thread(self._bodies.remove, message_id)

    def _old(self, before: int, limit: int) -> Steps[Rows]:
        live = sa.select(recipient.c.recipient_id).where(
            recipient.c.message_id == message.c.message_id, IS_LIVE
        )
        wanted = (
            sa.select(message.c.message_id, message.c.in_file)
            .where(message.c.accepted_at < before, ~sa.exists(live))
            .order_by(message.c.message_id)
            .limit(limit)
        )
        return (yield self._database.dialect.once(wanted))

    def _delete(self, found: Rows) -> Steps[None]:
        ids = [row[0] for row in found]
        for table in (event, attempt, recipient, body, message):
            yield self._database.dialect.once(sa.delete(table).where(table.c.message_id.in_(ids)))

    def _named(self, message_ids: Sequence[int]) -> Steps[Rows]:
        wanted = sa.select(message.c.message_id).where(message.c.message_id.in_(message_ids))
        return (yield self._database.dialect.once(wanted))
