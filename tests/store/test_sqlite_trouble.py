"""A SQLite file that is full, locked or cannot be written."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pysqlite3
import pytest
from tests.contracts.houses import StoreHouse, accepted, leased
from tests.contracts.letters import BODY, claim
from tests.store.conftest import OpenHouse

from sztafeta.delivery.state import State
from sztafeta.service.ports import StorageFull, StoreBroken, StoreBusy
from sztafeta.store.bodies import RowContent
from sztafeta.store.open import DATABASE_FILE, open_store
from sztafeta.store.sqlite.database import SqliteDatabase

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BIG = RowContent(BODY * 2000)


async def on_the_writer(house: StoreHouse, action: Callable[[Any], object]) -> None:
    """Do something with the writing connection, between two batches."""
    database = house.store.database
    assert isinstance(database, SqliteDatabase)
    done = asyncio.get_running_loop().create_future()

    def act(connection: Any) -> None:
        action(connection)
        done.get_loop().call_soon_threadsafe(done.set_result, None)

    database.writer.call_between_batches(act)
    await done


async def limit(house: StoreHouse, *, more_pages: int) -> None:
    """Let the file grow by so many pages and no more: SQLite then says that the disk is full."""

    def set_limit(connection: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + more_pages}")

    await on_the_writer(house, set_limit)


# -- full -----------------------------------------------------------------------------------------


async def test_a_full_disk_keeps_nothing_half_and_takes_mail_again_when_there_is_room(
    open_house: OpenHouse,
) -> None:
    """R-20, R-22."""
    house = await open_house()
    await accepted(house, house.writer.letter())
    await limit(house, more_pages=4)
    letter = house.writer.letter(content=BIG)
    with pytest.raises(StorageFull):
        await accepted(house, letter)
    assert await house.first.queues.message(letter.message_id) is None
    assert await house.history.counts() == {State.QUEUED: 1}
    await limit(house, more_pages=1000)
    await accepted(house, letter)
    assert await house.first.queues.message(letter.message_id) is not None


async def test_what_fits_is_kept_beside_what_does_not(open_house: OpenHouse) -> None:
    """R-20: of one batch, the message that finds no room is refused and its neighbours are not."""
    house = await open_house()
    await accepted(house, house.writer.letter())
    await limit(house, more_pages=4)
    letters = [house.writer.letter(), house.writer.letter(content=BIG), house.writer.letter()]
    answers = await asyncio.gather(
        *(accepted(house, letter) for letter in letters), return_exceptions=True
    )
    assert [isinstance(answer, StorageFull) for answer in answers] == [False, True, False]
    assert await house.history.counts() == {State.QUEUED: 3}


async def test_outcomes_are_recorded_before_mail_is_taken_while_room_lasts(
    open_house: OpenHouse,
) -> None:
    """R-21."""
    house = await open_house()
    await accepted(house, house.writer.letter())
    (queue,) = await leased(house)
    (due,) = await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
    await house.first.queues.claim([claim(due, queue)], now=house.writer.now)
    await limit(house, more_pages=1)
    outcome = house.writer.settlement(due, queue)
    refused, settled = await asyncio.gather(
        accepted(house, house.writer.letter(content=BIG)),
        house.first.queues.settle([outcome], now=house.writer.now),
        return_exceptions=True,
    )
    assert isinstance(refused, StorageFull)
    assert settled == {due.recipient_id}


# -- locked ---------------------------------------------------------------------------------------


async def test_a_locked_file_is_busy_and_serves_as_soon_as_it_is_let_go(
    open_house: OpenHouse, tmp_path: Path
) -> None:
    """R-27: a backup or a shell holds the write lock."""
    house = await open_house()
    await accepted(house, house.writer.letter())
    await on_the_writer(house, lambda writer: writer.execute("PRAGMA busy_timeout=20"))
    beside = pysqlite3.connect(tmp_path / "first" / DATABASE_FILE, isolation_level=None)
    beside.execute("BEGIN IMMEDIATE")
    letters = [house.writer.letter() for _ in range(3)]
    answers = await asyncio.gather(
        *(accepted(house, letter) for letter in letters), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [StoreBusy] * 3
    assert await house.history.counts() == {State.QUEUED: 1}, "reads go on"
    beside.close()
    await accepted(house, letters[0])
    assert await house.history.counts() == {State.QUEUED: 2}


# -- broken ---------------------------------------------------------------------------------------


@contextmanager
def files_that_cannot_grow(above: Path) -> Iterator[None]:
    """Have the system refuse writes beyond the present end of a file: a real I/O error (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (above.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_after_a_write_that_failed_nothing_is_promised_any_more(
    open_house: OpenHouse, tmp_path: Path
) -> None:
    """R-24, R-25: not even when the disk is well again; what was promised is there at the next start."""
    house = await open_house()
    promised = house.writer.letter()
    await accepted(house, promised)
    file = tmp_path / "first" / DATABASE_FILE
    with files_that_cannot_grow(file.with_name(file.name + "-wal")), pytest.raises(StoreBroken):
        await accepted(house, house.writer.letter(content=BIG))
    assert house.store.broken is not None
    for _ in range(2):
        with pytest.raises(StoreBroken):
            await accepted(house, house.writer.letter())
    store = await open_store(None, tmp_path / "first", serves=False, i_know=True)
    assert await store.queues.message(promised.message_id) is not None
    assert await store.history.counts() == {State.QUEUED: 1}
    await store.close()


async def test_the_process_is_told_that_the_store_broke(tmp_path: Path) -> None:
    """R-24: whoever runs the service ends it."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    store = await open_store(None, tmp_path, i_know=True, on_broken=told.set_result)
    with files_that_cannot_grow(tmp_path / f"{DATABASE_FILE}-wal"), pytest.raises(StoreBroken):
        await store.accounts.create_customer("x" * 300_000, now=NOW)
    assert "could not be written" in await told
    await store.close()
