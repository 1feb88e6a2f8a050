"""What happened, for the people of a customer: one row a recipient, found by whatever people know of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sztafeta.account.activity import Status
from sztafeta.account.api_key import Mode
from sztafeta.mail.address import Mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFilter:
    """Which recipients of a customer are meant; what is None or empty does not narrow it."""

    customer_id: int
    mode: Mode = Mode.LIVE
    account_ids: frozenset[int] | None = None
    """Through one of these SMTP accounts; an empty set means none."""
    mailbox: Mailbox | None = None
    address_part: str = ""
    """Stands in the address."""
    domain: str = ""
    sender_part: str = ""
    subject_part: str = ""
    words: tuple[str, ...] = ()
    """Each stands in the address or in the subject."""
    tag: str = ""
    metadata: tuple[str, str] | None = None
    """A field and its value."""
    message_id: int | None = None
    header_message_id: str = ""
    """Without angle brackets."""
    statuses: frozenset[Status] = frozenset()
    bounce_classes: frozenset[str] = frozenset()
    """A receiver refused it, for good or for now, for one of these."""
    provider: str = ""
    """It was offered to a host of this provider, or its domain is one of theirs."""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    recipient_ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the list; what is older comes after it."""

    message_id: int
    recipient_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRow:
    """One recipient in the list."""

    recipient_id: int
    message_id: int
    account_id: int
    account_login: str
    """Empty when the account is gone."""
    mailbox: Mailbox
    sender: Mailbox | None
    header_message_id: str
    subject: str
    tags: tuple[str, ...]
    status: Status
    attempts: int
    accepted_at: datetime
    due_at: datetime | None
    """When it is tried next; None when nothing is sent any more."""
    final_at: datetime | None
    last_word: str
    """What the receiver, or the way to it, said last; empty before the first attempt."""
    tried_at: datetime | None
    """When that was."""

    @property
    def mark(self) -> Mark:
        """Say where it stands in the list."""
        return Mark(self.message_id, self.recipient_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPage:
    """A part of the list, the newest first."""

    rows: tuple[ActivityRow, ...]
    older: Mark | None
    """Where the next page begins; None at the end."""
    searched_to: datetime | None = None
    """Set when the search paused on its way back in time, before the page was full."""


class ActivityStore(Protocol):
    """Read only, beside the mail path; each method is of one customer."""

    async def page(
        self, wanted: ActivityFilter, *, limit: int, before: Mark | None = None
    ) -> ActivityPage:
        """List recipients, the newest first.

        A question that no index answers is looked for in a bounded number of messages at a time.
        """

    async def newest_event(self, customer_id: int, mode: Mode) -> int:
        """Give the id of the customer's last event; 0 when there is none."""

    async def news(
        self, customer_id: int, mode: Mode, *, after: int, limit: int
    ) -> Sequence[tuple[int, int]]:
        """Give events after one, in their order: (event_id, recipient_id)."""

    async def which(self, wanted: ActivityFilter, recipient_ids: Collection[int]) -> frozenset[int]:
        """Say which of these recipients are meant."""
