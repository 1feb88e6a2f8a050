"""The way out: routes, connections, and how a mail transaction went."""

from __future__ import annotations

from typing import Protocol

from sztafeta.delivery.egress import EgressSource
from sztafeta.delivery.route import Route
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.delivery.verdict import Answer, Failure
from sztafeta.mail.envelope import Envelope
from sztafeta.service.ports.content import Content
from sztafeta.service.ports.queues import QueueKey
from sztafeta.value import value


@value(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What one outbound mail transaction carries."""

    envelope: Envelope
    """With the forward-paths of this transaction, all of one site."""
    header_prefix: bytes
    """Fields written before the content: DKIM-Signature lines, each ending in CRLF."""
    content: Content
    attempts: tuple[int, ...] = ()
    """The number of the attempt, from 1, one a forward-path: what test mode plays by."""


@value(frozen=True, slots=True, kw_only=True)
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
    steps: str = ""
    """How long each step took (`delivery/steps`); opening the connection counts to its first parcel."""


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


@value(frozen=True, slots=True, kw_only=True)
class DialFailure:
    """No hop could be brought to take mail."""

    answer: Answer
    """The decisive one: what all hops said, or the last."""
    hop: str
    transcript: str
    tried: int
    """How many addresses were dialled."""
    steps: str = ""
    """How long the steps towards the decisive one took (`delivery/steps`)."""


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


class QueueRouter(Protocol):
    """Finds where a ready queue's mail goes: by its pool first, then by its domain."""

    async def route_for(self, key: QueueKey) -> Route | Failure:
        """Give the route, cached for its lifetime; never raises for what DNS says."""
