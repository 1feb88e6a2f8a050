"""The life of one recipient: the only file that says which moves there are (design §2).

Each move is an *update … where id and state = what I saw*; a count other than 1 means that somebody else was
first. The table is data, so that documents and tests are printed from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sztafeta.delivery.verdict import Outcome


class State(IntEnum):
    """Where a recipient stands. The numbers are stored: never reuse one."""

    QUEUED = 0
    SENDING = 1
    HELD = 2
    DELIVERED = 10
    BOUNCED = 11
    EXPIRED = 12
    SUPPRESSED = 13
    CANCELED = 14

    @property
    def is_final(self) -> bool:
        """Nothing is sent any more from here."""
        return self >= State.DELIVERED


@dataclass(frozen=True, slots=True)
class Move:
    """One arrow of the table."""

    before: State | None
    happening: str
    after: State
    event: str | None


MOVES: tuple[Move, ...] = (
    Move(None, "accepted", State.QUEUED, "queued"),
    Move(None, "accepted, address suppressed", State.SUPPRESSED, "rejected"),
    Move(State.QUEUED, "due, claimed by a sender", State.SENDING, None),
    Move(State.SENDING, "2xx to the final dot", State.DELIVERED, "delivered"),
    Move(State.SENDING, "verdict deferred", State.QUEUED, "deferred"),
    Move(State.SENDING, "verdict bounced", State.BOUNCED, "bounced"),
    Move(State.QUEUED, "too old", State.EXPIRED, "bounced"),
    Move(State.SENDING, "verdict deferred, too old", State.EXPIRED, "bounced"),
    Move(State.SENDING, "lease ran out", State.QUEUED, None),
    Move(State.SENDING, "its content is damaged", State.HELD, "held"),
    Move(State.QUEUED, "put on hold", State.HELD, "held"),
    Move(State.HELD, "released", State.QUEUED, "released"),
    Move(State.QUEUED, "canceled", State.CANCELED, "canceled"),
    Move(State.HELD, "canceled", State.CANCELED, "canceled"),
    Move(State.DELIVERED, "a failure DSN arrives late", State.BOUNCED, "bounced"),
)

AFTER_OUTCOME: dict[Outcome, State] = {
    Outcome.DELIVERED: State.DELIVERED,
    Outcome.DEFERRED: State.QUEUED,
    Outcome.BOUNCED: State.BOUNCED,
    Outcome.EXPIRED: State.EXPIRED,
}
