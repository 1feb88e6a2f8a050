"""What both databases promise about the audit log: added and read, and a touched row is found (W-26)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.contracts.test_members_contract import NOW, alice

from sztafeta.service.ports import AuditEntry, AuditQuery, NotThere
from sztafeta.store.open import Store
from sztafeta.store.schema import audit_entry
from sztafeta.store.statements import Steps
from sztafeta.store.units import Other

EVERYTHING = AuditQuery()


def entry(customer_id: int, action: str = "domain.added", **settings: object) -> AuditEntry:
    made = AuditEntry(
        customer_id=customer_id,
        at=NOW,
        member_id=1,
        who="Alice Ćma <alice@example.com>",
        action=action,
        subject="example.com",
        address="192.0.2.1",
        details={"before": {"tls": False}, "after": {"tls": True}},
    )
    return replace(made, **settings)  # type: ignore[arg-type]


async def noted(store: Store, count: int = 3) -> int:
    """Note some entries of a customer; give its number."""
    owner = await alice(store)
    for place in range(count):
        await store.audit.add_audit_entry(entry(owner.customer_id, subject=f"s{place}"))
    return owner.customer_id


async def test_an_entry_is_read_as_it_was_added(real_store: Store) -> None:
    owner = await alice(real_store)
    added = await real_store.audit.add_audit_entry(entry(owner.customer_id))
    assert added.number == 1
    assert await real_store.audit.audit_entries(owner.customer_id, EVERYTHING, limit=9) == [added]


async def test_entries_are_listed_newest_first_and_paged(real_store: Store) -> None:
    customer_id = await noted(real_store)
    listed = await real_store.audit.audit_entries(customer_id, EVERYTHING, limit=2)
    assert [one.number for one in listed] == [3, 2]
    rest = await real_store.audit.audit_entries(customer_id, EVERYTHING, limit=2, before=2)
    assert [one.number for one in rest] == [1]


async def test_entries_added_at_once_have_a_number_each(real_store: Store) -> None:
    owner = await alice(real_store)
    added = await asyncio.gather(
        *(real_store.audit.add_audit_entry(entry(owner.customer_id)) for _ in range(20))
    )
    assert sorted(one.number for one in added) == list(range(1, 21))
    assert await real_store.audit.broken_audit_entry(owner.customer_id) is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (AuditQuery(action="domain."), ["a"]),
        (AuditQuery(action="login.failed"), ["b"]),
        (AuditQuery(text="KWIATY"), ["b"]),
        (AuditQuery(text="100%"), []),
        (AuditQuery(member_id=7), ["b"]),
        (AuditQuery(since=NOW + timedelta(hours=1)), ["b"]),
        (AuditQuery(until=NOW + timedelta(hours=1)), ["a"]),
    ],
)
async def test_entries_are_found(real_store: Store, query: AuditQuery, found: list[str]) -> None:
    owner = await alice(real_store)
    later = NOW + timedelta(hours=2)
    await real_store.audit.add_audit_entry(entry(owner.customer_id, subject="a"))
    await real_store.audit.add_audit_entry(
        entry(owner.customer_id, "login.failed", subject="b", who="Kwiaty", member_id=7, at=later)
    )
    listed = await real_store.audit.audit_entries(owner.customer_id, query, limit=9)
    assert [one.subject for one in listed] == found


async def test_a_row_that_was_edited_is_named(real_store: Store) -> None:
    customer_id = await noted(real_store)
    await run(
        real_store, sa.update(audit_entry).values(subject="!").where(audit_entry.c.number == 2)
    )
    assert await real_store.audit.broken_audit_entry(customer_id) == 2


@pytest.mark.parametrize("column", ["key_id", "request_id"])
async def test_key_and_request_are_covered_by_the_chain(real_store: Store, column: str) -> None:
    """Written in afterwards, or taken out: both are seen; an older row without them is whole."""
    customer_id = await noted(real_store, 1)
    by_key = entry(customer_id, member_id=None, key_id="0Ab3", request_id="req_1")
    added = await real_store.audit.add_audit_entry(by_key)
    assert await real_store.audit.audit_entries(customer_id, EVERYTHING, limit=1) == [added]
    assert await real_store.audit.broken_audit_entry(customer_id) is None
    for number, value in ((2, ""), (1, "forged")):
        touched = sa.update(audit_entry).values({column: value})
        await run(real_store, touched.where(audit_entry.c.number == number))
        assert await real_store.audit.broken_audit_entry(customer_id) == number


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_row_that_was_deleted_is_named(real_store: Store, number: int) -> None:
    customer_id = await noted(real_store)
    await run(real_store, sa.delete(audit_entry).where(audit_entry.c.number == number))
    assert await real_store.audit.broken_audit_entry(customer_id) == number


async def test_charlie_reads_nothing_of_alice(real_store: Store) -> None:
    """W-01."""
    await noted(real_store)
    charlie = await alice(real_store, "charlie")
    audit = real_store.audit
    assert await audit.audit_entries(charlie.customer_id, EVERYTHING, limit=9) == []
    assert await audit.broken_audit_entry(charlie.customer_id) is None
    with pytest.raises(NotThere):
        await audit.add_audit_entry(entry(999))


async def run(store: Store, statement: sa.Executable) -> None:
    """Touch a row behind the store's back."""

    def steps() -> Steps[None]:
        yield store.database.dialect.once(statement)

    await store.database.write(Other(steps))
