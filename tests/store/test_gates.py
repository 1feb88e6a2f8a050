"""What the store refuses to be built on; each refusal says what to do about it (R-19)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.store.bystander import bystander

from sztafeta.store.gates import (
    OLDEST_SQLITE,
    UnsafeStorage,
    folder_faults,
    postgresql_faults,
    refuse_unsafe,
    sqlite_pragma_faults,
    sqlite_version_faults,
)
from sztafeta.store.latch import Latch
from sztafeta.store.migrate import migrate_sqlite
from sztafeta.store.postgresql.opening import open_postgresql
from sztafeta.store.sqlite.connections import connect_reader, connect_writer, pragma_faults
from sztafeta.store.statements import Query, Steps
from sztafeta.store.units import Other

SOUND = {"fsync": "on", "synchronous_commit": "on"}
MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
server:/export /srv/mail nfs4 rw 0 0
//server/share /srv/with\\040blank cifs rw 0 0
/dev/sdb1 /srv/mail/disk xfs rw 0 0
tmpfs /srv/over tmpfs rw 0 0
/dev/sdc1 /srv/over ext4 rw 0 0
"""


def the_one(faults: Sequence[str]) -> str:
    (fault,) = faults
    return fault


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 51, 2)])
def test_an_sqlite_that_can_damage_a_database_is_refused(version: tuple[int, ...]) -> None:
    assert "install pysqlite3" in the_one(sqlite_version_faults(version))


@pytest.mark.parametrize("version", [OLDEST_SQLITE, (3, 53, 0), (4, 0, 0)])
def test_a_later_sqlite_is_taken(version: tuple[int, ...]) -> None:
    assert sqlite_version_faults(version) == []


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        (SOUND | {"fsync": "off"}, "set fsync = on"),
        (SOUND | {"synchronous_commit": "off"}, "set synchronous_commit = on"),
    ],
)
def test_a_postgresql_that_does_not_sync_is_refused(settings: dict[str, str], advice: str) -> None:
    assert advice in the_one(postgresql_faults(settings))


@pytest.mark.parametrize("how", ["on", "local", "remote_write", "remote_apply"])
def test_a_postgresql_that_syncs_at_commit_is_taken(how: str) -> None:
    assert postgresql_faults(SOUND | {"synchronous_commit": how}) == []


def test_a_file_system_without_wal_and_a_build_without_full_are_refused() -> None:
    assert "local file system" in the_one(
        sqlite_pragma_faults(journal_mode="delete", synchronous=2)
    )
    assert "synchronous=FULL" in the_one(sqlite_pragma_faults(journal_mode="wal", synchronous=1))
    assert sqlite_pragma_faults(journal_mode="WAL", synchronous=3) == []


def test_the_connections_we_open_pass_our_own_gate(tmp_path: Path) -> None:
    migrate_sqlite(tmp_path / "file")
    for connect in (connect_writer, connect_reader):
        connection = connect(tmp_path / "file")
        assert pragma_faults(connection) == []
        connection.execute("PRAGMA synchronous=NORMAL")
        assert len(pragma_faults(connection)) == 1, "the gate reads what is set, not what we wished"
        connection.close()


@pytest.mark.parametrize(
    ("folder", "advice"),
    [
        ("/run/sztafeta", "tmpfs, which forgets: set data_directory to a disk"),
        ("/srv/mail", "nfs4"),
        ("/srv/mail/data", "set data_directory to a local disk"),
        ("/srv/with blank/data", "cifs"),
    ],
)
def test_memory_and_network_shares_are_refused(folder: str, advice: str) -> None:
    assert advice in the_one(folder_faults(Path(folder), mounts=MOUNTS))


@pytest.mark.parametrize("folder", ["/", "/srv/mailbox", "/srv/mail/disk/data", "/srv/over/data"])
def test_disks_are_taken(folder: str) -> None:
    """The nearest mount counts, and of two at one place the later."""
    assert folder_faults(Path(folder), mounts=MOUNTS) == []


def test_an_operator_who_knows_gets_the_faults_back() -> None:
    assert refuse_unsafe(["one", "two"], i_know=True) == ("one", "two")
    with pytest.raises(UnsafeStorage, match="one; two"):
        refuse_unsafe(["one", "two"], i_know=False)
    assert refuse_unsafe([], i_know=False) == ()


async def test_a_real_server_is_asked_before_a_table_is_made(database: str) -> None:
    latch = Latch(lambda reason: None)
    async with bystander(database) as beside:
        name = await beside.ask("SELECT current_database()")
        await beside.ask(f"ALTER DATABASE {name} SET synchronous_commit = off")
        with pytest.raises(UnsafeStorage, match="synchronous_commit = on"):
            await open_postgresql(database, latch, i_know=False)
        assert await beside.ask("SELECT to_regclass('message')") is None
        opened, warnings = await open_postgresql(database, latch, i_know=True)
        await opened.close()
        assert len(warnings) == 1


async def test_what_passed_the_gate_holds_for_every_later_connection(database: str) -> None:
    """The role or the database may be set to something else while we run."""
    opened, _ = await open_postgresql(database, Latch(lambda reason: None), i_know=False)
    async with bystander(database) as beside:
        name = await beside.ask("SELECT current_database()")
        await beside.ask(f"ALTER DATABASE {name} SET synchronous_commit = off")
    assert await opened.write(Other(_synchronous_commit)) == "on"
    await opened.close()


def _synchronous_commit() -> Steps[str]:
    found = yield Query("SHOW synchronous_commit", ())
    return str(found[0][0])
