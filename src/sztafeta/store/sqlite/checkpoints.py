"""Checkpoints: the WAL is copied into the database beside the writer, so that no commit waits for it.

A thread of its own copies (PASSIVE, which waits for nobody) whenever the WAL has grown. New frames keep
coming meanwhile, so it is never quite done; when the WAL nears its limit the writer itself copies the
few that are left, between two batches, and begins the WAL anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from sztafeta.store.latch import Latch
from sztafeta.store.sqlite.connections import Connection, translate
from sztafeta.store.sqlite.writer import SqliteWriter

LOOK_EVERY_SECONDS: Final = 0.5
COPY_FROM_BYTES: Final = 8 * 1024 * 1024
RESTART_FROM_BYTES: Final = 24 * 1024 * 1024


class Checkpointer:
    """A thread that keeps the WAL short."""

    def __init__(
        self, connect: Callable[[], Connection], writer: SqliteWriter, latch: Latch
    ) -> None:
        self._connection = connect()
        self._writer = writer
        self._latch = latch
        self._stopping = threading.Event()
        self._page_size: int = self._connection.execute("PRAGMA page_size").fetchone()[0]
        self._thread = threading.Thread(target=self._run, name="store-checkpoints", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; may take as long as a checkpoint under way."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_SECONDS):
            if self._latch.reason is None:
                self._look()
        self._connection.close()

    def _look(self) -> None:
        """Copy if enough has gathered; have the writer begin the WAL anew if it is long."""
        frames, copied = self._ask(self._connection, "NOOP")
        if (frames - copied) * self._page_size >= COPY_FROM_BYTES:
            self._ask(self._connection, "PASSIVE")
        if frames * self._page_size >= RESTART_FROM_BYTES:
            self._writer.call_between_batches(self._finish)

    def _finish(self, connection: Connection) -> None:
        """Copy the last frames: with nothing left to copy, the next commit begins the WAL anew."""
        self._ask(connection, "PASSIVE")

    def _ask(self, connection: Connection, how: str) -> tuple[int, int]:
        """Run a checkpoint; give the frames in the WAL and how many of them are copied."""
        try:
            _, frames, copied = connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        except Exception as error:  # a failed sync closes the latch; anything else is tried again
            translate(error, self._latch)
            return 0, 0
        return max(frames, 0), max(copied, 0)
