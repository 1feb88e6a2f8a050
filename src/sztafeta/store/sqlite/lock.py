"""The lock: one process serves one SQLite file (R-18), held by the system as long as the process lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class AlreadyServed(Exception):
    """Another process holds this data; the text says which and what to do."""


class FileLock:
    """An exclusive lock on a file beside the database; it vanishes with the process."""

    def __init__(self, path: Path) -> None:
        """Take the lock at once.

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
                "stop that one first, or give this one a data_directory of its own"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._descriptor)
