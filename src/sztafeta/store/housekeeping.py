"""Housekeeping: settled messages leave by retention, in batches; body files that no message names are
swept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import sqlalchemy as sa

from sztafeta.store.bodies import Bodies
from sztafeta.store.database import Database
from sztafeta.store.removal import remove_messages
from sztafeta.store.rows import to_millis
from sztafeta.store.schema import IS_LIVE, message, recipient, remembered, shared_content
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
            files = await self._database.write(
                Other(partial(remove_messages, found, self._database.dialect))
            )
            for identity in files:
                await asyncio.to_thread(self._bodies.remove, identity)
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

    async def forget_answers(self, now: datetime) -> int:
        """Delete answers that were kept under an idempotency key for long enough."""
        over = sa.delete(remembered).where(remembered.c.until <= to_millis(now))
        deleted: int = await self._database.write(Other(partial(self._count, over)))
        return deleted

    def _count(self, deletion: sa.Delete) -> Steps[int]:
        changed = yield replace(self._database.dialect.once(deletion), counts=True)
        count: int = changed[0][0]
        return count

    def _old(self, before: int, limit: int) -> Steps[Rows]:
        live = sa.select(recipient.c.recipient_id).where(
            recipient.c.message_id == message.c.message_id, IS_LIVE
        )
        wanted = (
            sa.select(message.c.message_id, message.c.in_file, message.c.tail_id)
            .where(message.c.accepted_at < before, ~sa.exists(live))
            .order_by(message.c.message_id)
            .limit(limit)
        )
        return (yield self._database.dialect.once(wanted))

    def _named(self, identities: Sequence[int]) -> Steps[Rows]:
        """Say which of these are messages or tails."""
        messages = sa.select(message.c.message_id).where(message.c.message_id.in_(identities))
        tails = sa.select(shared_content.c.tail_id).where(shared_content.c.tail_id.in_(identities))
        return (yield self._database.dialect.once(messages.union_all(tails)))
