"""Pace: when a silent or dribbling client has had its time. A decision about instants, without a clock.

A client is idle when no whole command of it was acted on, so a byte now and then does not keep a connection;
content must keep up a least rate once it has taken a minute (acceptance S-25).
"""

from __future__ import annotations

from sztafeta.smtp.reply import Reply
from sztafeta.smtp.server_replies import IDLE_421
from sztafeta.submission.limits import Limits
from sztafeta.submission.replies import TOO_SLOW_421


class Pace:
    """How fast one connection goes; instants are seconds of any steady clock."""

    __slots__ = ("_came_at", "_content_since", "_idle", "_octets", "_rate", "_slow_after", "_step")

    def __init__(self, limits: Limits, now: float) -> None:
        self._idle = limits.idle.total_seconds()
        self._rate = limits.slowest_rate
        self._slow_after = limits.slow_after.total_seconds()
        self._came_at = now
        self._content_since: float | None = None
        self._octets = 0
        self._step = min(self._idle, self._slow_after) if self._rate else self._idle

    def acted(self, now: float) -> None:
        """Note that a command was acted on, or that we ended a wait of ours."""
        self._came_at = now

    def content_began(self, now: float) -> None:
        """Note that the client was asked for content."""
        self._came_at = self._content_since = now
        self._octets = 0

    def content_came(self, octets: int, now: float) -> None:
        """Note a part of the content."""
        self._came_at = now
        self._octets += octets

    def content_ended(self, now: float) -> None:
        """Note the end of the content."""
        self._came_at, self._content_since = now, None

    def verdict(self, now: float) -> Reply | None:
        """Say how to part with the client, or None while it is quick enough."""
        if now - self._came_at >= self._idle:
            return IDLE_421  # RFC 5321 §4.5.3.2.7
        if self._content_since is None or not self._rate:
            return None
        took = now - self._content_since
        return (
            TOO_SLOW_421 if took >= self._slow_after and self._octets < took * self._rate else None
        )

    def next_look(self, now: float) -> float:
        """Say after how many seconds to ask again."""
        if self._content_since is not None and self._rate:
            return self._step
        return max(self._came_at + self._idle - now, 0.001)
