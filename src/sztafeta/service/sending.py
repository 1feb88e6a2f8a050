"""SEND: from a call to messages that are on disk, one for each addressee.

The body of `Sending.send` is the list of its steps: read and check the call, find the suppressed, render and
put together, commit once (`service/accept`). What is wrong is found at once and told whole; who is suppressed
or has no readable address stands in the answer, never silently dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from sztafeta.account.api_key import Mode
from sztafeta.service.call import Call, Caller
from sztafeta.service.fault import Fault, Refusal


class Fate(Enum):
    """What became of an addressee at once."""

    ACCEPTED = "accepted"
    SUPPRESSED = "suppressed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A submission that is ours now, or would be (`dry_run`)."""

    submission_id: int
    mode: Mode
    messages: tuple[SentMessage, ...]
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The answer of an earlier call with the same idempotency key."""

    http_status: int
    answer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A key under which the answer is kept for 24 hours."""

    endpoint: str
    key: str
    request_sha256: bytes
    answer: Callable[[Sequence[Sent | Refusal]], tuple[int, bytes]]
    """Writes the answer that will be kept, before the commit: HTTP status and JSON."""


class SendVerb(Protocol):
    """What the faces call."""

    async def send(
        self, caller: Caller, call: Call, *, idempotency: Idempotency | None = None
    ) -> Sent | Refusal | Replayed:
        """Take one call over; durable on return.

        Raises:
            StoreBusy, StoreBroken, TimeoutError: nothing is promised; say 503.
        """

    async def send_batch(
        self, caller: Caller, calls: Sequence[Call], *, idempotency: Idempotency | None = None
    ) -> Sequence[Sent | Refusal] | Refusal | Replayed:
        """Take several calls over in one commit; a refused one does not fail its neighbours."""

    async def check(self, caller: Caller, call: Call) -> Sent | Refusal:
        """Find everything that is wrong; nothing is stored and nothing is sent."""

    async def send_raw(
        self,
        caller: Caller,
        content: bytes,
        *,
        sender: str,
        recipients: Sequence[str],
        idempotency: Idempotency | None = None,
    ) -> Sent | Refusal | Replayed:
        """Take a finished MIME message over, as SMTP would."""
