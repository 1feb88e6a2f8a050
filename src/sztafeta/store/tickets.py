"""Tickets: found by the hash of a token, taken once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from sztafeta.service.ports import Ticket, TicketKind
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, from_json, to_datetime, to_millis
from sztafeta.store.schema import ticket
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

_IS_GOOD: Final = sa.and_(
    ticket.c.token_sha256 == number("token_sha256", sa.LargeBinary),
    ticket.c.kind == number("kind", sa.Text),
    ticket.c.expires_at > number("now"),
)
_BY_TOKEN: Final = sa.select(ticket).where(_IS_GOOD)
_TAKE: Final = sa.delete(ticket).where(_IS_GOOD).returning(ticket)
_OF_CUSTOMER: Final = (
    sa.select(ticket)
    .where(
        ticket.c.customer_id == number("customer_id"),
        ticket.c.kind == number("kind", sa.Text),
        ticket.c.expires_at > number("now"),
    )
    .order_by(ticket.c.created_at.desc(), ticket.c.token_sha256)
)
_COUNT_TRY: Final = (
    sa.update(ticket)
    .values(tries=ticket.c.tries + 1)
    .where(ticket.c.token_sha256 == number("tried_sha256", sa.LargeBinary))
    .returning(ticket.c.tries)
)


class Tickets:
    """Implements `TicketStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep_ticket(self, new: Ticket) -> None:
        """Keep a new ticket."""
        values = {
            "token_sha256": new.token_sha256,
            "kind": new.kind.value,
            "customer_id": new.customer_id,
            "member_id": new.member_id,
            "details": clean(json.dumps(dict(new.details))),
            "tries": new.tries,
            "created_at": to_millis(new.created_at),
            "expires_at": to_millis(new.expires_at),
        }
        await self._written(sa.insert(ticket).values(values))

    async def ticket(
        self, token_sha256: bytes, kind: TicketKind, *, now: datetime
    ) -> Ticket | None:
        """Find a ticket that has not run out."""
        found = await self._rows(_BY_TOKEN, token_sha256=token_sha256, kind=kind.value, now=now)
        return _ticket(found[0]) if found else None

    async def take_ticket(
        self, token_sha256: bytes, kind: TicketKind, *, now: datetime
    ) -> Ticket | None:
        """Find a ticket and forget it: whoever is first has it alone."""

        def steps() -> Steps[Rows]:
            return (
                yield self._database.dialect.query(
                    _TAKE, token_sha256=token_sha256, kind=kind.value, now=to_millis(now)
                )
            )

        found: Rows = await self._database.write(Other(steps))
        return _ticket(found[0]) if found else None

    async def count_try(self, token_sha256: bytes) -> int:
        """Count a try with a ticket; give the number of tries so far, 0 when it is gone."""

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(_COUNT_TRY, tried_sha256=token_sha256))

        found: Rows = await self._database.write(Other(steps))
        return found[0][0] if found else 0

    async def tickets(
        self, customer_id: int, kind: TicketKind, *, now: datetime
    ) -> Sequence[Ticket]:
        """List a customer's tickets that have not run out, the newest first."""
        found = await self._rows(_OF_CUSTOMER, customer_id=customer_id, kind=kind.value, now=now)
        return [_ticket(row) for row in found]

    async def drop_tickets(self, kind: TicketKind, *, member_id: int) -> None:
        """Forget a member's tickets of a kind."""
        await self._written(
            sa.delete(ticket).where(ticket.c.kind == kind.value, ticket.c.member_id == member_id)
        )

    async def drop_ticket(self, token_sha256: bytes, *, customer_id: int) -> bool:
        """Forget a customer's ticket; say whether there was one."""
        one = sa.and_(ticket.c.token_sha256 == token_sha256, ticket.c.customer_id == customer_id)
        return bool(await self._written(sa.delete(ticket).where(one)))

    async def forget_tickets(self, *, now: datetime) -> int:
        """Forget what has run out."""
        return await self._written(sa.delete(ticket).where(ticket.c.expires_at <= to_millis(now)))

    async def _rows(self, statement: sa.Executable, *, now: datetime, **values: object) -> Rows:
        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.query(statement, now=to_millis(now), **values))

        return await self._database.read(steps)

    async def _written(self, statement: sa.Executable) -> int:
        def steps() -> Steps[int]:
            changed = yield replace(self._database.dialect.once(statement), counts=True)
            count: int = changed[0][0]
            return count

        count: int = await self._database.write(Other(steps))
        return count


def _ticket(row: Row) -> Ticket:
    token_sha256, kind, customer_id, member_id, details, tries, created_at, expires_at = row
    return Ticket(
        token_sha256=bytes(token_sha256),
        kind=TicketKind(kind),
        customer_id=customer_id,
        member_id=member_id,
        details=from_json(details),
        tries=tries,
        created_at=to_datetime(created_at),
        expires_at=to_datetime(expires_at),
    )
