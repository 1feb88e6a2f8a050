"""RECORDS shown to somebody who cannot log in: the person who looks after the customer's DNS.

The link is a ticket of 256 random bits; it shows the records of one domain and nothing else, for two weeks
or until it is ended.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Final

from sztafeta.service.domain_records import DomainRecords, DomainReport
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import Clock, Ticket, TicketKind, TicketStore

OPEN_FOR: Final = timedelta(days=14)
MOST_LINKS: Final = 20
"""Open links of one customer."""


class SharedRecords:
    """Opens, follows and ends links to a domain's records."""

    def __init__(self, *, tickets: TicketStore, records: DomainRecords, clock: Clock) -> None:
        self._tickets = tickets
        self._records = records
        self._clock = clock

    async def share(self, customer_id: int, text: str) -> str | Refusal:
        """Give the secret part of a new link, which is known to its reader alone from now on."""
        report = await self._records.kept(customer_id, text)
        if isinstance(report, Refusal):
            return report
        now, token = self._clock.now(), secrets.token_urlsafe(32)
        for old in (await self._links(customer_id))[MOST_LINKS - 1 :]:
            await self._tickets.drop_ticket(old.token_sha256, customer_id=customer_id)
        ticket = Ticket(
            token_sha256=_digest(token),
            kind=TicketKind.RECORDS,
            customer_id=customer_id,
            details={"domain": report.domain.domain},
            created_at=now,
            expires_at=now + OPEN_FOR,
        )
        await self._tickets.keep_ticket(ticket)
        return token

    async def find(self, token: str) -> DomainReport | None:
        """Follow a link."""
        ticket = await self._tickets.ticket(
            _digest(token), TicketKind.RECORDS, now=self._clock.now()
        )
        if ticket is None or ticket.customer_id is None:
            return None
        report = await self._records.kept(ticket.customer_id, str(ticket.details["domain"]))
        return None if isinstance(report, Refusal) else report

    async def count(self, customer_id: int, domain: str) -> int:
        """Count the open links to a domain's records."""
        return sum(one.details["domain"] == domain for one in await self._links(customer_id))

    async def end(self, customer_id: int, domain: str) -> int:
        """End all links to a domain's records; give their number."""
        ended = 0
        for link in await self._links(customer_id):
            if link.details["domain"] == domain:
                ended += await self._tickets.drop_ticket(link.token_sha256, customer_id=customer_id)
        return ended

    async def _links(self, customer_id: int) -> list[Ticket]:
        now = self._clock.now()
        return list(await self._tickets.tickets(customer_id, TicketKind.RECORDS, now=now))


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
