"""The crew of one site: how many senders are at it, and the connections they left open for the next."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from sztafeta.service.ports import Connection
from sztafeta.service.ready_queue import Site


@dataclass(frozen=True, slots=True)
class Parked:
    """A kept connection."""

    connection: Connection
    since: datetime


@dataclass(slots=True, eq=False)
class Crew:
    """The senders of one site."""

    site: Site
    active: int = 0
    messages: list[int] = field(default_factory=list)
    """What its senders are at; one that has just been called has taken nothing yet."""
    parked: list[Parked] = field(default_factory=list)
    """The one parked last is used first."""
    alarm: asyncio.TimerHandle | None = None
    """Set while the site is being left alone."""

    @property
    def needs_no_more(self) -> bool:
        """Say whether those at work will take what waits.

        A sender that was just called calls the next itself, and recipients of one message stay with the
        connection that carries it (R-56).
        """
        return self.active > len(self.messages) or self.site.only_message in self.messages

    @property
    def is_done(self) -> bool:
        """Say whether nothing is left to do, to keep or to wait for."""
        return not (self.active or self.parked or self.site.has_work)

    def idle_since(self, instant: datetime) -> list[Connection]:
        """Take away the connections that were parked at or before an instant."""
        idle = [one.connection for one in self.parked if one.since <= instant]
        self.parked = [one for one in self.parked if one.since > instant]
        return idle

    def unpark(self) -> Connection | None:
        """Take the connection that was parked last, or None."""
        return self.parked.pop().connection if self.parked else None
