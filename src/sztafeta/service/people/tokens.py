"""Tokens of links and half-finished logins: random, in the letter or the browser alone, hashed at rest."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sztafeta.service.ports import Clock, Ticket, TicketKind, TicketStore


def make_token() -> str:
    """Draw 256 bits."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """Give what is kept of a token."""
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


class TicketOffice:
    """Gives out tickets and takes them back."""

    def __init__(self, *, store: TicketStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def give(
        self,
        kind: TicketKind,
        *,
        valid: timedelta,
        customer_id: int | None = None,
        member_id: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> str:
        """Make a ticket and give its token."""
        token, now = make_token(), self._clock.now()
        ticket = Ticket(
            token_sha256=digest_of(token),
            kind=kind,
            customer_id=customer_id,
            member_id=member_id,
            details=details or {},
            created_at=now,
            expires_at=now + valid,
        )
        await self._store.keep_ticket(ticket)
        return token

    async def look(self, token: str, kind: TicketKind) -> Ticket | None:
        """Find a ticket and leave it."""
        return await self._store.ticket(digest_of(token), kind, now=self._clock.now())

    async def take(self, token: str, kind: TicketKind) -> Ticket | None:
        """Take a ticket: whoever is first has it alone."""
        return await self._store.take_ticket(digest_of(token), kind, now=self._clock.now())

    async def count_try(self, token: str) -> int:
        """Count a try; give the number of tries so far."""
        return await self._store.count_try(digest_of(token))
