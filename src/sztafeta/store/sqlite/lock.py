"""The lock: one process serves one SQLite file (R-18), held by the system as long as the process lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class AlreadyServed(Exception):
    """Another process holds this data; the text says which and what to do."""


def lock_of(database: Path) -> Path:
    """Name the file whose lock stands for a database."""
    return database.with_name(database.name + ".lock")


class FileLock:
    """An exclusive lock on a file beside the data; it vanishes with the process."""

    def __init__(
        self, path: Path, *, way_out: str = "give this one a data_directory of its own"
    ) -> None:
        """Take the lock at once; `way_out` says how two processes can run side by side.

        Raises:
            AlreadyServed: another process has it.
        """
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise AlreadyServed(
                f"{path.parent} is in use by another sztafeta process (pid {holder}): "
                f"stop that one first, or {way_out}"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._descriptor)
