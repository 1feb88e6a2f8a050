"""The retry ladder: when a deferred recipient is tried again, and when it is given up.

First retry within five minutes, at least two attempts in the first hour, a last word at the message's end
and no later (acceptance P6, R-60). The draw is an argument: chance belongs to the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPlan:
    """The waits between attempts."""

    waits: tuple[timedelta, ...] = tuple(
        timedelta(minutes=minutes) for minutes in (2, 10, 20, 30, 60, 120, 240)
    )
    """After the first attempt, the second, …; the last one repeats."""
    jitter: float = 0.2
    """How far a wait may be drawn away from its value, as a share (R-53)."""

    def __post_init__(self) -> None:
        if not self.waits or min(self.waits) <= timedelta(0):
            raise ValueError("a retry plan needs waits longer than nothing")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"jitter is a share from 0 to below 1, not {self.jitter}")

    @property
    def first(self) -> timedelta:
        """The wait after the first attempt."""
        return self.waits[0]

    def wait(self, attempt: int, age: timedelta) -> timedelta:
        """Give the wait after attempt number `attempt` (from 1) of a recipient of this age.

        Attempts that cost no wait, another transaction at once (R-43) or an operator's retry, do not climb
        the ladder: nobody stands higher than the waits so far could have brought him.
        """
        step, reached = 0, timedelta(0)
        while step < min(attempt, len(self.waits)) - 1:
            reached += self.waits[step] * (1 - self.jitter)
            if reached > age:
                break
            step += 1
        return self.waits[step]


LAST_TRY_BEFORE = timedelta(minutes=1)
"""A last attempt is made this long before the end rather than none after a long wait."""


def next_due(
    *,
    attempt: int,
    accepted_at: datetime,
    now: datetime,
    expires_at: datetime,
    plan: RetryPlan,
    draw: float,
) -> datetime | None:
    """Say when to try again after attempt number `attempt` (from 1), or None to give up.

    `draw` is from 0 to below 1. A wait that would end after `expires_at` is cut to a last try shortly before
    it; when that moment is over, too, nothing is left.
    """
    wait = plan.wait(attempt, now - accepted_at)
    due_at = now + wait * (1 + plan.jitter * (2 * draw - 1))
    if due_at < expires_at:
        return due_at
    last_try = expires_at - LAST_TRY_BEFORE
    return last_try if last_try > now else None
