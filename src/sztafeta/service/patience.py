"""Patience: cuts short what takes too long, with one timer for all that may take equally long.

`asyncio.timeout` sets a timer for each use and takes it away again. Here whoever comes first is due first, so
they stand in line and the timer is set for the head of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType


class Wait:
    """One that must be done in time; a context that raises TimeoutError when it was not."""

    __slots__ = ("_line", "_requests", "ends_at", "is_cut_short", "task")

    def __init__(self, line: Patience, task: asyncio.Task[object], ends_at: float) -> None:
        self._line = line
        self._requests = task.cancelling()
        self.task: asyncio.Task[object] | None = task
        """Who waits; None: it is done."""
        self.ends_at = ends_at
        self.is_cut_short = False

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the line; tell our own cancellation from somebody else's."""
        task, self.task = self.task, None
        self._line.forget_done()
        if not self.is_cut_short or task is None:
            return
        if task.uncancel() <= self._requests and kind is asyncio.CancelledError:
            raise TimeoutError from error


class Patience:
    """How long each may take."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._line: deque[Wait] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """Where it is used: asking for the running one costs a system call."""

    def begin(self) -> Wait:
        """Give the running task its time."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("only a task can be cut short")
        wait = Wait(self, task, loop.time() + self._seconds)
        self._line.append(wait)
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)
        return wait

    def forget_done(self) -> None:
        """Shorten the line where it begins."""
        line = self._line
        while line and line[0].task is None:
            line.popleft()

    def _look(self) -> None:
        """Cut short those whose time is over, and come back for the next."""
        self._timer, loop = None, asyncio.get_running_loop()
        line, now = self._line, loop.time()
        while line and line[0].ends_at <= now:
            late = line.popleft()
            if late.task is not None:
                late.is_cut_short = True
                late.task.cancel()
        if line:
            self._timer = loop.call_at(line[0].ends_at, self._look)
