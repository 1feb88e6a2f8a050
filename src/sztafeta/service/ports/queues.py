"""The delivery side: ready queues are leased, recipients claimed, outcomes settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from typing import Protocol

from sztafeta.delivery.state import State
from sztafeta.event import Event
from sztafeta.mail.envelope import ForwardPath
from sztafeta.service.ports.messages import NewMessage, QueuedMessage
from sztafeta.value import value


@value(frozen=True, slots=True, kw_only=True)
class QueueKey:
    """Names a ready queue: fairness is per customer and destination."""

    customer_id: int
    domain: str
    pool: str = "default"


@value(frozen=True, slots=True, kw_only=True)
class LeasedQueue:
    """A ready queue this node owns."""

    queue_id: int
    key: QueueKey
    epoch: int


@value(frozen=True, slots=True, kw_only=True)
class DueRecipient:
    """A recipient that may be tried now."""

    recipient_id: int
    message_id: int
    queue_id: int
    forward_path: ForwardPath
    attempt: int
    """How many attempts were claimed before."""
    due_at: datetime
    accepted_at: datetime
    expires_at: datetime


@value(frozen=True, slots=True, kw_only=True)
class Claim:
    """A wish to try a recipient: written before the dial."""

    recipient_id: int
    queue_id: int
    epoch: int
    attempt: int
    """The number of this attempt, from 1."""


@value(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try, for the history."""

    number: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    stage: str
    hop: str
    """`host[address]:port` that was spoken to, or empty."""
    reply_code: int | None
    reply_status: str
    reply_text: str
    tls: str
    """TLS version and cipher, or empty."""
    transcript: str
    """SMTP dialogue of a failed attempt in the notation of tests/transcripts; empty on success."""
    rule: str
    """The name of the row of the verdict table that judged."""
    steps: str = ""
    """How long each step took (`delivery/steps`); empty when it was not measured."""

    @property
    def reply(self) -> str:
        """The receiver's reply as it came, or what went wrong instead."""
        parts = (self.reply_code, self.reply_status, self.reply_text)
        return " ".join(str(part) for part in parts if part)


@value(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a claimed recipient."""

    recipient_id: int
    message_id: int
    queue_id: int
    epoch: int
    state: State
    due_at: datetime | None
    """When to try again, if the state is QUEUED."""
    attempt: Attempt | None
    events: tuple[Event, ...]
    notices: tuple[NewMessage, ...] = field(default=())
    """Status notifications to queue in the same transaction (RFC 3464)."""


class QueueStore(Protocol):
    """The delivery side. One process is one node."""

    async def join(self, node_name: str, *, now: datetime) -> int:
        """Register this node, take back what an earlier life of it held, and give its number."""

    async def heartbeat(self, *, now: datetime) -> None:
        """Keep this node's leases alive."""

    async def lease(self, *, now: datetime, limit: int) -> Sequence[LeasedQueue]:
        """Take queues that are due and nobody's, or whose node is dead, with a new epoch.

        Recipients left SENDING by the former owner are QUEUED and due again. A queue's next_due is
        cleared when it is taken: from then on its owner keeps the time. Whoever changes a queue from
        outside (an accept on another node, an operator's retry or release, a notice) sets
        next_due = min(next_due, now); for a queue that is already ours `lease` then gives it again,
        with its epoch unchanged: a poke to look at it anew.
        """

    async def lease_named(
        self, keys: Sequence[QueueKey], *, now: datetime
    ) -> Sequence[LeasedQueue]:
        """Take these queues if no living node holds them; those already ours are given again."""

    async def release(self, queues: Sequence[LeasedQueue], *, now: datetime) -> None:
        """Give queues back; the store notes when each is due next."""

    async def due(
        self, queue: LeasedQueue, *, now: datetime, limit: int, after: tuple[datetime, int] | None
    ) -> Sequence[DueRecipient]:
        """Read recipients that are due, oldest due first, after a (due_at, recipient_id) mark."""

    async def next_due(self, queue: LeasedQueue) -> datetime | None:
        """Say when the queue's earliest QUEUED recipient is due; None when it holds none."""

    async def claim(self, claims: Sequence[Claim], *, now: datetime) -> frozenset[int]:
        """Move QUEUED to SENDING, attempt counted; give the ids that were ours to move.

        Matches only rows that still count `attempt - 1` attempts, in a queue whose epoch still stands.
        """

    async def settle(self, settlements: Sequence[Settlement], *, now: datetime) -> frozenset[int]:
        """Commit state, attempt, events and notices; give the ids whose claim still stood."""

    async def message(self, message_id: int) -> QueuedMessage | None:
        """Load a message with its content."""

    async def messages(self, message_ids: Sequence[int]) -> Sequence[QueuedMessage]:
        """Load small messages, many at once; what is big, missing or damaged is left to `message`."""

    async def expired(
        self, queue: LeasedQueue, *, now: datetime, limit: int
    ) -> Sequence[DueRecipient]:
        """Read QUEUED recipients that are too old, due or not."""
