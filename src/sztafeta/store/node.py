"""The node: this process as the database knows it, and the lease that all its queues hang on.

A heartbeat moves one row, whatever the number of queues. A queue is free when it has no node or when
its node's lease ran out. On PostgreSQL the database's clock decides (R-33): nodes may disagree about
the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.store.database import Database
from sztafeta.store.rows import to_millis
from sztafeta.store.schema import node, ready_queue
from sztafeta.store.statements import Query, Steps, number
from sztafeta.store.units import Other

LEASE: Final = timedelta(seconds=30)
NODE_NUMBERS: Final = range(1, 255)
"""Ids carry a node's number in 8 bits; 255 is for administration, 0 for nobody."""


class TooManyNodes(Exception):
    """Every node number is taken by a living node."""


_TIME: Final = sa.select(
    sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1000, sa.BigInteger)
)
_NODES: Final = sa.select(node.c.node_id, node.c.name, node.c.lease_until)
_FORGET_DEAD: Final = sa.delete(node).where(
    node.c.node_id == number("id"), node.c.lease_until < number("time")
)
"""Only while it is dead: the number may have been given to another node a moment ago."""
_RENEW: Final = (
    sa.update(node).values(lease_until=number("until")).where(node.c.node_id == number("id"))
)
FREE_QUEUES_OF: Final = (
    sa.update(ready_queue)
    .values(node_id=sa.null(), next_due=number("now"))
    .where(ready_queue.c.node_id == number("id", sa.SmallInteger))
)
"""What a node held becomes free and due now."""


class Node:
    """This process among the nodes; its number is 0 until it has joined."""

    def __init__(self, database: Database, *, lease: timedelta = LEASE) -> None:
        self._database = database
        self._lease = lease // timedelta(milliseconds=1)
        self.number = 0

    async def join(self, name: str, *, now: datetime) -> int:
        """Register, free what an earlier life of this node held, and give the number."""
        self.number = await self._database.write(Other(lambda: self._join(name, to_millis(now))))
        return self.number

    async def heartbeat(self, *, now: datetime) -> None:
        """Keep the lease."""
        await self._database.write(Other(lambda: self._beat(to_millis(now))))

    def time(self, now: int) -> Steps[int]:
        """Tell the time that leases go by: the database's own where nodes share one."""
        if not self._database.dialect.has_many_writers:
            return now
        rows = yield self._database.dialect.query(_TIME)
        time: int = rows[0][0]
        return time

    def dead(self, time: int) -> Steps[list[int]]:
        """Name the nodes whose lease ran out."""
        rows = yield self._database.dialect.query(_NODES)
        return [row[0] for row in rows if row[2] < time and row[0] != self.number]

    def living(self, time: int) -> Steps[list[int]]:
        """Give the numbers of the nodes whose lease runs."""
        rows = yield self._database.dialect.query(_NODES)
        return [row[0] for row in rows if row[2] >= time]

    def _join(self, name: str, now: int) -> Steps[int]:
        ask = self._database.dialect.query
        time = yield from self.time(now)
        number = yield from self._register(name, time)
        yield ask(_RENEW, until=time + self._lease, id=number)
        yield ask(FREE_QUEUES_OF, id=number, now=now)
        return number

    def _register(self, name: str, time: int) -> Steps[int]:
        """Find our row or make one; another node that joins at this moment may take a number first."""
        dialect = self._database.dialect
        while True:
            nodes = yield dialect.query(_NODES)
            for node_id, known, _ in nodes:
                if known == name:
                    return int(node_id)
            node_id = _free_number(nodes, time)
            yield dialect.query(_FORGET_DEAD, id=node_id, time=time)
            yield self._insert(node_id, name)

    def _insert(self, node_id: int, name: str) -> Query:
        dialect = self._database.dialect
        values = {"node_id": node_id, "name": name, "lease_until": 0}
        return dialect.once(dialect.insert_if_new(node).values(values))

    def _beat(self, now: int) -> Steps[None]:
        time = yield from self.time(now)
        yield self._database.dialect.query(_RENEW, until=time + self._lease, id=self.number)


def _free_number(nodes: Sequence[Sequence[Any]], time: int) -> int:
    """Choose a number that nobody has, or that of the node that died first."""
    taken = {row[0] for row in nodes}
    for node_id in NODE_NUMBERS:
        if node_id not in taken:
            return node_id
    died_at, node_id = min((row[2], row[0]) for row in nodes)
    if died_at >= time:
        raise TooManyNodes(f"all {len(NODE_NUMBERS)} node numbers are in use")
    return int(node_id)
