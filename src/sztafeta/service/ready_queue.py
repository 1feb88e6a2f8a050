"""What stands in memory of the queue: ready queues, the sites they lead to, and the batches taken from them.

A ready queue belongs to one customer and one domain and is leased by this node; a site takes turns among the
ready queues that lead to it. Who changes these is SCHEDULE (`service/schedule`, `service/sites`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sztafeta.delivery.egress import EgressSource
from sztafeta.delivery.route import Route
from sztafeta.delivery.shaping import SiteState
from sztafeta.delivery.verdict import Failure
from sztafeta.service.ports import DueRecipient, LeasedQueue
from sztafeta.value import value


@dataclass(slots=True, eq=False)
class Site:
    """The receivers behind one set of MX hosts, with the queues that lead there."""

    name: str
    source: EgressSource
    """Where its mail leaves from: the same hosts are another site for another source."""
    route: Route | None
    failure: Failure | None
    """Why there is no route."""
    state: SiteState
    rotation: deque[ReadyQueue] = field(default_factory=deque)
    look_up: timedelta | None = None
    """How long its last look-up in DNS took, until an attempt has noted it."""

    def take_look_up(self) -> timedelta | None:
        """Give how long the last look-up took, to the first who asks."""
        look_up, self.look_up = self.look_up, None
        return look_up

    @property
    def has_work(self) -> bool:
        """Say whether a recipient waits here."""
        return bool(self.rotation)

    @property
    def only_message(self) -> int | None:
        """Name the message that all who wait here share; None when several wait, or nobody."""
        if len(self.rotation) != 1 or not (ready := self.rotation[0].ready):
            return None
        first = ready[0].message_id
        return first if all(due.message_id == first for due in ready) else None


@dataclass(slots=True, eq=False)
class ReadyQueue:
    """The window on one leased queue."""

    leased: LeasedQueue
    ready: deque[DueRecipient] = field(default_factory=deque)
    known: set[int] = field(default_factory=set)
    """Recipients in `ready` or with a sender."""
    drained: bool = False
    changes: int = 0
    """Counts what came into the store past this window, so that a slow read cannot hide it."""
    mark: tuple[datetime, int] | None = None
    """Up to where the store was read."""
    site: Site | None = None
    routed_until: datetime | None = None
    in_rotation: bool = False
    refilling: bool = False
    routing: bool = False
    idle_since: datetime | None = None
    alarm_at: datetime | None = None
    asked: bool = False
    """The store was asked when the next recipient is due, and nothing came in since."""

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is known and nothing is left to read."""
        return self.drained and not self.known


@value(frozen=True, slots=True)
class Batch:
    """Recipients of one message, to be tried in one transaction."""

    site: Site
    queue: ReadyQueue
    recipients: tuple[DueRecipient, ...]

    @property
    def message_id(self) -> int:
        """The one message they share."""
        return self.recipients[0].message_id
