"""Big bodies: durable before their row, whole or not at all, swept when nobody names them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from tests.store.conftest import OpenHouse

from sztafeta.service.ports import BodyDamaged, StorageFull, StoreBroken
from sztafeta.store.bodies import Bodies, FileContent, load_row
from sztafeta.store.latch import Latch

OCTETS = bytes(range(256)) * 600
MESSAGE = 7 << 20
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def latch() -> Latch:
    return Latch(lambda reason: None)


@pytest.fixture
def bodies(tmp_path: Path, latch: Latch) -> Iterator[Bodies]:
    threads = ThreadPoolExecutor(1)
    yield Bodies(tmp_path / "bodies", threads=threads, latch=latch)
    threads.shutdown()


async def kept(bodies: Bodies, message_id: int = MESSAGE, octets: bytes = OCTETS) -> FileContent:
    spool = bodies.open_spool(message_id)
    for start in range(0, len(octets), 1000):
        spool.write(octets[start : start + 1000])
    return await bodies.keep(spool)


def loaded(bodies: Bodies, octets: bytes = OCTETS) -> FileContent:
    return bodies.load(MESSAGE, size=len(octets), digest=sha256(octets).digest())


def files(bodies: Bodies) -> list[str]:
    folder = bodies.path(MESSAGE).parents[2]
    return sorted(path.name for path in folder.glob("*/*/*"))


async def test_a_body_comes_back_octet_for_octet_in_blocks(bodies: Bodies) -> None:
    content = await kept(bodies)
    assert (content.size, content.sha256) == (len(OCTETS), sha256(OCTETS).digest())
    blocks = list(loaded(bodies).blocks())
    assert b"".join(blocks) == OCTETS
    assert max(map(len, blocks)) <= 64 * 1024


async def test_a_body_has_its_name_only_when_it_is_whole(bodies: Bodies) -> None:
    """R-03, R-04: until then it lies beside that name, and is swept at the next start."""
    spool = bodies.open_spool(MESSAGE)
    spool.write(OCTETS)
    (name,) = files(bodies)
    assert name.endswith(".part")
    await bodies.keep(spool)
    assert files(bodies) == [name.removesuffix(".part")]


async def test_unfinished_bodies_of_an_earlier_life_are_removed_and_whole_ones_stay(
    bodies: Bodies,
) -> None:
    """R-04."""
    await kept(bodies)
    bodies.open_spool(8 << 20).write(b"half")
    assert bodies.remove_unfinished() == 1
    assert b"".join(loaded(bodies).blocks()) == OCTETS


async def test_discarding_leaves_nothing_and_harms_nothing_that_was_kept(bodies: Bodies) -> None:
    spool = bodies.open_spool(MESSAGE)
    spool.write(OCTETS)
    spool.discard()
    spool.discard()
    assert files(bodies) == []
    again = bodies.open_spool(MESSAGE)
    again.write(OCTETS)
    await bodies.keep(again)
    again.discard()
    assert b"".join(loaded(bodies).blocks()) == OCTETS


async def test_removing_is_harmless_when_there_is_nothing(bodies: Bodies) -> None:
    await kept(bodies)
    bodies.remove(MESSAGE)
    bodies.remove(MESSAGE)
    assert files(bodies) == []


def test_bodies_are_spread_over_folders(bodies: Bodies) -> None:
    folders = {bodies.path(number << 20).parent for number in range(1000)}
    assert len(folders) > 900


# -- damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        OCTETS[:-1],
        OCTETS[:-1000] + bytes(1000),
        bytes([OCTETS[0] ^ 1]) + OCTETS[1:],
        OCTETS + b"x",
    ],
    ids=["empty", "torn", "zero-filled tail", "one bit", "longer"],
)
async def test_a_body_that_is_not_what_was_accepted_is_never_given(
    bodies: Bodies, damaged: bytes
) -> None:
    """R-11, R-12."""
    content = await kept(bodies)
    content.path.write_bytes(damaged)
    with pytest.raises(BodyDamaged):
        loaded(bodies)
    with pytest.raises(BodyDamaged):
        load_row(damaged, size=len(OCTETS), digest=sha256(OCTETS).digest())


async def test_a_body_that_is_missing_or_cannot_be_read_is_damaged(bodies: Bodies) -> None:
    """R-28: a folder in its place stands for what the system will not let us read."""
    content = await kept(bodies)
    content.path.unlink()
    with pytest.raises(BodyDamaged, match="No such file"):
        loaded(bodies)
    content.path.mkdir()
    with pytest.raises(BodyDamaged, match="Is a directory"):
        loaded(bodies)


async def test_a_body_that_shrinks_while_it_is_sent_is_not_finished(bodies: Bodies) -> None:
    content = await kept(bodies)
    blocks = loaded(bodies).blocks()
    next(blocks)
    os.truncate(content.path, 70_000)
    with pytest.raises(BodyDamaged, match="early"):
        list(blocks)


# -- trouble --------------------------------------------------------------------------------------


def test_a_full_disk_is_said_to_be_full_and_the_body_is_discarded(
    bodies: Bodies, latch: Latch
) -> None:
    """R-20: the body is written to the system's device that is always full."""
    part = bodies.path(MESSAGE).with_name(bodies.path(MESSAGE).name + ".part")
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    spool = bodies.open_spool(MESSAGE)
    with pytest.raises(StorageFull):
        spool.write(OCTETS)
    spool.discard()
    assert files(bodies) == []
    assert latch.reason is None


def test_of_the_troubles_of_a_disk_only_a_failed_one_breaks_the_store(latch: Latch) -> None:
    """R-20, R-24."""
    for full in (errno.ENOSPC, errno.EDQUOT):
        assert isinstance(latch.judge(OSError(full, ""), doing="syncing"), StorageFull)
    other = OSError(errno.EACCES, "")
    assert latch.judge(other, doing="opening") is other
    latch.refuse_if_broken()
    assert isinstance(latch.judge(OSError(errno.EIO, ""), doing="syncing"), StoreBroken)
    with pytest.raises(StoreBroken):
        latch.refuse_if_broken()


def test_a_latch_tells_once_and_keeps_the_first_reason() -> None:
    told: list[str] = []
    latch = Latch(told.append)
    for reason in ("first", "second"):
        assert isinstance(latch.break_off(reason), StoreBroken)
    assert told == ["first"]
    assert latch.reason == "first"


async def test_nothing_is_kept_once_the_store_is_broken(bodies: Bodies, latch: Latch) -> None:
    """R-24."""
    spool = bodies.open_spool(MESSAGE)
    spool.write(OCTETS)
    latch.break_off("a sync failed")
    with pytest.raises(StoreBroken):
        await bodies.keep(spool)
    with pytest.raises(BodyDamaged):
        loaded(bodies)


# -- orphans --------------------------------------------------------------------------------------


async def test_a_body_that_no_message_names_is_swept_when_it_is_old(open_house: OpenHouse) -> None:
    """R-03: a crash between the body's sync and its row's commit leaves an orphan, nothing else."""
    house = await open_house()
    named = house.writer.letter()
    for message_id in (named.message_id, MESSAGE, MESSAGE + 1):
        content = await kept(house.store.bodies, message_id)
        age(content, NOW - timedelta(hours=37 if message_id != MESSAGE + 1 else 1))
        if message_id == named.message_id:
            letter = house.writer.letter(message_id=message_id, content=content)
            await house.first.messages.accept(letter)
    assert await house.housekeeping.sweep_bodies(NOW - timedelta(hours=36)) == 1
    assert await house.first.queues.message(named.message_id) is not None
    left = {house.store.bodies.path(MESSAGE + 1), house.store.bodies.path(named.message_id)}
    folder = house.store.bodies.path(MESSAGE).parents[2]
    assert set(folder.glob("*/*/*")) == left


def age(content: FileContent, written_at: datetime) -> None:
    os.utime(content.path, (written_at.timestamp(), written_at.timestamp()))
