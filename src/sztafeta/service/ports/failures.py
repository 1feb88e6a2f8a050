"""What a store may fail with; a verb or a face says what the other side is told."""

from __future__ import annotations


class StorageFull(Exception):
    """No room on the disk for this message; nothing was kept."""


class StoreBusy(Exception):
    """The database is locked or away for the moment; nothing was kept: try again (R-27, R-30)."""


class StoreBroken(Exception):
    """A sync failed: nothing may be promised until the process is started again (R-24)."""


class BodyDamaged(Exception):
    """A message's content is missing or does not match its checksum: hold it, never send it short."""
