"""A disk that forgets: keeps, beside the real files, what would be left of them after a power cut.

`kill -9` does not lose what the kernel holds, so it cannot show a missing sync. This wraps the file methods
of the SQLite in this process (its VFS, through ctypes) and of `os.fsync`: each sync copies the file, as it is
then, into a shadow folder. What was written after the last sync is not in the shadow; a folder's names are
there as of its last sync. Starting the service on the shadow is starting it after the cut.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pysqlite3 import _sqlite3

_POINTER = ctypes.c_void_p
_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int, _POINTER, _POINTER, _POINTER, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, _POINTER, ctypes.c_int)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_int)


class _Vfs(ctypes.Structure):
    """The beginning of `struct sqlite3_vfs`."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", _POINTER),
        ("name", ctypes.c_char_p),
        ("data", _POINTER),
        ("open", _POINTER),
        ("delete", _POINTER),
    )


class _Methods(ctypes.Structure):
    """`struct sqlite3_io_methods`, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", _POINTER),
        ("read", _POINTER),
        ("write", _POINTER),
        ("truncate", _POINTER),
        ("sync", _POINTER),
        ("others", _POINTER * 13),
    )


class ForgetfulDisk:
    """Shadows the folder `real` in the folder `shadow` for the rest of this process's life."""

    def __init__(self, real: Path, shadow: Path) -> None:
        self._real = real.resolve()
        self._shadow = shadow
        self._paths: dict[int, Path] = {}
        self._just_opened: set[int] = set()
        self._synced: dict[int, bytes] = {}
        """What the last sync left of an inode that no folder sync has named yet."""
        self._methods: dict[int, _Methods] = {}
        self._kept_alive: list[Any] = []
        self._lock = threading.Lock()
        shadow.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self._real, shadow, dirs_exist_ok=True)

    def install(self) -> None:
        """Wrap SQLite's default VFS and `os.fsync`."""
        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        vfs = library.sqlite3_vfs_find(None).contents
        opened = _OPEN(self._wrap_open(_OPEN(vfs.open)))
        deleted = _DELETE(self._wrap_delete(_DELETE(vfs.delete)))
        self._kept_alive += [opened, deleted]
        vfs.open = ctypes.cast(opened, _POINTER).value
        vfs.delete = ctypes.cast(deleted, _POINTER).value
        os.fsync = self._wrap_fsync(os.fsync)
        os.fdatasync = self._wrap_fsync(os.fdatasync)

    # -- SQLite's files --------------------------------------------------------------------------

    def _wrap_open(self, original: Any) -> Callable[..., int]:
        def opened(vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
            code = int(original(vfs, name, file, flags, out))  # SQLite keeps the name's address
            if code == 0 and name:
                self._paths[file] = Path(os.fsdecode(ctypes.string_at(name)))
                self._just_opened.add(file)
                self._wrap_sync(file)
            return code

        return opened

    def _wrap_delete(self, original: Any) -> Callable[..., int]:
        def deleted(vfs: int, name: int, sync_folder: int) -> int:
            code = int(original(vfs, name, sync_folder))
            path = Path(os.fsdecode(ctypes.string_at(name)))
            if sync_folder and self._is_ours(path):
                self._forget_deleted(path.parent)
            return code

        return deleted

    def _wrap_sync(self, file: int) -> None:
        """Give an open file methods whose `xSync` copies it."""
        slot = ctypes.cast(file, ctypes.POINTER(_POINTER))
        address = int(slot[0] or 0)
        if address not in self._methods:
            methods = _Methods.from_buffer_copy(ctypes.string_at(address, ctypes.sizeof(_Methods)))
            original = _SYNC(methods.sync)

            def sync(file: int, flags: int) -> int:
                code = int(original(file, flags))
                if code == 0:
                    self._note_sync(file)
                return code

            wrapped = _SYNC(sync)
            methods.sync = ctypes.cast(wrapped, _POINTER).value
            self._kept_alive.append(wrapped)
            self._methods[address] = methods
        slot[0] = ctypes.addressof(self._methods[address])

    def _note_sync(self, file: int) -> None:
        """Keep a file; SQLite syncs the folder, too, at the first sync of a journal or WAL."""
        path = self._paths[file]
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
