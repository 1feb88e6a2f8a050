"""Gates: what the store refuses to be built on, each with what to do about it (R-19).

A 250 that rests on a database which does not sync, on memory or on a network share is a broken promise,
so the store does not open there. An operator who knows better may say so; the faults are then given
back, to be logged at the start and every hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

OLDEST_SQLITE: Final = (3, 51, 3)
"""3.7.0 to 3.51.2 can damage a database when a checkpoint meets a WAL reset."""
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs", "devtmpfs"})
_ON_A_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs"}
)
_SYNCHRONOUS_FULL: Final = 2


class CannotOpen(Exception):
    """The database cannot be used at all; the text says which, why and what to do."""


class UnsafeStorage(Exception):
    """Mail would not be safe here; the text says why and what to do."""


def refuse_unsafe(faults: Sequence[str], *, i_know: bool) -> tuple[str, ...]:
    """Give back the faults if the operator accepts them.

    Raises:
        UnsafeStorage: there are faults.
    """
    if faults and not i_know:
        raise UnsafeStorage("; ".join(faults))
    return tuple(faults)


def sqlite_version_faults(version: tuple[int, ...]) -> list[str]:
    """Look at the version of the SQLite library."""
    if version >= OLDEST_SQLITE:
        return []
    found, wanted = (".".join(map(str, numbers)) for numbers in (version, OLDEST_SQLITE))
    return [
        f"SQLite {found} can damage a database in WAL mode: "
        f"install pysqlite3 0.6.1, which brings {wanted} or newer"
    ]


def sqlite_pragma_faults(*, journal_mode: str, synchronous: int) -> list[str]:
    """Look at what the database file was really set to."""
    faults = []
    if journal_mode.lower() != "wal":
        faults.append(
            f"the database stays in journal mode {journal_mode!r} instead of WAL: "
            "move the data directory to a local file system"
        )
    if synchronous < _SYNCHRONOUS_FULL:
        faults.append(
            f"SQLite runs with synchronous={synchronous}, so a power cut can lose mail: "
            "use a build of SQLite that allows synchronous=FULL"
        )
    return faults


def postgresql_faults(settings: dict[str, str]) -> list[str]:
    """Look at a server's fsync and synchronous_commit."""
    faults = []
    if settings["fsync"] != "on":
        faults.append("PostgreSQL runs with fsync=off: set fsync = on in postgresql.conf")
    if settings["synchronous_commit"] == "off":
        faults.append(
            "PostgreSQL runs with synchronous_commit=off: set synchronous_commit = on "
            "for this database or role"
        )
    return faults


def folder_faults(folder: Path, *, mounts: str) -> list[str]:
    """Look at the file system that a folder is on; `mounts` is the text of /proc/mounts."""
    kind = _file_system(folder.resolve(), mounts)
    if kind in _IN_MEMORY:
        return [f"{folder} is on {kind}, which forgets: set data_directory to a disk"]
    if kind in _ON_A_NETWORK:
        return [
            f"{folder} is on {kind}, whose locks and syncs cannot be relied on: "
            "set data_directory to a local disk"
        ]
    return []


def _file_system(folder: Path, mounts: str) -> str:
    """Name the kind of the file system mounted nearest above a folder."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        _, place, found, *_ = line.split(" ")
        point = Path(place.encode().decode("unicode_escape"))  # blanks stand as \040
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), found
    return kind
