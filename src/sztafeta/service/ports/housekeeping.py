"""What keeps the store small."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Housekeeping(Protocol):
    """What keeps the store small."""

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete messages accepted before this instant whose recipients are all final; at most `limit`."""

    async def forget_answers(self, now: datetime) -> int:
        """Delete answers that were kept under an idempotency key for long enough."""

    async def sweep_bodies(self, before: datetime) -> int:
        """Delete body files older than this instant that no message names (36 h, acceptance §1.5)."""
