"""Nodes that share one PostgreSQL database, at the moments when they meet."""

from __future__ import annotations

import asyncio

import pytest
from tests.contracts.houses import accepted, leased
from tests.contracts.letters import claim
from tests.store.bystander import bystander
from tests.store.conftest import OpenHouse

from sztafeta.store.node import LEASE, Node
from sztafeta.store.statements import Query, Steps
from sztafeta.store.units import Other

FAR = 1 << 50
"""A lease that does not run out."""


async def test_nodes_that_start_at_once_migrate_once_and_get_numbers_of_their_own(
    open_house: OpenHouse, database: str
) -> None:
    houses = await asyncio.gather(*(open_house(database, name=f"node{n}") for n in range(6)))
    async with bystander(database) as beside:
        nodes = await beside.connection.fetch("SELECT node_id FROM node")
    assert len(nodes) == len(houses)


async def test_a_number_that_another_node_took_meanwhile_stays_with_it(
    open_house: OpenHouse, database: str
) -> None:
    """The number looked free; it was taken between the look and our own entry."""
    house = await open_house(database)
    async with bystander(database) as beside:
        transaction = beside.connection.transaction()
        await transaction.start()
        await beside.ask("LOCK TABLE node IN SHARE ROW EXCLUSIVE MODE")  # can be read, not written
        joining = asyncio.ensure_future(
            Node(house.store.database).join("late", now=house.writer.now)
        )
        await beside.until_somebody_waits()
        await beside.ask("INSERT INTO node VALUES (2, 'early', $1)", FAR)
        await transaction.commit()
        assert await joining == 3
        assert await beside.ask("SELECT name FROM node WHERE node_id = 2") == "early"


async def test_an_accept_that_meets_its_queue_being_given_back_leaves_it_due(
    open_house: OpenHouse, database: str
) -> None:
    """Nobody would look at the queue, had its owner gone without seeing the new mail."""
    house = await open_house(database)
    await accepted(house, house.writer.letter())
    (queue,) = await leased(house)
    async with bystander(database) as beside:
        transaction = beside.connection.transaction()
        await transaction.start()
        await beside.ask("UPDATE ready_queue SET node_id = NULL, next_due = NULL")
        accepting = asyncio.ensure_future(accepted(house, house.writer.letter()))
        await beside.until_somebody_waits()
        await transaction.commit()
        await accepting
    (again,) = await leased(house)
    assert again.queue_id == queue.queue_id


async def test_a_claim_that_meets_its_queue_being_taken_over_takes_nothing(
    open_house: OpenHouse, database: str
) -> None:
    """R-32: the epoch is looked at under the lock of the queue."""
    house = await open_house(database)
    await accepted(house, house.writer.letter())
    (queue,) = await leased(house)
    now = house.writer.now
    (due,) = await house.first.queues.due(queue, now=now, limit=9, after=None)
    async with bystander(database) as beside:
        transaction = beside.connection.transaction()
        await transaction.start()
        await beside.ask("UPDATE ready_queue SET epoch = epoch + 1")
        claiming = asyncio.ensure_future(house.first.queues.claim([claim(due, queue)], now=now))
        await beside.until_somebody_waits()
        await transaction.commit()
        assert await claiming == frozenset()


async def test_queues_that_another_node_is_taking_are_passed_over(
    open_house: OpenHouse, database: str
) -> None:
    house = await open_house(database)
    await accepted(house, house.writer.letter("bob@example.net"))
    await accepted(house, house.writer.letter("bob@example.org"))
    async with bystander(database) as beside, beside.connection.transaction():
        await beside.ask("SELECT 1 FROM ready_queue WHERE domain = 'example.net' FOR UPDATE")
        assert [queue.key.domain for queue in await leased(house)] == ["example.org"]
    assert [queue.key.domain for queue in await leased(house)] == ["example.net"]


@pytest.mark.parametrize("hours", [-2, 2])
async def test_leases_go_by_the_time_of_the_database(
    open_house: OpenHouse, database: str, hours: int
) -> None:
    """R-33: a node whose clock is wrong neither loses its queues nor takes another's."""
    house = await open_house(database)
    await accepted(house, house.writer.letter())
    await leased(house)
    other = await house.another_node()
    wrong = house.writer.now + hours * 120 * LEASE
    await other.queues.join("wrong", now=wrong)
    await other.queues.heartbeat(now=wrong)
    assert await other.queues.lease(now=wrong, limit=9) == []


async def test_a_frozen_nodes_transaction_does_not_keep_its_locks(
    open_house: OpenHouse, database: str
) -> None:
    """R-32: the server ends a transaction in which nothing happens, well before a lease runs out."""
    house = await open_house(database)

    def steps() -> Steps[str]:
        found = yield Query("SHOW idle_in_transaction_session_timeout", ())
        return str(found[0][0])

    seconds = int((await house.store.database.write(Other(steps))).removesuffix("s"))
    assert 0 < seconds < LEASE.total_seconds()
