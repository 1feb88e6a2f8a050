"""Pace: when a silent or dribbling client has had its time. A decision about instants, without a clock.

A client is idle while nothing it says can be answered, so a byte now and then does not keep a connection;
content must keep up a least rate once it has taken a minute (acceptance S-25).
"""

from __future__ import annotations

from sztafeta.smtp.reply import Reply
from sztafeta.smtp.server_replies import IDLE_421
from sztafeta.submission.limits import Limits
from sztafeta.submission.replies import TOO_SLOW_421


class Pace:
    """How fast one connection goes; instants are seconds of any steady clock."""

    __slots__ = ("_came_at", "_content_since", "_idle", "_octets", "_rate", "_slow_after")

    def __init__(self, limits: Limits, now: float) -> None:
        self._idle = limits.idle.total_seconds()
        self._rate = limits.slowest_rate
        self._slow_after = limits.slow_after.total_seconds()
        self._came_at = now
        self._content_since: float | None = None
        self._octets = 0

    def answered(self, now: float) -> None:
        """Note that the client was told something: it is its turn, and no content is under way."""
        self._came_at, self._content_since = now, None

    def content_came(self, octets: int, now: float) -> None:
        """Note a part of the content."""
        if self._content_since is None:
            self._content_since, self._octets = now, 0
        self._came_at = now
        self._octets += octets

    def verdict(self, now: float) -> Reply | None:
        """Say how to part with the client, or None while it is quick enough."""
        if now - self._came_at >= self._idle:
            return IDLE_421  # RFC 5321 §4.5.3.2.7
        if self._content_since is None:
            return None
        took = now - self._content_since
        is_slow = took >= self._slow_after and self._octets < took * self._rate
        return TOO_SLOW_421 if is_slow else None

    def next_look(self, now: float) -> float:
        """Say after how many seconds to ask again; above 0 while the verdict is None."""
        return min(self._slow_after, self._came_at + self._idle - now)
