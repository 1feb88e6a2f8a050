"""The latch: after one failed sync nothing is promised any more (R-24).

After a failed fsync the system may have dropped the very pages that were to be written, and the next
fsync says that all is well. SQLite would go on; we do not. The process ends and a supervisor starts it
anew: what the disk really holds is then read back.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from sztafeta.service.ports import StorageFull, StoreBroken

_DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Latch:
    """Closed once, closed for the life of the process; any thread may close it."""

    def __init__(self, on_broken: Callable[[str], None]) -> None:
        self._on_broken = on_broken
        self.reason: str | None = None
        """Why the store is broken; None while it is sound."""

    def break_off(self, reason: str) -> StoreBroken:
        """Note that a sync failed; give the exception to raise."""
        if self.reason is None:
            self.reason = reason
            self._on_broken(reason)
        return StoreBroken(reason)

    def refuse_if_broken(self) -> None:
        """Raises: StoreBroken."""
        if self.reason is not None:
            raise StoreBroken(self.reason)

    def judge(self, error: OSError, *, doing: str) -> Exception:
        """Say what an error of the file system means for the store."""
        if error.errno in _DISK_IS_FULL:
            return StorageFull(f"no room while {doing}")
        if error.errno == errno.EIO:
            return self.break_off(f"the disk failed while {doing}: {error.strerror}")
        return error
