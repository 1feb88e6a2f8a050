"""Beside the answer: what only one kind of request leads to, so that the answer's time tells nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Beside:
    """Runs work that nobody waits for, and tells of what went wrong."""

    def __init__(self, on_trouble: Callable[[str, Exception], None]) -> None:
        self._on_trouble = on_trouble
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin work; the caller goes on at once."""
        task = asyncio.ensure_future(self._guarded(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as trouble:
            self._on_trouble("what follows a login was not written", trouble)

    async def finished(self) -> None:
        """Wait until all of it is done."""
        while self._under_way:
            await asyncio.gather(*self._under_way)
