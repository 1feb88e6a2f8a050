"""What a send verb answers, and the key under which it is kept; the faces print it in their language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from sztafeta.account.api_key import Mode
from sztafeta.service.fault import Fault, Refusal
from sztafeta.value import value


class Fate(Enum):
    """What became of an addressee at once."""

    ACCEPTED = "accepted"
    SUPPRESSED = "suppressed"
    INVALID = "invalid"


@value(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """One addressee's part of the answer."""

    address: str
    """As the call wrote it."""
    fate: Fate
    message_id: int | None
    """None when the address could not be read."""
    header_message_id: str
    """Without angle brackets."""
    fault: Fault | None = None


@value(frozen=True, slots=True, kw_only=True)
class Sent:
    """A submission that is ours now, or would be (`dry_run`)."""

    submission_id: int
    mode: Mode
    messages: tuple[SentMessage, ...]
    warnings: tuple[Fault, ...] = ()
    octets: int = 0
    """Of all messages as they will be sent, before they are signed."""


@value(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The answer of an earlier call with the same idempotency key."""

    http_status: int
    answer: bytes


@value(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A key under which the answer is kept for 24 hours."""

    endpoint: str
    key: str
    request_sha256: bytes
    answer: Callable[[Sequence[Sent | Refusal]], tuple[int, bytes]]
    """Writes the answer that will be kept, before the commit: HTTP status and JSON."""
