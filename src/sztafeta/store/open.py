"""Opening the store: the gates, the migrations, the lock, and the parts put together."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from pysqlite3 import dbapi2 as sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from sztafeta.delivery.queue_id import IdSource
from sztafeta.store.accounts import Accounts
from sztafeta.store.activity import Activity
from sztafeta.store.administration import Administration
from sztafeta.store.api_keys import ApiKeys
from sztafeta.store.audit import Audit
from sztafeta.store.bodies import Bodies, sync_folder
from sztafeta.store.database import Database
from sztafeta.store.feed import Feed
from sztafeta.store.gates import CannotOpen, folder_faults, refuse_unsafe, sqlite_version_faults
from sztafeta.store.history import History
from sztafeta.store.housekeeping import Housekeeper
from sztafeta.store.latch import Latch
from sztafeta.store.logins import Logins
from sztafeta.store.members import Members
from sztafeta.store.messages import Arrivals, Messages
from sztafeta.store.migrate import migrate_sqlite
from sztafeta.store.node import LEASE, Node
from sztafeta.store.queue_ids import QueueIds
from sztafeta.store.queues import Queues
from sztafeta.store.record_checks import RecordChecks
from sztafeta.store.rolling import Rolling
from sztafeta.store.room import Room
from sztafeta.store.sandbox import Sandbox
from sztafeta.store.seal import Seal, seal_from
from sztafeta.store.second_factors import SecondFactors
from sztafeta.store.sessions import Sessions
from sztafeta.store.sqlite.connections import connect_reader, pragma_faults
from sztafeta.store.sqlite.database import SqliteDatabase
from sztafeta.store.sqlite.lock import FileLock, lock_of
from sztafeta.store.statistics import Statistics
from sztafeta.store.suppressions import Suppressions
from sztafeta.store.tallies import Tallies
from sztafeta.store.template_samples import TemplateSamples
from sztafeta.store.template_uses import TemplateUses
from sztafeta.store.templates import Templates
from sztafeta.store.tickets import Tickets

DATABASE_FILE: Final = "sztafeta.sqlite"
MASTER_KEY_FILE: Final = "master.key"
BODIES_FOLDER: Final = "bodies"
ADMINISTRATION_NODE: Final = 255
"""The node number in the ids of events that an operator causes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The opened store; each part implements the port it is named for."""

    messages: Messages
    queues: Queues
    bodies: Bodies
    accounts: Accounts
    api_keys: ApiKeys
    logins: Logins
    templates: Templates
    samples: TemplateSamples
    template_uses: TemplateUses
    members: Members
    sessions: Sessions
    second_factors: SecondFactors
    tickets: Tickets
    tallies: Tallies
    audit: Audit
    suppressions: Suppressions
    record_checks: RecordChecks
    feed: Feed
    activity: Activity
    history: History
    administration: Administration
    housekeeping: Housekeeper
    sandbox: Sandbox
    rolling: Rolling
    statistics: Statistics
    seal: Seal
    warnings: tuple[str, ...]
    """What the operator accepted with `i_know`; log it at the start and every hour (R-19)."""
    database: Database
    latch: Latch
    threads: ThreadPoolExecutor
    lock: FileLock | None

    @property
    def broken(self) -> str | None:
        """Why nothing may be promised any more, or None (R-24)."""
        return self.latch.reason

    async def close(self) -> None:
        """Commit what waits and let go of everything."""
        await self.database.close()
        await asyncio.to_thread(self.threads.shutdown)
        if self.lock is not None:
            self.lock.release()


async def open_store(
    url: str | None,
    data_directory: Path,
    *,
    serves: bool = True,
    i_know: bool = False,
    free_share: float = 0.10,
    lease: timedelta = LEASE,
    master_key: Path | None = None,
    on_broken: Callable[[str], None] = lambda reason: None,
) -> Store:
    """Open the store and bring it to the newest tables.

    `url` is `postgresql://…`, `sqlite:///<file>`, or None for SQLite in the data directory. Only a store
    that `serves` takes the lock and cleans up; an operator's command opens beside it with `serves=False`.

    Raises:
        UnsafeStorage: mail would not be safe here, and not `i_know`.
        AlreadyServed: another process serves this data.
        NewerSchema: a newer version of the program was here.
        CannotOpen: the database file is damaged.
        StoreBusy: the database cannot be reached.
    """
    await asyncio.to_thread(_make_folder, data_directory)
    mounts = await asyncio.to_thread(Path("/proc/mounts").read_text)
    faults = refuse_unsafe(folder_faults(data_directory, mounts=mounts), i_know=i_know)
    latch = _latch(on_broken)
    lock: FileLock | None = None
    database: Database
    if _is_postgresql(url):
        # One of the two drivers is enough in memory.
        from sztafeta.store.postgresql.opening import open_postgresql

        database, found = await open_postgresql(str(url), latch, i_know=i_know)
    else:
        file = _sqlite_file(url, data_directory)
        lock = FileLock(lock_of(file)) if serves else None
        database, found = await _open_sqlite(file, latch, i_know=i_know)
    seal = await asyncio.to_thread(seal_from, master_key or data_directory / MASTER_KEY_FILE)
    room = Room(data_directory, free_share=free_share)
    store = _assemble(database, latch, lock, seal, data_directory, room, lease, (*faults, *found))
    if serves:
        await asyncio.to_thread(store.bodies.remove_unfinished)
    return store


async def migrate(url: str | None, data_directory: Path) -> None:
    """Bring a database to the newest tables; what is newest already is left alone."""
    await asyncio.to_thread(_make_folder, data_directory)
    if _is_postgresql(url):
        from sztafeta.store.postgresql.opening import migrate_postgresql

        await migrate_postgresql(str(url))
    else:
        await asyncio.to_thread(_migrate_file, _sqlite_file(url, data_directory))


def _assemble(
    database: Database,
    latch: Latch,
    lock: FileLock | None,
    seal: Seal,
    data_directory: Path,
    room: Room,
    lease: timedelta,
    warnings: tuple[str, ...],
) -> Store:
    threads = ThreadPoolExecutor(2, thread_name_prefix="store-bodies")
    bodies = Bodies(data_directory / BODIES_FOLDER, threads=threads, latch=latch)
    node = Node(database, lease=lease)
    arrivals = Arrivals(
        queue_ids=QueueIds(database),
        bodies=bodies,
        node=node,
        files_are_shared=not database.dialect.has_many_writers,
    )
    return Store(
        messages=Messages(database, arrivals, has_room=room.has_room),
        queues=Queues(database, node=node, arrivals=arrivals, bodies=bodies),
        bodies=bodies,
        accounts=Accounts(database, seal),
        api_keys=ApiKeys(database),
        logins=Logins(database),
        templates=Templates(database),
        samples=TemplateSamples(database),
        template_uses=TemplateUses(database),
        members=Members(database),
        sessions=Sessions(database),
        second_factors=SecondFactors(database, seal),
        tickets=Tickets(database),
        tallies=Tallies(database),
        audit=Audit(database),
        suppressions=Suppressions(database),
        record_checks=RecordChecks(database),
        feed=Feed(database),
        activity=Activity(database),
        history=History(database),
        administration=Administration(database, IdSource(ADMINISTRATION_NODE)),
        housekeeping=Housekeeper(database, bodies),
        sandbox=Sandbox(database, bodies),
        rolling=Rolling(database, node),
        statistics=Statistics(database),
        seal=seal,
        warnings=warnings,
        database=database,
        latch=latch,
        threads=threads,
        lock=lock,
    )


def _latch(on_broken: Callable[[str], None]) -> Latch:
    """Tell of a failed sync in the loop's thread, whichever thread saw it."""
    loop = asyncio.get_running_loop()

    def tell(reason: str) -> None:
        loop.call_soon_threadsafe(on_broken, reason)

    return Latch(tell)


def _is_postgresql(url: str | None) -> bool:
    return url is not None and url.startswith(("postgresql:", "postgres:"))


def _sqlite_file(url: str | None, data_directory: Path) -> Path:
    """Name the database file.

    Raises:
        ValueError: the URL is of a database we do not know.
    """
    if url is None:
        return data_directory / DATABASE_FILE
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise ValueError("database_url must be postgresql://… or sqlite:///<file>")
    return Path(parsed.database)


def _make_folder(folder: Path) -> None:
    """Make the data directory, for its owner alone.

    Raises:
        OSError: it cannot be made, or is somebody else's.
    """
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
        sync_folder(folder.parent)
    _insist_on_access(folder, os.R_OK | os.W_OK | os.X_OK)


def _insist_on_access(path: Path, mode: int) -> None:
    if not os.access(path, mode):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


async def _open_sqlite(
    file: Path, latch: Latch, *, i_know: bool
) -> tuple[Database, tuple[str, ...]]:
    faults = list(refuse_unsafe(sqlite_version_faults(sqlite.sqlite_version_info), i_know=i_know))
    await asyncio.to_thread(_migrate_file, file)
    faults += refuse_unsafe(await asyncio.to_thread(_pragma_faults, file), i_know=i_know)
    return SqliteDatabase(file, latch), tuple(faults)


def _migrate_file(file: Path) -> None:
    """Bring a database file to the newest tables; what cannot be used is said with its name.

    Raises:
        CannotOpen: it is no database, is damaged, or its folder is missing.
        OSError: it is somebody else's.
    """
    if file.exists():
        _insist_on_access(file, os.R_OK | os.W_OK)
    try:
        migrate_sqlite(file)
    except DatabaseError as fault:
        text = f"{file} cannot be used: {fault.orig}; restore it from a backup"
        raise CannotOpen(text) from fault


def _pragma_faults(file: Path) -> list[str]:
    connection = connect_reader(file)
    try:
        return pragma_faults(connection)
    finally:
        connection.close()
