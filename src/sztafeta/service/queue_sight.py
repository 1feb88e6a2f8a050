"""What this node sees of a ready queue: whether its site is left alone, and how many wait in it."""

from __future__ import annotations

from typing import Protocol

from sztafeta.delivery.waiting import Sight
from sztafeta.service.ports import Clock, QueueKey
from sztafeta.service.ready_queue import ReadyQueue


class Windows(Protocol):
    """The windows on the queues that this node holds."""

    def window(self, key: QueueKey) -> ReadyQueue | None:
        """Give one; None: this node does not hold it."""


class QueueSight:
    """Looks at the queue for people."""

    def __init__(self, windows: Windows, *, clock: Clock) -> None:
        self._windows = windows
        self._clock = clock

    def look(self, key: QueueKey) -> Sight | None:
        """Say what is seen of a queue; None: another node holds it, or nobody."""
        queue = self._windows.window(key)
        if queue is None:
            return None
        state = None if queue.site is None else queue.site.state
        if state is None:
            return Sight(ahead=len(queue.ready))
        now = self._clock.now()
        is_paused = state.retry_at is not None and state.retry_at > now
        return Sight(
            paused_until=state.retry_at if is_paused else None,
            ahead=len(queue.ready),
            connections=state.allowance(now),
        )
