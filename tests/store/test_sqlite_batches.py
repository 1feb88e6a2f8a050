"""Group commit on SQLite: what turns of the loop bring one after the other shares a transaction."""

from __future__ import annotations

import asyncio

from tests.contracts.houses import StoreHouse
from tests.store.conftest import OpenHouse

from sztafeta.store.sqlite.database import SqliteDatabase
from sztafeta.store.sqlite.writer import BATCH_LIMIT, HANDED_OVER_AT
from sztafeta.store.statements import Query, Steps
from sztafeta.store.units import Other, Unit


def batches_of(house: StoreHouse) -> list[int]:
    """Note how many units each batch has from now on."""
    database = house.store.database
    assert isinstance(database, SqliteDatabase)
    sizes: list[int] = []
    writer, run_batch = database.writer, database.writer.run_batch

    def counted(units: list[Unit]) -> object:
        sizes.append(len(units))
        return run_batch(units)

    writer.run_batch = counted  # type: ignore[method-assign,assignment]
    return sizes


def _nothing() -> Steps[None]:
    yield Query("SELECT 1", ())


async def _write_after(turns: int, house: StoreHouse) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    await house.store.database.write(Other(_nothing))


async def test_units_of_successive_turns_share_a_batch(open_house: OpenHouse) -> None:
    house = await open_house()
    sizes = batches_of(house)
    await asyncio.gather(*(_write_after(turns, house) for turns in range(10)))
    assert sizes == [10]


async def test_a_lone_unit_does_not_wait_until_the_loop_is_idle(open_house: OpenHouse) -> None:
    house = await open_house()
    lone, loop = asyncio.ensure_future(_write_after(0, house)), asyncio.get_running_loop()

    def turn() -> None:
        if not lone.done():
            loop.call_soon(turn)

    turn()
    await lone


async def test_a_stream_that_does_not_end_is_not_waited_for(open_house: OpenHouse) -> None:
    house = await open_house()
    sizes = batches_of(house)
    stream = [asyncio.ensure_future(_write_after(0, house))]
    while not stream[0].done():
        stream.append(asyncio.ensure_future(_write_after(0, house)))
        await asyncio.sleep(0)
    await asyncio.gather(*stream)
    assert HANDED_OVER_AT <= sizes[0] <= BATCH_LIMIT
