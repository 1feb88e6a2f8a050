"""Tallies: one row a kind and subject, counted up in one statement."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from sztafeta.service.ports import Tally
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import tally
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

_ONE: Final = sa.and_(
    tally.c.kind == number("kind", sa.Text), tally.c.subject == number("subject", sa.Text)
)
_TALLY: Final = sa.select(tally.c.count, tally.c.since, tally.c.last_at).where(_ONE)
_FORGET: Final = sa.delete(tally).where(_ONE)


class Tallies:
    """Implements `TallyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, kind: str, subject: str, *, within: timedelta, now: datetime) -> Tally:
        """Count one more; a tally that began longer ago than `within` begins anew."""
        at, begins_after = to_millis(now), to_millis(now - within)
        first = {"kind": kind, "subject": clean(subject), "count": 1, "since": at, "last_at": at}
        insert = self._database.dialect.insert(tally).values(first)
        has_run_out = tally.c.since <= begins_after
        counted = insert.on_conflict_do_update(
            index_elements=["kind", "subject"],
            set_={
                "count": sa.case((has_run_out, 1), else_=tally.c.count + 1),
                "since": sa.case((has_run_out, at), else_=tally.c.since),
                "last_at": at,
            },
        ).returning(tally.c.count, tally.c.since, tally.c.last_at)

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.once(counted))

        rows: Rows = await self._database.write(Other(steps))
        return _tally(rows[0])

    async def tally(self, kind: str, subject: str) -> Tally | None:
        """Say how it stands."""

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(_TALLY, kind=kind, subject=clean(subject)))

        found = await self._database.read(steps)
        return _tally(found[0]) if found else None

    async def forget_tally(self, kind: str, subject: str) -> None:
        """Begin anew."""

        def steps() -> Steps[None]:
            yield self._database.dialect.query(_FORGET, kind=kind, subject=clean(subject))

        await self._database.write(Other(steps))

    async def forget_tallies(self, *, before: datetime) -> int:
        """Forget those that nobody counted since."""
        deletion = sa.delete(tally).where(tally.c.last_at < to_millis(before))

        def steps() -> Steps[int]:
            changed = yield replace(self._database.dialect.once(deletion), counts=True)
            count: int = changed[0][0]
            return count

        count: int = await self._database.write(Other(steps))
        return count


def _tally(row: Row) -> Tally:
    count, since, last_at = row
    return Tally(count=count, since=to_datetime(since), last_at=to_datetime(last_at))
