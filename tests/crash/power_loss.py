"""A disk that forgets: keeps, beside the real files, what would be left of them after a power cut.

`kill -9` does not lose what the kernel holds, so it cannot show a missing sync. This watches the files of
SQLite in this process and `os.fsync`: each sync copies the file, as it is then, into a shadow folder. What
was written after the last sync is not in the shadow; a folder's names are there as of its last sync. Starting
the service on the shadow is starting it after the cut.
"""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.crash import sqlite_files


class ForgetfulDisk(sqlite_files.Watcher):
    """Shadows the folder `real` in the folder `shadow` for the rest of this process's life."""

    def __init__(self, real: Path, shadow: Path) -> None:
        self._real = real.resolve()
        self._shadow = shadow
        self._just_opened: set[int] = set()
        self._synced: dict[int, bytes] = {}
        """What the last sync left of an inode that no folder sync has named yet."""
        self._lock = threading.Lock()
        shadow.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self._real, shadow, dirs_exist_ok=True)

    def install(self) -> None:
        """Watch SQLite's files, and wrap `os.fsync` for those of Python's own."""
        sqlite_files.watch(self)
        os.fsync = self._wrap_fsync(os.fsync)
        os.fdatasync = self._wrap_fsync(os.fdatasync)

    # -- SQLite's files --------------------------------------------------------------------------

    def opened(self, file: int, path: Path) -> None:
        """Note that the file's name may be new."""
        self._just_opened.add(file)

    def deleted(self, path: Path, *, folder_is_synced: bool) -> None:
        """Forget a file whose end is on the disk."""
        if folder_is_synced and self._is_ours(path):
            self._forget_deleted(path.parent)

    def synced(self, file: int, path: Path) -> None:
        """Keep a file; SQLite syncs the folder, too, at the first sync of a journal or WAL."""
        if file in self._just_opened and self._is_ours(path):
            self._just_opened.discard(file)
            self._forget_deleted(path.parent)
        self._keep(path)

    # -- files of Python's own -------------------------------------------------------------------

    def _wrap_fsync(self, original: Callable[[int], None]) -> Callable[[int], None]:
        def fsync(descriptor: Any) -> None:
            number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
            original(number)
            path = Path(f"/proc/self/fd/{number}").resolve()
            if self._is_ours(path):
                if stat.S_ISDIR(os.fstat(number).st_mode):
                    self._keep_names(path)
                else:
                    self._synced[os.fstat(number).st_ino] = path.read_bytes()
                    self._refresh(path)

        return fsync

    def _keep_names(self, folder: Path) -> None:
        """Let the shadow of a folder have the names that the folder has now."""
        shadow = self._shadow_of(folder)
        shadow.mkdir(parents=True, exist_ok=True)
        self._forget_deleted(folder)
        for entry in folder.iterdir():
            if entry.is_file() and not (shadow / entry.name).exists():
                self._write(shadow / entry.name, self._synced.get(entry.stat().st_ino, b""))

    def _forget_deleted(self, folder: Path) -> None:
        """Deletions reach the disk with the folder's sync."""
        for kept in self._shadow_of(folder).iterdir():
            if kept.is_file() and not (folder / kept.name).exists():
                kept.unlink()

    def _refresh(self, path: Path) -> None:
        """A name that is already on the disk shows what was just synced."""
        if self._shadow_of(path).exists():
            self._keep(path)

    # -- the shadow ------------------------------------------------------------------------------

    def _is_ours(self, path: Path) -> bool:
        return path.is_relative_to(self._real)

    def _shadow_of(self, path: Path) -> Path:
        return self._shadow / path.resolve().relative_to(self._real)

    def _keep(self, path: Path) -> None:
        if self._is_ours(path.resolve()):
            self._write(self._shadow_of(path), path.read_bytes())

    def _write(self, target: Path, content: bytes) -> None:
        """Replace a shadow in one step: the process may be killed here, too."""
        with self._lock:
            target.parent.mkdir(parents=True, exist_ok=True)
            half = target.with_name(target.name + ".half-copied")
            half.write_bytes(content)
            half.rename(target)


def after_the_cut(shadow: Path, folder: Path) -> None:
    """Make `folder` what the disk holds when the power is back."""
    shutil.copytree(shadow, folder, ignore=shutil.ignore_patterns("*.half-copied"))
