"""What the verbs need from the outside world, stated as Protocols that hands implement.

Stores speak in whole units of work: each method is one transaction, durable when it returns, and fenced by
the epoch of the lease it acts under. Times are aware UTC datetimes; ids are those of `delivery.queue_id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.delivery.egress import EgressSource
from sztafeta.delivery.route import Route
from sztafeta.delivery.state import State
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.delivery.verdict import Answer, Failure
from sztafeta.event import Event
from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath


class Clock(Protocol):
    """The time, as an argument."""

    def now(self) -> datetime:
        """Give the present instant, aware and in UTC."""


class Content(Protocol):
    """A message's header and body, with CRLF line ends, immutable once accepted."""

    @property
    def size(self) -> int:
        """Octets."""

    def blocks(self) -> Iterator[bytes]:
        """Give the octets in order, in blocks of at most 64 KiB when they are on disk."""


class Spool(Protocol):
    """A body that grows on disk while it is being received."""

    def write(self, data: bytes) -> None:
        """Append octets."""

    def discard(self) -> None:
        """Forget the octets; harmless when called twice or after `keep`."""


class Bodies(Protocol):
    """Where message content lives: small in the message's row, big in a file of its own."""

    inline_limit: int
    """Octets up to which content stays in memory and in its row (64 KiB)."""

    def open_spool(self, message_id: int) -> Spool:
        """Begin a body that is over `inline_limit`."""

    async def keep(self, spool: Spool) -> Content:
        """Make a spooled body durable: fsync, rename, fsync of the folder."""

    def remove(self, message_id: int) -> None:
        """Delete a kept body whose message is surely not committed; harmless when there is none."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueKey:
    """Names a ready queue: fairness is per customer and destination."""

    customer_id: int
    domain: str
    pool: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedQueue:
    """A ready queue this node owns."""

    queue_id: int
    key: QueueKey
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A wish to try a recipient: written before the dial."""

    recipient_id: int
    queue_id: int
    epoch: int
    attempt: int
    """The number of this attempt, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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

    async def expired(
        self, queue: LeasedQueue, *, now: datetime, limit: int
    ) -> Sequence[DueRecipient]:
        """Read QUEUED recipients that are too old, due or not."""


class AccountStore(Protocol):
    """Who may send what."""

    async def smtp_account(self, login: str) -> SmtpAccount | None:
        """Find by login, as it is in the store at this moment."""

    async def sending_domain(self, domain: str) -> SendingDomain | None:
        """Find a domain and its keys."""


class BodyDamaged(Exception):
    """A message's content is missing or does not match its checksum: hold it, never send it short."""


class StorageFull(Exception):
    """No room on the disk for this message; nothing was kept."""


class StoreBusy(Exception):
    """The database is locked or away for the moment; nothing was kept: try again (R-27, R-30)."""


class StoreBroken(Exception):
    """A sync failed: nothing may be promised until the process is started again (R-24)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What one outbound mail transaction carries."""

    envelope: Envelope
    """With the forward-paths of this transaction, all of one site."""
    header_prefix: bytes
    """Fields written before the content: DKIM-Signature lines, each ending in CRLF."""
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """How one outbound mail transaction went."""

    answers: tuple[Answer, ...]
    """One a forward-path, in their order."""
    transcript: str
    """The dialogue without the content, in the notation of tests/transcripts; kept for failures."""
    reusable: bool
    """The connection may carry another transaction."""
    stale: bool = False
    """A reused connection was found closed before anything was decided: redial, no attempt counted."""
    dsn_passed: bool = False
    """The hop offers DSN and took over NOTIFY=SUCCESS (RFC 3461 §5.2.2)."""


class Connection(Protocol):
    """An open SMTP session to a hop, greeted and (if agreed) encrypted."""

    hop: str
    """`host[address]:port`."""
    tls: str
    """TLS version and cipher, or empty."""

    @property
    def transactions(self) -> int:
        """How many it has carried."""

    async def transact(self, parcel: Parcel) -> Dialogue:
        """Offer the parcel; never raises for what the other side does."""

    async def quit(self) -> None:
        """Say QUIT and close; waits at most 5 s and never fails."""

    def is_usable(self) -> bool:
        """Say whether it is still open, with nothing unread, and may be used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialFailure:
    """No hop could be brought to take mail."""

    answer: Answer
    """The decisive one: what all hops said, or the last."""
    hop: str
    transcript: str
    tried: int
    """How many addresses were dialled."""


class Dialer(Protocol):
    """Opens connections to the hops of a route, in their order."""

    async def dial(
        self, route: Route, *, source: EgressSource, tls: TlsRequirement
    ) -> Connection | DialFailure:
        """Try hops and addresses until one greets us; never raises for what the other side does."""


class Router(Protocol):
    """Finds where a domain's mail goes: a configured route, or MX in DNS."""

    async def route(self, domain: str) -> Route | Failure:
        """Give the route, cached for its lifetime; never raises for what DNS says."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which recipients an operator means; what is None does not narrow it."""

    message_id: int | None = None
    customer_id: int | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOverview:
    """A ready queue with its live recipients counted."""

    queue_id: int
    key: QueueKey
    customer_name: str
    node: str | None
    """The name of the node that holds it."""
    queued: int
    sending: int
    held: int
    oldest_accepted_at: datetime
    next_due: datetime | None
    """When the earliest QUEUED recipient is due."""


class QueueAdministration(Protocol):
    """An operator's hands in the queue; each gives the number of recipients it changed."""

    async def overview(
        self, *, limit: int, customer_id: int | None = None, domain: str | None = None
    ) -> Sequence[QueueOverview]:
        """List the ready queues that hold live recipients, the fullest first."""

    async def hold(self, selection: Selection, *, now: datetime, reason: str = "") -> int:
        """QUEUED to HELD."""

    async def release(self, selection: Selection, *, now: datetime) -> int:
        """HELD to QUEUED, due now."""

    async def cancel(self, selection: Selection, *, now: datetime, reason: str = "") -> int:
        """QUEUED or HELD to CANCELED."""

    async def retry(self, selection: Selection, *, now: datetime) -> int:
        """Make QUEUED recipients due now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A firm that sends."""

    customer_id: int
    name: str
    enabled: bool
    created_at: datetime


class AlreadyThere(Exception):
    """A name is taken; the text says which."""


class NotThere(Exception):
    """A name is not known; the text says which."""


class AccountAdministration(Protocol):
    """Customers, their SMTP accounts and sending domains, for the operator."""

    async def create_customer(self, name: str, *, now: datetime) -> Customer:
        """Raises: AlreadyThere."""

    async def customers(self) -> Sequence[Customer]:
        """List them by name."""

    async def enable_customer(self, name: str, *, enabled: bool) -> None:
        """Let a customer send, or suspend it with all its accounts. Raises: NotThere."""

    async def create_smtp_account(
        self, account: SmtpAccount, *, password: str, now: datetime
    ) -> SmtpAccount:
        """Create a login for the customer `account.customer_name`; ids and hash are filled in.

        Raises:
            AlreadyThere: the login is taken.
            NotThere: there is no such customer.
        """

    async def change_smtp_account(self, account: SmtpAccount) -> None:
        """Write an account's settings (not its password). Raises: NotThere."""

    async def set_password(self, login: str, password: str) -> None:
        """Give an account another password. Raises: NotThere."""

    async def delete_smtp_account(self, login: str) -> None:
        """Take a login away; its mail stays. Raises: NotThere."""

    async def smtp_accounts(self, customer_name: str | None = None) -> Sequence[SmtpAccount]:
        """List them by login."""

    async def add_sending_domain(self, domain: SendingDomain, *, now: datetime) -> None:
        """Let a customer send as a domain, with its keys sealed.

        Raises:
            AlreadyThere: it belongs to somebody already.
            NotThere: there is no such customer.
        """

    async def remove_sending_domain(self, domain: str) -> None:
        """Forget a domain and its keys. Raises: NotThere."""

    async def sending_domains(self, customer_id: int | None = None) -> Sequence[SendingDomain]:
        """List them by name, with their keys."""


class Housekeeping(Protocol):
    """What keeps the store small."""

    async def prune(self, before: datetime, limit: int) -> int:
        """Delete messages accepted before this instant whose recipients are all final; at most `limit`."""

    async def sweep_bodies(self, before: datetime) -> int:
        """Delete body files older than this instant that no message names (36 h, acceptance §1.5)."""
