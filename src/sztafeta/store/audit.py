"""The audit log: each row's hash covers the row before, and the customer's row counts them.

A row that is edited breaks its own hash, one that is deleted breaks the next, and the last one is missed by
the count. Whoever can rewrite the whole chain and the count is not caught; ship the log elsewhere for that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.service.ports import AuditEntry, AuditQuery, NotThere
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, from_json, to_datetime, to_millis
from sztafeta.store.schema import audit_entry, customer
from sztafeta.store.statements import Row, Rows, Steps, number
from sztafeta.store.units import Other

FIRST: Final = bytes(32)
"""What the first row's hash covers instead of a row before."""
LATER_COLUMNS: Final = ("key_id", "request_id")
"""Not there when the first chains were made."""
PAGE: Final = 1000
_HASH: Final = sa.select(audit_entry.c.sha256).where(
    audit_entry.c.customer_id == number("customer_id"), audit_entry.c.number == number("number")
)
_COLUMNS: Final = (
    *(column for column in audit_entry.c if column is not audit_entry.c.sha256),
    audit_entry.c.sha256,
)
"""As `_entry` reads them: the hash behind what it covers."""
_CHAIN: Final = (
    sa.select(*_COLUMNS)
    .where(
        audit_entry.c.customer_id == number("customer_id"), audit_entry.c.number > number("after")
    )
    .order_by(audit_entry.c.number)
    .limit(number("limit"))
)
_COUNT: Final = sa.select(customer.c.audited).where(customer.c.customer_id == number("customer_id"))


class Audit:
    """Implements `AuditStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_audit_entry(self, entry: AuditEntry) -> AuditEntry:
        """Add the next link of the customer's chain. Raises: NotThere."""
        added: AuditEntry = await self._database.write(Other(lambda: self._add(entry)))
        return added

    def _add(self, entry: AuditEntry) -> Steps[AuditEntry]:
        """Take the next number, which has others wait, and close the link to the row before."""
        dialect = self._database.dialect
        counted = yield dialect.once(
            sa.update(customer)
            .values(audited=customer.c.audited + 1)
            .where(customer.c.customer_id == entry.customer_id)
            .returning(customer.c.audited)
        )
        if not counted:
            raise NotThere(f"there is no customer number {entry.customer_id}")
        numbered = replace(entry, number=counted[0][0])
        before = yield dialect.query(
            _HASH, customer_id=entry.customer_id, number=numbered.number - 1
        )
        values = _values(numbered)
        link = _link(bytes(before[0][0]) if before else FIRST, values)
        yield dialect.once(sa.insert(audit_entry).values(values | {"sha256": link}))
        return numbered

    async def audit_entries(
        self, customer_id: int, query: AuditQuery, *, limit: int, before: int | None = None
    ) -> Sequence[AuditEntry]:
        """List them, the newest first, below a number."""
        wanted = sa.select(*_COLUMNS).where(audit_entry.c.customer_id == customer_id)
        wanted = wanted.where(*_narrowed(query))
        if before is not None:
            wanted = wanted.where(audit_entry.c.number < before)
        wanted = wanted.order_by(audit_entry.c.number.desc()).limit(limit)

        def steps() -> Steps[Rows]:
            return (yield self._database.dialect.once(wanted))

        return [_entry(row) for row in await self._database.read(steps)]

    async def broken_audit_entry(self, customer_id: int) -> int | None:
        """Walk the chain; give the number of the first entry that was changed or is gone."""
        mark, link = 0, FIRST
        while True:
            page, counted = await self._database.read(partial(self._page, customer_id, mark))
            for row in page:
                *columns, kept = row
                link = _link(link, _values(_entry(row)))
                if columns[1] != mark + 1 or link != bytes(kept):
                    return mark + 1
                mark += 1
            if len(page) < PAGE:
                return None if mark == counted else mark + 1

    def _page(self, customer_id: int, mark: int) -> Steps[tuple[Rows, int]]:
        dialect = self._database.dialect
        page = yield dialect.query(_CHAIN, customer_id=customer_id, after=mark, limit=PAGE)
        counted = yield dialect.query(_COUNT, customer_id=customer_id)
        return page, counted[0][0] if counted else 0


def _narrowed(query: AuditQuery) -> list[sa.ColumnElement[bool]]:
    column = audit_entry.c
    narrowed: list[sa.ColumnElement[bool]] = []
    if query.since is not None:
        narrowed.append(column.at >= to_millis(query.since))
    if query.until is not None:
        narrowed.append(column.at < to_millis(query.until))
    if query.member_id is not None:
        narrowed.append(column.member_id == query.member_id)
    if query.action:
        action = clean(query.action)
        is_area = action.endswith(".")
        narrowed.append(
            column.action.startswith(action, autoescape=True)
            if is_area
            else column.action == action
        )
    if query.text:
        text = clean(query.text).lower()
        anywhere = (column.who, column.subject, column.address, column.request_id)
        narrowed.append(
            sa.or_(*(sa.func.lower(one).contains(text, autoescape=True) for one in anywhere))
        )
    return narrowed


def _link(before: bytes, values: dict[str, Any]) -> bytes:
    """Hash a row together with the hash of the one before.

    Columns that came later are covered where they hold something, so that older rows keep their hashes.
    """
    covered = {
        name: value for name, value in values.items() if value != "" or name not in LATER_COLUMNS
    }
    written = json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()
    return sha256(before + written).digest()


def _values(entry: AuditEntry) -> dict[str, Any]:
    return {
        "customer_id": entry.customer_id,
        "number": entry.number,
        "at": to_millis(entry.at),
        "member_id": entry.member_id,
        "who": clean(entry.who),
        "action": clean(entry.action),
        "subject": clean(entry.subject),
        "address": clean(entry.address),
        "by_customer_service": int(entry.by_customer_service),
        "details": json.dumps(entry.details, sort_keys=True, default=str),
        "key_id": clean(entry.key_id),
        "request_id": clean(entry.request_id),
    }


def _entry(row: Row) -> AuditEntry:
    customer_id, number, at, member_id, who, action, subject, address, *rest = row
    by_customer_service, details, key_id, request_id, _ = rest
    return AuditEntry(
        customer_id=customer_id,
        number=number,
        at=to_datetime(at),
        member_id=member_id,
        who=who,
        action=action,
        subject=subject,
        address=address,
        by_customer_service=bool(by_customer_service),
        key_id=key_id,
        request_id=request_id,
        details=from_json(details),
    )
