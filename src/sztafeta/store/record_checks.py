"""What was found in the place of sending domains' records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.account.dns_records import Purpose
from sztafeta.account.domain_watch import KeptCheck
from sztafeta.account.record_check import CheckState, Mistake
from sztafeta.service.ports import KeptLook, Zone
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis, words
from sztafeta.store.schema import record_check, sending_domain
from sztafeta.store.statements import Row, Rows, Steps, inserting, number
from sztafeta.store.units import Other

_INSERT: Final = inserting(record_check)
_OF_CUSTOMER: Final = sending_domain.c.customer_id == number("customer_id")
_IS_DOMAIN: Final = sending_domain.c.domain == number("domain", sa.Text)
_LOOKS: Final = sa.select(
    sending_domain.c.domain_id,
    sending_domain.c.domain,
    sending_domain.c.zone,
    sending_domain.c.name_servers,
    sending_domain.c.looked_at,
).where(_OF_CUSTOMER)
_LOOK: Final = _LOOKS.where(_IS_DOMAIN)
_CHECKS_OF: Final = sa.select(record_check).join_from(
    record_check, sending_domain, record_check.c.domain_id == sending_domain.c.domain_id
)
_ALL_CHECKS: Final = _CHECKS_OF.where(_OF_CUSTOMER)
_CHECKS: Final = _ALL_CHECKS.where(_IS_DOMAIN)
_FORGET: Final = sa.delete(record_check).where(record_check.c.domain_id == number("domain_id"))


class RecordChecks:
    """Implements `RecordCheckStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def kept_look(self, customer_id: int, domain: str) -> KeptLook:
        """Give the last look at a domain."""

        def steps() -> Steps[tuple[Rows, Rows]]:
            named = {"customer_id": customer_id, "domain": domain}
            found = yield self._database.dialect.query(_LOOK, **named)
            checks = yield self._database.dialect.query(_CHECKS, **named)
            return found, checks

        return _by_domain(*await self._database.read(steps)).get(domain, KeptLook())

    async def kept_looks(self, customer_id: int) -> Mapping[str, KeptLook]:
        """Give the last looks at all of a customer's domains, by domain."""

        def steps() -> Steps[tuple[Rows, Rows]]:
            found = yield self._database.dialect.query(_LOOKS, customer_id=customer_id)
            checks = yield self._database.dialect.query(_ALL_CHECKS, customer_id=customer_id)
            return found, checks

        return _by_domain(*await self._database.read(steps))

    async def keep_look(
        self, customer_id: int, domain: str, look: KeptLook, *, next_look: datetime
    ) -> None:
        """Keep a look in the place of the one before; a domain that is gone is left alone."""

        def steps() -> Steps[None]:
            dialect = self._database.dialect
            found = yield dialect.query(_LOOK, customer_id=customer_id, domain=domain)
            for domain_id, *_ in found:
                yield dialect.query(_FORGET, domain_id=domain_id)
                yield dialect.once(_noted(domain_id, look, next_look))
                rows = [_row(domain_id, check) for check in look.checks]
                yield from dialect.many(_INSERT, rows)

        await self._database.write(Other(steps))

    async def take_due(
        self, now: datetime, *, until: datetime, limit: int
    ) -> Sequence[tuple[int, str]]:
        """Take domains to look at, with their customers; no other node takes them before `until`."""
        taking = _taking(to_millis(now), to_millis(until), limit)

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.once(taking))

        rows: Rows = await self._database.write(Other(steps))
        return [(customer_id, domain) for customer_id, domain in rows]


def _taking(now: int, until: int, limit: int) -> sa.Update:
    """The condition stands in the update itself, too: of two nodes one is first."""
    due = (
        sa.select(sending_domain.c.domain_id)
        .where(sending_domain.c.look_at <= now)
        .order_by(sending_domain.c.look_at)
        .limit(limit)
    )
    return (
        sa.update(sending_domain)
        .where(sending_domain.c.domain_id.in_(due), sending_domain.c.look_at <= now)
        .values(look_at=until)
        .returning(sending_domain.c.customer_id, sending_domain.c.domain)
    )


def _noted(domain_id: int, look: KeptLook, next_look: datetime) -> sa.Update:
    return (
        sa.update(sending_domain)
        .where(sending_domain.c.domain_id == domain_id)
        .values(
            zone=look.zone.apex,
            name_servers=json.dumps(look.zone.servers),
            looked_at=None if look.looked_at is None else to_millis(look.looked_at),
            look_at=to_millis(next_look),
        )
    )


def _by_domain(found: Rows, checks: Rows) -> dict[str, KeptLook]:
    looks = {}
    for domain_id, domain, apex, servers, looked_at in found:
        looks[domain] = KeptLook(
            zone=Zone(apex=apex, servers=words(servers)),
            looked_at=None if looked_at is None else to_datetime(looked_at),
            checks=tuple(_check(row) for row in checks if row[0] == domain_id),
        )
    return looks


def _row(domain_id: int, check: KeptCheck) -> tuple[Any, ...]:
    return (
        domain_id,
        check.name,
        check.purpose.value,
        check.state.value,
        "" if check.mistake is None else check.mistake.value,
        clean(json.dumps(check.found)),
        check.ttl,
        None if check.right_at is None else to_millis(check.right_at),
        None if check.wrong_since is None else to_millis(check.wrong_since),
    )


def _check(row: Row) -> KeptCheck:
    _, name, purpose, state, mistake, found, ttl, right_at, wrong_since = row
    return KeptCheck(
        purpose=Purpose(purpose),
        name=name,
        state=CheckState(state),
        mistake=Mistake(mistake) if mistake else None,
        found=tuple(json.loads(found)),
        ttl=ttl,
        right_at=None if right_at is None else to_datetime(right_at),
        wrong_since=None if wrong_since is None else to_datetime(wrong_since),
    )
