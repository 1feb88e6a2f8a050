"""A loop's clock and timers that stand still until a test moves them; implements `net.timeouts.Timers`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False)
class ManualHandle:
    """A timer that was set."""

    at: float
    callback: Callable[[], object]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class ManualTimers:
    """Time in seconds from nothing."""

    def __init__(self) -> None:
        self._now = 0.0
        self._handles: list[ManualHandle] = []

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, callback: Callable[[], object], /) -> ManualHandle:
        handle = ManualHandle(self._now + delay, callback)
        self._handles.append(handle)
        return handle

    def advance(self, seconds: float) -> None:
        """Let time pass; what falls due is called in its order."""
        end = self._now + seconds
        while due := [one for one in self._handles if one.at <= end and not one.is_cancelled]:
            first = min(due, key=lambda one: one.at)
            self._handles.remove(first)
            self._now = first.at
            first.callback()
        self._now = end
