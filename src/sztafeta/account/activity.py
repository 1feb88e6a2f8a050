"""What people ask of the list of mail: the words for where a recipient stands, and the question itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta, tzinfo
from enum import Enum

from sztafeta.delivery.state import State


class Status(Enum):
    """Where a recipient stands, as people tell it apart; a state, but for the first two."""

    QUEUED = "queued"
    """Waits for its first attempt."""
    DEFERRED = "deferred"
    """Waits for another attempt."""
    SENDING = "sending"
    HELD = "held"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Nothing is sent any more from here."""
        return self not in LIVE


LIVE = frozenset({Status.QUEUED, Status.DEFERRED, Status.SENDING, Status.HELD})
CANCELABLE = frozenset({Status.QUEUED, Status.DEFERRED, Status.HELD})


def status_of(state: State, attempts: int) -> Status:
    """Say where a recipient stands after so many attempts."""
    if state is State.QUEUED and attempts:
        return Status.DEFERRED
    return Status(state.name.lower())


Moment = timedelta | datetime
"""So long ago, or a wall clock's time without a zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityQuery:
    """A question about mail, as it stands in an address; what is empty does not narrow it."""

    to: str = ""
    """An address, or a part of one."""
    sender: str = ""
    subject: str = ""
    tag: str = ""
    metadata: tuple[str, str] | None = None
    """A field of the metadata and its value (`X-Metadata-Order: 17`)."""
    domain: str = ""
    """The recipient's, as lower-case A-labels."""
    account: str = ""
    """The login of an SMTP account."""
    identity: str = ""
    """A queue-id, with `msg_` before it or not, or a Message-ID."""
    statuses: tuple[Status, ...] = ()
    """In one of these."""
    bounce_class: str = ""
    """What a receiver's refusal was about (delivery/classify); several with commas between them."""
    provider: str = ""
    """Who serves the recipient (delivery/provider)."""
    since: Moment | None = None
    until: Moment | None = None
    """Not included."""
    words: tuple[str, ...] = ()
    """Each stands in the recipient's address or in the subject."""

    @property
    def is_empty(self) -> bool:
        """Say whether it asks for everything."""
        return self == ActivityQuery()

    def without(self) -> Iterator[tuple[ActivityQuery, ActivityQuery]]:
        """Take it apart: each part as a question of its own, with what is left when it goes."""
        nothing = ActivityQuery()
        for one in fields(self):
            value, empty = getattr(self, one.name), getattr(nothing, one.name)
            if value == empty:
                continue
            if one.name != "words":
                yield replace(nothing, **{one.name: value}), replace(self, **{one.name: empty})
                continue
            for place, word in enumerate(self.words):
                rest = self.words[:place] + self.words[place + 1 :]
                yield replace(nothing, words=(word,)), replace(self, words=rest)


def instant(moment: Moment | None, now: datetime, zone: tzinfo) -> datetime | None:
    """Say when that was; a wall clock shows the time of its zone."""
    if isinstance(moment, timedelta):
        return now - moment
    return None if moment is None else moment.replace(tzinfo=zone)
