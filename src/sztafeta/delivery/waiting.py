"""Why a recipient waits: the rule and the time, decided from what is on record and what the queue shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sztafeta.delivery.state import State


class Reason(Enum):
    """What a recipient waits for."""

    HELD = "held"
    """For a person: somebody put it on hold, or its content is damaged."""
    BEING_SENT = "being-sent"
    """For the receiver: an attempt is under way."""
    SCHEDULED = "scheduled"
    """For the time that its sender chose."""
    NEXT_TRY = "next-try"
    """For the next try: the last one was answered with "not now"."""
    SITE_PAUSED = "site-paused"
    """For the receiver's servers, which are left alone for a while."""
    IN_LINE = "in-line"
    """For its turn: others of the same queue come first."""
    ABOUT_TO_GO = "about-to-go"
    """For a sender that takes it at any moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the node that holds a ready queue sees of it."""

    paused_until: datetime | None = None
    """The receiver's servers are left alone until then."""
    ahead: int = 0
    """Recipients of the queue that wait for a sender."""
    connections: int = 0
    """How many the receiver's servers may be given now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Why, and until when."""

    reason: Reason
    until: datetime | None = None
    rule: str = ""
    """The row of the verdict table that judged the last attempt."""
    ahead: int = 0
    connections: int = 0


def why_waiting(
    state: State, *, attempts: int, due_at: datetime, rule: str, sight: Sight | None, now: datetime
) -> Waiting | None:
    """Say what a recipient waits for; None: it does not wait any more."""
    if state.is_final:
        return None
    if state is State.HELD:
        return Waiting(reason=Reason.HELD, rule=rule)
    if state is State.SENDING:
        return Waiting(reason=Reason.BEING_SENT)
    if sight is not None and sight.paused_until is not None and sight.paused_until > due_at:
        return Waiting(reason=Reason.SITE_PAUSED, until=sight.paused_until, rule=rule)
    if due_at > now:
        reason = Reason.NEXT_TRY if attempts else Reason.SCHEDULED
        return Waiting(reason=reason, until=due_at, rule=rule)
    if sight is not None and sight.ahead:
        return Waiting(reason=Reason.IN_LINE, ahead=sight.ahead, connections=sight.connections)
    return Waiting(reason=Reason.ABOUT_TO_GO, rule=rule)
