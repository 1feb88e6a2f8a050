"""The roller's loop: events into the statistics, a page at a time, with rests in between for the mail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from sztafeta.service.ports import Clock

LOOK_EVERY = timedelta(seconds=10)
REST = timedelta(milliseconds=50)
"""Between two pages when there is more: mail goes first, and a long history is still rolled in minutes."""
FORGET_EVERY = timedelta(hours=6)


class Rolls(Protocol):
    """What is done (service/statistics/rolling)."""

    async def look(self) -> bool:
        """Add events to the counts; say whether there is more already."""

    async def forget(self) -> None:
        """Let go of what is shown no more."""


class Roller:
    """Keeps the statistics near the present."""

    def __init__(
        self,
        *,
        rolling: Rolls,
        clock: Clock,
        on_trouble: Callable[[str, BaseException], None],
        look_every: timedelta = LOOK_EVERY,
    ) -> None:
        self._rolling = rolling
        self._clock = clock
        self._look_every = look_every
        self._on_trouble = on_trouble
        self._stopping = asyncio.Event()
        self._forgot_at: datetime | None = None

    async def run(self) -> None:
        """Look again and again until stopped."""
        while not self._stopping.is_set():
            pause = self._look_every
            try:
                if await self.look():
                    pause = REST
            except Exception as trouble:  # the top of this loop
                self._on_trouble("statistics could not be brought up to date", trouble)
            try:
                async with asyncio.timeout(pause.total_seconds()):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """End the loop."""
        self._stopping.set()

    async def look(self) -> bool:
        """Make one round; say whether there is more to do at once."""
        now = self._clock.now()
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            await self._rolling.forget()
            self._forgot_at = now
        return await self._rolling.look()
