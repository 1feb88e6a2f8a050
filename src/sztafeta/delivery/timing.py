"""Timing: when a message is tried first, and when it is given up, from what its author asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sztafeta.value import value

LONGEST_DELAY: Final = timedelta(days=30)
"""How far ahead a message may be scheduled."""


class TimingFault(ValueError):
    """The instants do not fit; the message says what to change."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field
        """`send_at` or `expires_at`."""


@value(frozen=True, slots=True)
class Timing:
    """When a message is tried."""

    due_at: datetime | None
    """None: at once."""
    expires_at: datetime


def plan_timing(
    now: datetime, *, send_at: datetime | None, expires_at: datetime | None, ttl: timedelta
) -> Timing:
    """Give the instants; `send_at` in the past is now.

    Raises:
        TimingFault: one of them is too far ahead, or over before it begins.
    """
    if send_at is not None and send_at > now + LONGEST_DELAY:
        days = LONGEST_DELAY.days
        raise TimingFault("send_at", f"mail may be scheduled at most {days} days ahead")
    due_at = send_at if send_at is not None and send_at > now else None
    begin = due_at or now
    if expires_at is None:
        return Timing(due_at, begin + ttl)
    if expires_at <= begin:
        raise TimingFault("expires_at", "the message would expire before it is tried")
    if expires_at > begin + ttl:
        hours = int(ttl.total_seconds()) // 3600
        raise TimingFault("expires_at", f"mail of this account is tried for at most {hours} hours")
    return Timing(due_at, expires_at)
