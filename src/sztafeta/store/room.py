"""Room: whether the disk has space for another message and for the results of those we have (R-20).

Mail is refused while there is still space to record deliveries: below 1.5 × the message's size, or when
less than a share of the disk (or of its inodes) is free. Once refused, it is taken again only when two
points more are free, so that the answer does not flap (R-22).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SIZE_FACTOR: Final = 1.5
HYSTERESIS: Final = 0.02
LOOK_EVERY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What a file system has left."""

    free_bytes: int
    free_share: float
    free_inodes_share: float
    """1.0 where the file system does not count inodes."""


def space_at(folder: Path) -> Space:
    """Ask the file system."""
    found = os.statvfs(folder)
    return Space(
        free_bytes=found.f_bavail * found.f_frsize,
        free_share=found.f_bavail / found.f_blocks if found.f_blocks else 1.0,
        free_inodes_share=found.f_favail / found.f_files if found.f_files else 1.0,
    )


class Room:
    """Answers for one folder; looks at most once a second."""

    def __init__(
        self,
        folder: Path,
        *,
        free_share: float = 0.10,
        look: Callable[[Path], Space] = space_at,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._wanted = free_share
        self._look = look
        self._clock = clock
        self._seen: Space | None = None
        self._look_at = 0.0
        self._is_short = False

    def has_room(self, size: int) -> bool:
        """Say whether a message of this many octets may be taken."""
        space = self._space()
        return not self._is_short and space.free_bytes >= SIZE_FACTOR * size

    def _space(self) -> Space:
        now = self._clock()
        if self._seen is None or now >= self._look_at:
            self._seen = self._look(self._folder)
            self._look_at = now + LOOK_EVERY_SECONDS
            wanted = self._wanted + (HYSTERESIS if self._is_short and self._wanted else 0.0)
            least = min(self._seen.free_share, self._seen.free_inodes_share)
            self._is_short = least < wanted
        return self._seen
