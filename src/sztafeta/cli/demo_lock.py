"""A demo has its folder to itself: settings, secrets and ports in it are the running one's (R-18)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sztafeta.store.open import DATABASE_FILE
from sztafeta.store.sqlite.lock import FileLock, lock_of

FILE: Final = "demo.lock"
_WAY_OUT: Final = "run this one beside it with --data and another folder"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other demos out of the folder; use it before anything is written there.

    Raises:
        AlreadyServed: another demo runs there, or a service on the data of one.
    """
    lock = FileLock(folder / FILE, way_out=_WAY_OUT)
    try:
        # Let go at once: the demo's own service takes it for good.
        FileLock(lock_of(folder / DATABASE_FILE), way_out=_WAY_OUT).release()
        yield
    finally:
        lock.release()
