"""What happened, for programs: messages by their qualities, events in their order, counts by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.event import Event
from sztafeta.mail.address import Mailbox
from sztafeta.service.ports.history import RecipientHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuery:
    """Which messages of a customer are meant; what is None or empty does not narrow it."""

    customer_id: int
    mode: Mode
    account_id: int | None = None
    submission_id: int | None = None
    recipient: Mailbox | None = None
    header_message_id: str = ""
    """Without angle brackets."""
    tag: str = ""
    states: frozenset[State] = frozenset()
    """At least one recipient stands in one of these."""
    accepted_from: datetime | None = None
    accepted_to: datetime | None = None
    """Not included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """A message with where its recipients stand."""

    message_id: int
    submission_id: int | None
    customer_id: int
    account_id: int
    account_login: str
    mode: Mode
    reverse_path: Mailbox | None
    author: str
    """The envelope's sender as text, or empty."""
    header_message_id: str
    subject: str
    size: int
    tags: tuple[str, ...]
    metadata: Mapping[str, str]
    accepted_at: datetime
    expires_at: datetime
    recipients: tuple[RecipientHistory, ...]
    """Without attempts; with events only where asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """An event with what its reader wants to know of its message."""

    event: Event
    mode: Mode
    account_login: str
    recipient: Mailbox
    submission_id: int | None
    header_message_id: str
    subject: str
    tags: tuple[str, ...]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUsage:
    """What a customer sent on one day (UTC) through one SMTP account."""

    day: date
    account_login: str
    mode: Mode
    recipients: int
    octets: int


class FeedStore(Protocol):
    """Read only, beside the mail path; each method is of one customer."""

    async def find_messages(
        self, query: MessageQuery, *, limit: int, before: int | None = None, offset: int = 0
    ) -> Sequence[MessageRecord]:
        """List messages, the newest first, older than the message `before`; recipients with events."""

    async def count_messages(self, query: MessageQuery) -> int:
        """Count them."""

    async def find_message(self, customer_id: int, message_id: int) -> MessageRecord | None:
        """Find one, with its recipients' attempts and events."""

    async def events(
        self, customer_id: int, mode: Mode, *, after: int, until: datetime, limit: int
    ) -> Sequence[FeedEvent]:
        """Give events in the order of their ids, after one id, that happened before an instant."""

    async def usage(self, customer_id: int, *, first: date, last: date) -> Sequence[DayUsage]:
        """Give what was accepted day by day; the last day is included."""
