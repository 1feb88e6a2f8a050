"""A disk that is full or broken for as long as a test says so.

The test writes an illness into a file and deletes it when the disk is well again. The process under test has
the files of its SQLite watched and the calls of Python's own files wrapped, below the data folder only: the
errors come from where the kernel's would come.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from tests.crash import sqlite_files


class Illness(StrEnum):
    """What the disk suffers from."""

    FULL = "full"
    """Nothing can be written, and whoever asks is told that there is no room."""
    FILLING = "filling"
    """Nothing can be written, but whoever asked a moment ago was told that there is room."""
    NO_SYNC = "no sync"
    """The next sync fails, once: the one after it says that all is well, as Linux does."""
    NO_WRITE = "no write"
    """The next write fails, once."""


_NO_ROOM = frozenset({Illness.FULL, Illness.FILLING})


class SickDisk(sqlite_files.Watcher):
    """Has the illness that `bulletin` names while that file is there."""

    def __init__(self, data: Path, bulletin: Path) -> None:
        self._data = data.resolve()
        self._bulletin = bulletin

    def install(self) -> None:
        """Wrap what this process writes with."""
        sqlite_files.watch(self)
        os.write = self._wrap_write(os.write)
        os.fsync = self._wrap_sync(os.fsync)
        os.fdatasync = self._wrap_sync(os.fdatasync)
        os.statvfs = self._wrap_statvfs(os.statvfs)

    # -- SQLite's files --------------------------------------------------------------------------

    def write_error(self, path: Path) -> int:
        """Give the code that a write of SQLite fails with."""
        if not self._is_ours(path):
            return sqlite_files.OK
        if self._has(_NO_ROOM):
            return sqlite_files.FULL
        return sqlite_files.IOERR_WRITE if self._strikes(Illness.NO_WRITE) else sqlite_files.OK

    def sync_error(self, path: Path) -> int:
        """Give the code that a sync of SQLite fails with."""
        if self._is_ours(path) and self._strikes(Illness.NO_SYNC):
            return sqlite_files.IOERR_FSYNC
        return sqlite_files.OK

    # -- files of Python's own -------------------------------------------------------------------

    def _wrap_write(self, original: Callable[..., int]) -> Callable[..., int]:
        def write(descriptor: int, data: bytes | memoryview) -> int:
            if self._is_ours(_path(descriptor)):
                if self._has(_NO_ROOM):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                self._strike(Illness.NO_WRITE)
            return original(descriptor, data)

        return write

    def _wrap_sync(self, original: Callable[[int], None]) -> Callable[[int], None]:
        def fsync(descriptor: int) -> None:
            if self._is_ours(_path(descriptor)):
                self._strike(Illness.NO_SYNC)
            original(descriptor)

        return fsync

    def _wrap_statvfs(
        self, original: Callable[[Path], os.statvfs_result]
    ) -> Callable[[Path], os.statvfs_result]:
        def statvfs(path: Path) -> os.statvfs_result:
            found = original(path)
            if not self._has(frozenset({Illness.FULL})):
                return found
            (
                size,
                fragment,
                blocks,
                *_,
            ) = found
            return os.statvfs_result((size, fragment, blocks, 0, 0, *found[5:]))

        return statvfs

    # -- the illness -----------------------------------------------------------------------------

    def _is_ours(self, path: Path) -> bool:
        return path.is_relative_to(self._data)

    def _has(self, illnesses: frozenset[Illness]) -> bool:
        try:
            return self._bulletin.read_text() in illnesses
        except FileNotFoundError:
            return False

    def _strikes(self, illness: Illness) -> bool:
        """Say whether an illness that strikes once strikes now; it is over then."""
        if not self._has(frozenset({illness})):
            return False
        self._bulletin.unlink()
        return True

    def _strike(self, illness: Illness) -> None:
        if self._strikes(illness):
            raise OSError(errno.EIO, os.strerror(errno.EIO))


def _path(descriptor: int) -> Path:
    return Path(os.readlink(f"/proc/self/fd/{descriptor}"))
