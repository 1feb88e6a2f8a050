"""What happened, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sztafeta.delivery.state import State
from sztafeta.event import Event
from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.ports.queues import Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSummary:
    """A message in a list."""

    message_id: int
    customer_id: int
    account_id: int
    reverse_path: Mailbox | None
    header_message_id: str
    subject: str
    size: int
    accepted_at: datetime
    states: Mapping[State, int]
    """How many of its recipients stand where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientHistory:
    """One recipient's timeline."""

    recipient_id: int
    forward_path: ForwardPath
    state: State
    attempt: int
    """How many attempts were claimed."""
    due_at: datetime | None
    """When it is tried next; None when nothing is sent any more."""
    expires_at: datetime
    final_at: datetime | None
    events: tuple[Event, ...]
    """In the order in which they happened."""
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHistory:
    """A message with all that happened to it."""

    summary: MessageSummary
    envelope: Envelope
    signing_domain: str | None
    expires_at: datetime
    source: Mapping[str, Any]
    recipients: tuple[RecipientHistory, ...]


class HistoryStore(Protocol):
    """What happened, for people."""

    async def messages(
        self, *, limit: int, before: int | None = None, customer_id: int | None = None
    ) -> Sequence[MessageSummary]:
        """List messages, the newest first, older than the message `before`."""

    async def message_history(self, message_id: int) -> MessageHistory | None:
        """Give a message with its recipients' timelines."""

    async def counts(self) -> Mapping[State, int]:
        """Count all recipients by state: their sum is what was ever accepted and not yet pruned."""

    async def live_counts(self) -> Mapping[State, int]:
        """Count the recipients that are not final; cheap, whatever the history holds."""
