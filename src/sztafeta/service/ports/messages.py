"""The accept side: what one accept commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sztafeta.delivery.state import State
from sztafeta.event import Event
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.ports.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecipient:
    """One recipient as accepted."""

    recipient_id: int
    forward_path: ForwardPath
    state: State = State.QUEUED
    """QUEUED, or SUPPRESSED for an address we will not send to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """Everything that one accept commits."""

    message_id: int
    customer_id: int
    account_id: int
    envelope: Envelope
    recipients: tuple[NewRecipient, ...]
    content: Content
    header_message_id: str
    subject: str
    signing_domain: str | None
    """The domain to sign as, or None when no key fits the author's domain."""
    accepted_at: datetime
    expires_at: datetime
    source: dict[str, Any]
    """How it came in (client name, address, TLS, protocol word), for the history."""
    events: tuple[Event, ...]
    failure_notices: bool = True
    """Tell the author of a failure when NOTIFY says nothing; the account's setting at accept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedMessage:
    """A message as a sender needs it."""

    message_id: int
    customer_id: int
    account_id: int
    envelope: Envelope
    """Without forward-paths: those are the recipients'."""
    content: Content
    header_message_id: str
    signing_domain: str | None
    accepted_at: datetime
    expires_at: datetime
    failure_notices: bool = True
    """Tell the author of a failure when NOTIFY says nothing; the account's setting at accept."""


class MessageStore(Protocol):
    """The accept side."""

    async def accept(self, message: NewMessage) -> Mapping[str, int]:
        """Commit the message, its recipients and events; durable on return.

        Gives the ready queue's id of each recipient's domain. When the caller is cancelled before the
        commit has begun, nothing is kept; later the commit's outcome is given nevertheless, so that
        what was kept is never reported as refused.

        Raises:
            StorageFull: nothing was kept; say 452 4.3.1.
            StoreBusy: nothing was kept; say 451 4.3.0.
            StoreBroken: nothing may be promised any more; say 451 4.3.0.
        """

    def has_room(self, size: int) -> bool:
        """Say whether the disk has room for a message of this size and the reserve (R-20)."""
