"""Bodies: message content, small in its row, big in a file of its own; immutable and checked when read.

A big body is written to a temporary file in the folder where it will stay, then fsync → rename → fsync
of the folder; only then may its row be committed (acceptance §1.5). A row carries length and SHA-256,
so that a torn, short or damaged body is found when it is loaded and is never sent (R-11, R-12, R-28).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final
from zlib import crc32

from sztafeta.delivery.queue_id import from_text, to_text
from sztafeta.service.ports import BodyDamaged, Content, Spool
from sztafeta.store.latch import Latch
from sztafeta.value import value

INLINE_LIMIT: Final = 64 * 1024
_BLOCK: Final = 64 * 1024
_TEMPORARY: Final = ".part"


@value(frozen=True, slots=True, eq=False)
class RowContent:
    """Content in memory."""

    octets: bytes

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.octets)

    def blocks(self) -> Iterator[bytes]:
        """Give the content whole."""
        yield self.octets


@value(frozen=True, slots=True, eq=False)
class FileContent:
    """Content in a file that never changes."""

    path: Path
    size: int
    sha256: bytes

    def blocks(self) -> Iterator[bytes]:
        """Read the file in blocks.

        Raises:
            BodyDamaged: the file ends early; what was given so far must not be finished.
        """
        left = self.size
        with self.path.open("rb", buffering=0) as file:
            while left > 0:
                block = file.read(min(_BLOCK, left))
                if not block:
                    raise BodyDamaged(f"the body {self.path.name} ends {left} octets early")
                left -= len(block)
                yield block


class FileSpool:
    """A body that grows in a temporary file."""

    def __init__(self, path: Path, latch: Latch) -> None:
        self.path = path
        self.part = path.with_name(path.name + _TEMPORARY)
        self.size = 0
        self.digest = sha256()
        self._latch = latch
        self._descriptor = os.open(self.part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._open = True

    def write(self, data: bytes) -> None:
        """Append octets.

        Raises:
            StorageFull: the disk is full; the spool is worth nothing any more.
        """
        self.digest.update(data)
        self.size += len(data)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise self._latch.judge(error, doing="writing a body") from error

    def seal(self) -> FileContent:
        """Make the octets durable under their name; runs in a thread."""
        try:
            os.fsync(self._descriptor)
            self._close()
            self.part.rename(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise self._latch.judge(error, doing="syncing a body") from error
        return FileContent(self.path, self.size, self.digest.digest())

    def discard(self) -> None:
        """Forget the octets; harmless when called twice or after `seal`."""
        self._close()
        self.part.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._open:
            self._open = False
            os.close(self._descriptor)


class Bodies:
    """The folder of big bodies: <folder>/ab/cd/<queue-id>."""

    def __init__(self, folder: Path, *, threads: Executor, latch: Latch) -> None:
        self.inline_limit = INLINE_LIMIT
        self._folder = folder
        self._threads = threads
        self._latch = latch
        self._synced: set[Path] = set()

    def path(self, message_id: int) -> Path:
        """Name the file of a message; the two folder levels spread the files evenly."""
        name = to_text(message_id)
        spread = f"{crc32(name.encode('ascii')) & 0xFFFF:04x}"
        return self._folder / spread[:2] / spread[2:] / name

    def open_spool(self, message_id: int) -> FileSpool:
        """Begin a body that is over `inline_limit`."""
        path = self.path(message_id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return FileSpool(path, self._latch)
        except OSError as error:
            raise self._latch.judge(error, doing="opening a body") from error

    async def keep(self, spool: Spool) -> FileContent:
        """Make a spooled body durable: fsync, rename, fsync of the folder."""
        if not isinstance(spool, FileSpool):
            raise TypeError("this spool was not opened here")
        self._latch.refuse_if_broken()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._keep, spool)

    def _keep(self, spool: FileSpool) -> FileContent:
        content = spool.seal()
        self._sync_new_folders(spool.path.parent)
        return content

    def _sync_new_folders(self, folder: Path) -> None:
        """Make the folders themselves durable, the first time each is used."""
        if folder in self._synced:
            return
        try:
            sync_folder(folder.parent)
            sync_folder(folder.parent.parent)
        except OSError as error:
            raise self._latch.judge(error, doing="syncing a folder of bodies") from error
        self._synced.add(folder)

    def load(self, message_id: int, *, size: int, digest: bytes) -> FileContent:
        """Find a body's file and check every octet of it; runs in a thread.

        Raises:
            BodyDamaged: it is missing, unreadable, or not what was accepted.
        """
        content = FileContent(self.path(message_id), size, digest)
        try:
            found = sha256()
            for block in content.blocks():
                found.update(block)
            length = content.path.stat().st_size
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise BodyDamaged(f"the body file cannot be read: {reason}") from error
        refuse_damaged(size, digest, length, found.digest())
        return content

    def remove(self, message_id: int) -> None:
        """Delete a message's file, after its row."""
        self.path(message_id).unlink(missing_ok=True)

    def remove_unfinished(self) -> int:
        """Delete temporary files that an earlier life left; call before mail is taken (R-04)."""
        parts = list(self._folder.glob(f"*/*/*{_TEMPORARY}"))
        for part in parts:
            part.unlink(missing_ok=True)
        return len(parts)

    def older_than(self, before: datetime) -> list[int]:
        """Name the messages whose files were last written before this instant."""
        limit = before.timestamp()
        names = [path for path in self._folder.glob("*/*/*") if path.stat().st_mtime < limit]
        return [from_text(path.name) for path in names if not path.name.endswith(_TEMPORARY)]


def load_row(octets: bytes, *, size: int, digest: bytes) -> RowContent:
    """Check content that came from its row.

    Raises:
        BodyDamaged: it is not what was accepted.
    """
    refuse_damaged(size, digest, len(octets), sha256(octets).digest())
    return RowContent(octets)


def refuse_damaged(size: int, digest: bytes, found_size: int, found_digest: bytes) -> None:
    """Raises: BodyDamaged."""
    if found_size != size:
        raise BodyDamaged(f"the body has {found_size} octets instead of {size}")
    if found_digest != digest:
        raise BodyDamaged("the body does not match its SHA-256")


def octets_of(content: Content) -> bytes:
    """Give content as one piece; content that is one piece already is not copied."""
    return b"".join(content.blocks())


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
