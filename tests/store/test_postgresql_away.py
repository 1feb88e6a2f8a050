"""A PostgreSQL server that goes, comes back, refuses or fails (R-30)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from tests.contracts.houses import StoreHouse, accepted
from tests.doubles.postgres import PostgreSQL, running_postgresql
from tests.store.bystander import bystander
from tests.store.conftest import OpenHouse

from sztafeta.delivery.state import State
from sztafeta.service.ports import StorageFull, StoreBroken, StoreBusy
from sztafeta.store.statements import Query, Steps
from sztafeta.store.units import Other


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """Run a server of our own, which may be stopped."""
    with running_postgresql() as own:
        yield own


def failing(sqlstate: str, *, times: int) -> Callable[[], Steps[int]]:
    """Make a transaction in which the server raises an error at the first runs; gives its run."""
    runs = 0

    def steps() -> Steps[int]:
        nonlocal runs
        runs += 1
        if runs <= times:
            yield Query(f"DO $$ BEGIN RAISE 'no' USING ERRCODE = '{sqlstate}'; END $$", ())
        return runs

    return steps


async def test_a_stopped_server_is_busy_and_a_started_one_serves_at_once(
    open_house: OpenHouse, server: PostgreSQL
) -> None:
    house = await open_house(server.new_database())
    letters = [house.writer.letter() for _ in range(3)]
    await accepted(house, letters[0])
    server.stop()
    for _ in range(2):
        with pytest.raises(StoreBusy):
            await accepted(house, letters[1])
    with pytest.raises(StoreBusy):
        await house.history.counts()
    server.start()
    await accepted(house, letters[2])
    assert await house.history.counts() == {State.QUEUED: 2}


async def test_what_was_acknowledged_survives_a_crash_of_the_server(
    open_house: OpenHouse, server: PostgreSQL
) -> None:
    house = await open_house(server.new_database())
    letter = house.writer.letter()
    await accepted(house, letter)
    server.crash()
    server.start()
    found = await house.first.queues.message(letter.message_id)
    assert found is not None


async def test_connections_that_were_ended_are_replaced_unseen(
    open_house: OpenHouse, database: str
) -> None:
    house = await open_house(database)
    await accepted(house, house.writer.letter())
    await house.history.counts()
    async with bystander(database) as beside:
        assert await beside.end_all_others() >= 2
        await accepted(house, house.writer.letter())
        assert await house.history.counts() == {State.QUEUED: 2}


async def test_a_server_that_may_not_write_is_left_for_one_that_may(
    open_house: OpenHouse, database: str
) -> None:
    """A standby, or a primary that was demoted."""
    house = await open_house(database)
    async with bystander(database) as beside:
        await accepted(house, house.writer.letter())
        name = await beside.ask("SELECT current_database()")
        await beside.ask(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await beside.end_all_others()
        with pytest.raises(StoreBusy, match="read-only"):
            await accepted(house, house.writer.letter())
        await beside.connection.execute("SET default_transaction_read_only = off")
        await beside.ask(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await accepted(house, house.writer.letter())


async def test_too_many_connections_are_busy(open_house: OpenHouse, database: str) -> None:
    async with bystander(database) as beside:
        await beside.ask("CREATE ROLE clerk LOGIN CONNECTION LIMIT 1")
        await beside.ask("GRANT ALL ON SCHEMA public TO clerk")
        house = await open_house(database.replace("sztafeta@", "clerk@"))
        with pytest.raises(StoreBusy, match="too many connections"):
            await house.history.counts()
        await beside.ask("ALTER ROLE clerk CONNECTION LIMIT 9")
        assert await house.history.counts() == {}


async def test_a_server_that_is_not_there_is_told_at_the_start(open_house: OpenHouse) -> None:
    with pytest.raises(StoreBusy):
        await open_house("postgresql://sztafeta@127.0.0.1:1/nowhere")


async def test_a_database_that_is_not_there_is_told_at_the_start(
    open_house: OpenHouse, postgresql: PostgreSQL
) -> None:
    with pytest.raises(StoreBusy, match="does not exist"):
        await open_house(f"postgresql://sztafeta@127.0.0.1:{postgresql.port}/nowhere")


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_a_serialization_failure_or_a_deadlock_is_tried_again(
    open_house: OpenHouse, database: str, sqlstate: str
) -> None:
    house = await open_house(database)
    assert await house.store.database.write(Other(failing(sqlstate, times=2))) == 3


@pytest.mark.parametrize(
    ("sqlstate", "meaning"),
    [
        ("40001", StoreBusy),
        ("40P01", StoreBusy),
        ("53100", StorageFull),
        ("53200", StoreBusy),
        ("55P03", StoreBusy),
        ("57014", StoreBusy),
        ("57P01", StoreBusy),
        ("25006", StoreBusy),
        ("58030", StoreBroken),
    ],
)
async def test_each_trouble_of_the_server_has_a_meaning(
    open_house: OpenHouse, database: str, sqlstate: str, meaning: type[Exception]
) -> None:
    house = await open_house(database)
    with pytest.raises(meaning):
        await house.store.database.write(Other(failing(sqlstate, times=99)))


async def test_after_a_failed_write_of_the_server_nothing_is_promised(
    open_house: OpenHouse, database: str
) -> None:
    """R-24."""
    house = await open_house(database)
    with pytest.raises(StoreBroken):
        await house.store.database.write(Other(failing("58030", times=1)))
    assert house.store.broken is not None
    with pytest.raises(StoreBroken):
        await accepted(house, house.writer.letter())


async def test_a_unit_that_always_fails_does_not_fail_its_neighbours(
    open_house: OpenHouse, database: str
) -> None:
    house = await open_house(database)
    good, bad = await together(house, failing("40P01", times=0), failing("22012", times=99))
    assert good == 2, "once in the batch that was undone, once by itself"
    assert "no" in str(bad)


async def together(house: StoreHouse, *works: Callable[[], Steps[int]]) -> list[object]:
    return await asyncio.gather(
        *(house.store.database.write(Other(work)) for work in works), return_exceptions=True
    )
