"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Implements `service.ports.Clock`."""

    def __init__(self, start: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """Give the instant the test has come to."""
        return self._now

    def advance(self, duration: timedelta) -> None:
        """Let time pass."""
        self._now += duration
