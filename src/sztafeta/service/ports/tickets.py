"""Tickets: what a link in a letter, or a half-finished login, stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol


class TicketKind(Enum):
    """What a ticket is for."""

    SIGN_UP = "sign-up"
    INVITATION = "invitation"
    RESET = "reset"
    EMAIL = "email"
    """A new e-mail address of a member, to be confirmed."""
    SECOND_STEP = "second-step"
    PASSKEY = "passkey"
    """A challenge that a passkey is to sign."""
    RECORDS = "records"
    """A domain's records, for whoever has the link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Found by the hash of its token, and gone when it was used."""

    token_sha256: bytes
    kind: TicketKind
    customer_id: int | None = None
    member_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    tries: int = 0
    created_at: datetime
    expires_at: datetime


class TicketStore(Protocol):
    """The tokens themselves are nowhere; only their SHA-256 is kept."""

    async def keep_ticket(self, ticket: Ticket) -> None:
        """Keep a new ticket."""

    async def ticket(
        self, token_sha256: bytes, kind: TicketKind, *, now: datetime
    ) -> Ticket | None:
        """Find a ticket that has not run out."""

    async def take_ticket(
        self, token_sha256: bytes, kind: TicketKind, *, now: datetime
    ) -> Ticket | None:
        """Find a ticket and forget it: whoever is first has it alone."""

    async def count_try(self, token_sha256: bytes) -> int:
        """Count a try with a ticket; give the number of tries so far, 0 when it is gone."""

    async def tickets(
        self, customer_id: int, kind: TicketKind, *, now: datetime
    ) -> Sequence[Ticket]:
        """List a customer's tickets that have not run out, the newest first."""

    async def drop_tickets(self, kind: TicketKind, *, member_id: int) -> None:
        """Forget a member's tickets of a kind."""

    async def drop_ticket(self, token_sha256: bytes, *, customer_id: int) -> bool:
        """Forget a customer's ticket; say whether there was one."""

    async def forget_tickets(self, *, now: datetime) -> int:
        """Forget what has run out."""
