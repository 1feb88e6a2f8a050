"""Ready queues by name: found or created once, then known.

A queue's row is committed before the first message that needs it, by itself: an empty queue harms
nobody, and a message's own transaction then has no question to ask. Rows are never deleted, so what is
known stays true.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.account.api_key import Mode
from sztafeta.store.database import Database
from sztafeta.store.rows import mode_of
from sztafeta.store.schema import ready_queue
from sztafeta.store.statements import ManyRows, Row, Rows, Steps, inserting_if_new, listed, number
from sztafeta.store.units import Other

KNOWN_LIMIT: Final = 50_000
"""Names kept in memory; above, they are forgotten and read again."""

_Name = tuple[int, str, str]
_CREATE: Final = inserting_if_new(ready_queue)
_OWNER: Final = sa.select(ready_queue.c.customer_id, ready_queue.c.pool).where(
    ready_queue.c.queue_id == number("queue_id")
)


def _find(dialect: object) -> sa.Select[Any]:
    """Give the ids of queues by name."""
    named = listed(
        "named",
        sa.column("customer_id", sa.BigInteger),
        sa.column("domain", sa.Text),
        sa.column("pool", sa.Text),
    )
    found = ready_queue.c
    return sa.select(found.queue_id, found.customer_id, found.domain, found.pool).join_from(
        named,
        ready_queue,
        sa.and_(
            found.customer_id == named.c.customer_id,
            found.domain == named.c.domain,
            found.pool == named.c.pool,
        ),
    )


FIND: Final = ManyRows(_find, width=3)


class QueueIds:
    """Finds the ready queues that a message's recipients belong to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[_Name, int] = {}
        self._owners: dict[int, tuple[int, Mode]] = {}

    def known(self, customer_id: int, domains: Iterable[str], pool: str) -> dict[str, int]:
        """Give the queues of those domains that were asked for before."""
        known = self._known
        found = {domain: known.get((customer_id, domain, pool)) for domain in domains}
        return {domain: queue_id for domain, queue_id in found.items() if queue_id is not None}

    async def of(self, customer_id: int, domains: Iterable[str], pool: str) -> dict[str, int]:
        """Give the queue of each domain, made if need be."""
        found = self.known(customer_id, domains, pool)
        missing = [(customer_id, domain, pool) for domain in domains if domain not in found]
        if missing:
            found |= await self._make(missing)
        return found

    async def owner(self, queue_id: int) -> tuple[int, Mode]:
        """Say whose mail a queue holds, and of which mode."""
        owner = self._owners.get(queue_id)
        if owner is None:
            rows = await self._database.read(lambda: self._owner(queue_id))
            if len(self._owners) > KNOWN_LIMIT:
                self._owners.clear()
            owner = self._owners[queue_id] = rows[0][0], mode_of(rows[0][1])
        return owner

    def _owner(self, queue_id: int) -> Steps[Rows]:
        return (yield self._database.dialect.query(_OWNER, queue_id=queue_id))

    async def _make(self, names: Sequence[_Name]) -> dict[str, int]:
        names = sorted(set(names))
        rows = await self._database.write(Other(lambda: self._find_or_create(names)))
        if len(self._known) > KNOWN_LIMIT:
            self._known.clear()
        self._known |= {(customer_id, domain, pool): key for key, customer_id, domain, pool in rows}
        return {domain: queue_id for queue_id, _, domain, _ in rows}

    def _find_or_create(self, names: Sequence[_Name]) -> Steps[list[Row]]:
        dialect = self._database.dialect
        yield from dialect.many(_CREATE, [(*name, None, 0, None) for name in names])
        rows: list[Row] = []
        for query, _ in dialect.padded(FIND, names):
            rows.extend((yield query))
        return rows
