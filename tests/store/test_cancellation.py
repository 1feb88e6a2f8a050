"""A caller that is gone: work that has not begun is taken back, work that has begun gets its outcome."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from tests.contracts.houses import StoreHouse
from tests.doubles.postgres import PostgreSQL
from tests.store.bystander import bystander
from tests.store.conftest import OpenHouse

from sztafeta.store.statements import Query, Steps
from sztafeta.store.units import Other

Blocked = Callable[[], object]


@pytest.fixture(params=["sqlite", "postgresql"])
async def blocked(request: pytest.FixtureRequest, open_house: OpenHouse) -> Blocked:
    """Open a store of each real kind; give what blocks its writer as long as a block is not left."""
    if request.param == "sqlite":
        house = await open_house()
        return lambda: _blocked_sqlite(house)
    server: PostgreSQL = request.getfixturevalue("postgresql")
    url = server.new_database()
    house = await open_house(url)
    return lambda: _blocked_postgresql(house, url)


@asynccontextmanager
async def _blocked_sqlite(
    house: StoreHouse,
) -> AsyncIterator[tuple[StoreHouse, asyncio.Task[object]]]:
    begun, gate = threading.Event(), threading.Event()

    def steps() -> Steps[str]:
        begun.set()
        gate.wait()
        yield Query("SELECT 1", ())
        return "done"

    under_way = asyncio.ensure_future(house.store.database.write(Other(steps)))
    await asyncio.to_thread(begun.wait)
    try:
        yield house, under_way
    finally:
        gate.set()


@asynccontextmanager
async def _blocked_postgresql(
    house: StoreHouse, url: str
) -> AsyncIterator[tuple[StoreHouse, asyncio.Task[object]]]:
    def steps() -> Steps[str]:
        yield Query("SELECT pg_advisory_xact_lock(1)", ())
        return "done"

    async with bystander(url) as beside, beside.connection.transaction():
        await beside.ask("SELECT pg_advisory_xact_lock(1)")
        under_way = asyncio.ensure_future(house.store.database.write(Other(steps)))
        await beside.until_somebody_waits()
        yield house, under_way


async def test_work_that_waits_is_taken_back_with_its_caller(blocked: Blocked) -> None:
    async with blocked() as (house, under_way):
        now = house.writer.now
        gone = asyncio.ensure_future(house.accounts.create_customer("gone", now=now))
        stays = asyncio.ensure_future(house.accounts.create_customer("stays", now=now))
        await asyncio.sleep(0)  # both stand in line
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
    await asyncio.gather(under_way, stays)
    assert [one.name for one in await house.accounts.customers()] == ["stays"]


async def test_work_that_has_begun_is_awaited_and_told(blocked: Blocked) -> None:
    async with blocked() as (_, under_way):
        under_way.cancel()
        await asyncio.sleep(0)
        assert not under_way.done()
    assert await under_way == "done"


async def test_closing_commits_what_waits(blocked: Blocked) -> None:
    async with blocked() as (house, under_way):
        waiting = asyncio.ensure_future(
            house.accounts.create_customer("last", now=house.writer.now)
        )
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(house.store.database.close())
    await closing
    assert await under_way == "done"
    assert (await waiting).name == "last"
