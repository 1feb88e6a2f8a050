"""The files of the SQLite in this process, watched from below: its VFS, wrapped through ctypes.

A watcher sees each file that is opened from now on, each deletion, and each write and sync before it happens
and after it has; it may let a write or a sync fail with an error code of SQLite's.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any, Final

from pysqlite3 import _sqlite3

OK: Final = 0
FULL: Final = 13
"""`SQLITE_FULL`: what the VFS says for ENOSPC."""
IOERR_WRITE: Final = 778
IOERR_FSYNC: Final = 1034

_POINTER = ctypes.c_void_p
_INT = ctypes.c_int
_OPEN = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, ctypes.POINTER(_INT))
_DELETE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT)
_WRITE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)


class _Vfs(ctypes.Structure):
    """The beginning of `struct sqlite3_vfs`."""

    _fields_ = (
        ("version", _INT),
        ("file_size", _INT),
        ("longest_path", _INT),
        ("next", _POINTER),
        ("name", ctypes.c_char_p),
        ("data", _POINTER),
        ("open", _POINTER),
        ("delete", _POINTER),
    )


class _Methods(ctypes.Structure):
    """`struct sqlite3_io_methods`, version 3."""

    _fields_ = (
        ("version", _INT),
        ("close", _POINTER),
        ("read", _POINTER),
        ("write", _POINTER),
        ("truncate", _POINTER),
        ("sync", _POINTER),
        ("others", _POINTER * 13),
    )


class Watcher:
    """Sees everything and changes nothing; override what is wanted."""

    def opened(self, file: int, path: Path) -> None:
        """Note an open file; `file` names it until it is closed."""

    def deleted(self, path: Path, *, folder_is_synced: bool) -> None:
        """Note that a file is gone."""

    def write_error(self, path: Path) -> int:
        """Give the code that a write is to fail with, or OK."""
        return OK

    def sync_error(self, path: Path) -> int:
        """Give the code that a sync is to fail with, or OK."""
        return OK

    def synced(self, file: int, path: Path) -> None:
        """Note that a file was synced."""


def watch(watcher: Watcher) -> None:
    """Wrap SQLite's default VFS for the rest of this process's life."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    _WATCHES.append(_Watch(library.sqlite3_vfs_find(None).contents, watcher))


class _Watch:
    """The functions put in the place of SQLite's own."""

    def __init__(self, vfs: _Vfs, watcher: Watcher) -> None:
        self._watcher = watcher
        self._paths: dict[int, Path] = {}
        self._methods: dict[int, _Methods] = {}
        self._functions: list[Any] = []
        vfs.open = self._address(_OPEN(self._open(_OPEN(vfs.open))))
        vfs.delete = self._address(_DELETE(self._delete(_DELETE(vfs.delete))))

    def _address(self, function: Any) -> int:
        self._functions.append(function)  # C holds no reference to it
        return int(ctypes.cast(function, _POINTER).value or 0)

    def _open(self, original: Any) -> Any:
        def opened(vfs: int, name: int | None, file: int, flags: int, out: Any) -> int:
            code = int(original(vfs, name, file, flags, out))  # SQLite keeps the name's address
            if code == OK and name:
                self._paths[file] = path = Path(os.fsdecode(ctypes.string_at(name)))
                self._wrap_methods(file)
                self._watcher.opened(file, path)
            return code

        return opened

    def _delete(self, original: Any) -> Any:
        def deleted(vfs: int, name: int, sync_folder: int) -> int:
            code = int(original(vfs, name, sync_folder))
            path = Path(os.fsdecode(ctypes.string_at(name)))
            self._watcher.deleted(path, folder_is_synced=bool(sync_folder))
            return code

        return deleted

    def _wrap_methods(self, file: int) -> None:
        """Give an open file methods of ours; files of one kind share theirs."""
        slot = ctypes.cast(file, ctypes.POINTER(_POINTER))
        address = int(slot[0] or 0)
        if address not in self._methods:
            methods = _Methods.from_buffer_copy(ctypes.string_at(address, ctypes.sizeof(_Methods)))
            methods.write = self._address(_WRITE(self._write(_WRITE(methods.write))))
            methods.sync = self._address(_SYNC(self._sync(_SYNC(methods.sync))))
            self._methods[address] = methods
        slot[0] = ctypes.addressof(self._methods[address])

    def _write(self, original: Any) -> Any:
        def write(file: int, octets: int, count: int, offset: int) -> int:
            code = self._watcher.write_error(self._paths[file])
            return code or int(original(file, octets, count, offset))

        return write

    def _sync(self, original: Any) -> Any:
        def sync(file: int, flags: int) -> int:
            path = self._paths[file]
            code = self._watcher.sync_error(path) or int(original(file, flags))
            if code == OK:
                self._watcher.synced(file, path)
            return code

        return sync


_WATCHES: Final[list[_Watch]] = []
"""Kept as long as the process: C calls them."""
