"""What happened, for programs: messages by their qualities, events in their order, counts by day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final, Protocol

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.service.ports.history import RecipientHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuery:
    """Which messages of a customer are meant; what is None or empty does not narrow it."""

    customer_id: int
    mode: Mode
    account_id: int | None = None
    accounts: frozenset[int] | None = None
    """The SMTP accounts that whoever asks may know of; None: all."""
    key_id: str = ""
    """The API key that it came with."""
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
    key_id: str
    """The API key that it came with; empty: it came otherwise."""
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


TRIED: Final = "tried"
"""The detail of a live recipient after its first attempt."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a recipient stands, as far as statistics tell it apart."""

    state: State
    detail: str = ""
    """The class of a bounce, or `tried`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingCount:
    """How many recipients stand alike."""

    standing: Standing
    tags: tuple[str, ...]
    """Of their messages, where asked for."""
    recipients: int


class RecipientSort(Enum):
    """What a list of recipients is sorted by."""

    ACCEPTED = "accepted"
    ADDRESS = "address"
    ACCOUNT = "account"
    HEADER_MESSAGE_ID = "header_message_id"


def standing_of(recipient: RecipientHistory) -> Standing:
    """Say where a recipient stands."""
    state = recipient.state
    if not state.is_final:
        return Standing(state, TRIED if recipient.attempt else "")
    if state is not State.BOUNCED:
        return Standing(state)
    bounces = [one for one in recipient.events if one.kind is EventKind.BOUNCED]
    return Standing(state, str(bounces[-1].details.get("class", "")) if bounces else "")


class FeedStore(Protocol):
    """Read only, beside the mail path; each method is of one customer."""

    async def find_messages(
        self, query: MessageQuery, *, limit: int, before: int | None = None, offset: int = 0
    ) -> Sequence[MessageRecord]:
        """List messages, the newest first, older than the message `before`; recipients with events."""

    async def count_messages(self, query: MessageQuery) -> int:
        """Count them."""

    async def find_recipients(
        self,
        query: MessageQuery,
        *,
        limit: int,
        offset: int = 0,
        standings: Collection[Standing] | None = None,
        sort: RecipientSort = RecipientSort.ACCEPTED,
        is_descending: bool = True,
    ) -> Sequence[MessageRecord]:
        """List recipients, each as the only one of its message, with its events.

        The query narrows the recipients themselves; `standings` are those wanted, None: all.
        """

    async def count_recipients(
        self, query: MessageQuery, *, by_tags: bool = False
    ) -> Sequence[StandingCount]:
        """Count the same recipients by where they stand, and by the tags of their messages."""

    async def find_message(self, customer_id: int, message_id: int) -> MessageRecord | None:
        """Find one, with its recipients' attempts and events."""

    async def events(
        self, customer_id: int, mode: Mode, *, after: int, until: datetime, limit: int
    ) -> Sequence[FeedEvent]:
        """Give events in the order of their ids, after one id, that happened before an instant."""

    async def usage(self, customer_id: int, *, first: date, last: date) -> Sequence[DayUsage]:
        """Give what was accepted day by day; the last day is included."""
