"""How long a receiver may think, and the alarm that holds it to it (RFC 5321 §4.5.3.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from sztafeta.smtp.dialogue import Step

NEVER: Final = float("inf")
LONGEST_NAP: Final = 15.0
"""Seconds; an alarm is late by at most this, and by at most a quarter of the shortest timeout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTimeouts:
    """Each is counted from what we sent last; octets that complete no reply do not prolong it."""

    connect: timedelta = timedelta(seconds=30)
    """To open a connection to one address."""
    tls: timedelta = timedelta(seconds=30)
    """To finish a TLS handshake."""
    banner: timedelta = timedelta(seconds=300)
    """To greet."""
    command: timedelta = timedelta(seconds=300)
    """To answer EHLO, STARTTLS, MAIL and RCPT."""
    data: timedelta = timedelta(seconds=120)
    """To answer DATA."""
    block: timedelta = timedelta(seconds=180)
    """To take a block of the message."""
    dot: timedelta = timedelta(seconds=600)
    """To answer the final dot; too short a time makes duplicates."""
    quit: timedelta = timedelta(seconds=5)
    """To answer QUIT."""
    attempt: timedelta = timedelta(seconds=1800)
    """For a whole attempt, however busy the receiver keeps us."""

    def seconds(self) -> dict[Step, float]:
        """Give each step's timeout in seconds."""
        command = self.command.total_seconds()
        return {
            Step.BANNER: self.banner.total_seconds(),
            Step.EHLO: command,
            Step.TLS: command,
            Step.MAIL: command,
            Step.RCPT: command,
            Step.DATA: self.data.total_seconds(),
            Step.DOT: self.dot.total_seconds(),
        }


class Timers(Protocol):
    """The part of an event loop that knows the time; tests bring one that they move."""

    def time(self) -> float:
        """Give seconds of a clock that never steps back."""

    def call_later(self, delay: float, callback: Callable[[], object], /) -> asyncio.TimerHandle:
        """Call back after `delay` seconds."""


class Alarm:
    """Rings when a deadline passes. Moving the deadline costs an assignment, not a timer.

    It looks at its deadline from time to time instead: on the mail path deadlines move with every reply,
    and pass never.
    """

    __slots__ = ("_deadline", "_handle", "_nap", "_ring", "_timers")

    def __init__(self, timers: Timers, ring: Callable[[], object], *, shortest: float) -> None:
        self._timers = timers
        self._ring = ring
        self._nap = min(shortest / 4, LONGEST_NAP)
        self._deadline = NEVER
        self._handle: asyncio.TimerHandle | None = None

    def set(self, deadline: float) -> None:
        """Ring at this time of the clock, and not before."""
        self._deadline = deadline
        if self._handle is None:
            self._handle = self._timers.call_later(self._nap, self._look)

    def off(self) -> None:
        """Ring no more; costs nothing, the timer runs out by itself."""
        self._deadline = NEVER

    def cancel(self) -> None:
        """Let go of the timer, too."""
        self._deadline = NEVER
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _look(self) -> None:
        self._handle = None
        if self._deadline == NEVER:
            return
        left = self._deadline - self._timers.time()
        if left <= 0:
            self._deadline = NEVER
            self._ring()
        else:
            self._handle = self._timers.call_later(min(left, self._nap), self._look)
