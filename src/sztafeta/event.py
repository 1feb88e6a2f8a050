"""The event vocabulary: facts about one recipient, kept for good (design §2).

An event says what happened, when, and by which rule. Webhooks, history and statistics read these and
nothing else. `delivered` means that the next hop took responsibility, not that it is in the inbox.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import Enum
from typing import Any

from sztafeta.value import value


class EventKind(Enum):
    """The public words, shared with webhooks (style §7 names the field's equivalents)."""

    QUEUED = "queued"
    REJECTED = "rejected"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    CANCELED = "canceled"
    HELD = "held"
    RELEASED = "released"


FINAL_KINDS = frozenset(
    {EventKind.REJECTED, EventKind.DELIVERED, EventKind.BOUNCED, EventKind.CANCELED}
)


@value(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact about one recipient."""

    event_id: int
    recipient_id: int
    message_id: int
    """The message's id in the store; its text form is the queue-id."""
    kind: EventKind
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)
    """What the kind adds (reply, class, rule, hop, next due …); JSON, no secrets."""
