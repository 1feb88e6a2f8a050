"""The accept side: what one accept commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Final, Protocol

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.event import Event
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.ports.content import Content
from sztafeta.value import value

DEFAULT_POOL: Final = "default"
TEST_POOL: Final = "test"


@value(frozen=True, slots=True, kw_only=True)
class NewRecipient:
    """One recipient as accepted."""

    recipient_id: int
    forward_path: ForwardPath
    state: State = State.QUEUED
    """QUEUED, or SUPPRESSED for an address we will not send to."""
    due_at: datetime | None = None
    """When to try first; None: at once."""


@value(frozen=True, slots=True, kw_only=True)
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
    mode: Mode = Mode.LIVE
    submission_id: int | None = None
    """The call it came with; None: it came alone, over SMTP."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    dedicated_pool: str = ""
    """The egress pool of its account's own source; empty: that of all."""

    @property
    def pool(self) -> str:
        """The egress pool of its ready queues; test mail has one that leads nowhere."""
        return TEST_POOL if self.mode is Mode.TEST else self.dedicated_pool or DEFAULT_POOL


@value(frozen=True, slots=True)
class TailedContent:
    """Content of its own, then content that it shares with the other messages of a call.

    The store keeps the tail once a call; `tail_id` names it.
    """

    head: bytes
    tail_id: int
    tail: Content

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.head) + self.tail.size

    def blocks(self) -> Iterator[bytes]:
        """Give the octets in order."""
        yield self.head
        yield from self.tail.blocks()


@value(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An answer kept under an idempotency key, committed together with what it answers for."""

    customer_id: int
    endpoint: str
    """Keys of different endpoints do not meet; `smtp` is one."""
    key: str
    request_sha256: bytes
    http_status: int
    answer: bytes
    """As it was sent: JSON, or the queue-id over SMTP."""
    until: datetime


class AlreadyRemembered(Exception):
    """The idempotency key was used before; nothing was kept."""

    def __init__(self, remembered: Remembered) -> None:
        super().__init__(remembered.key)
        self.remembered = remembered


@value(frozen=True, slots=True, kw_only=True)
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
    mode: Mode = Mode.LIVE


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

    async def accept_all(
        self, messages: Sequence[NewMessage], *, remembered: Remembered | None = None
    ) -> Mapping[str, int]:
        """Commit the messages of one call of one customer together, all or none; see `accept`.

        What they share (`TailedContent`) is kept once. All of them are of one mode.

        An answer whose time was over when the messages were accepted gives way to the new one.

        Raises:
            AlreadyRemembered: the idempotency key was used before; nothing was kept.
        """

    async def remembered(self, customer_id: int, endpoint: str, key: str) -> Remembered | None:
        """Find a kept answer; the caller looks whether its time is over."""

    def has_room(self, size: int) -> bool:
        """Say whether the disk has room for a message of this size and the reserve (R-20)."""
