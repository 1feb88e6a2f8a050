"""W-26: the audit log says who, whom, what, before and after, and never a secret."""

from __future__ import annotations

import pytest
from tests.doubles.manual_clock import ManualClock

from sztafeta.account.member import Member
from sztafeta.service.people.audit import HIDDEN, AuditLog
from sztafeta.service.ports import AuditQuery
from sztafeta.store.open import Store


@pytest.fixture
def audit(store: Store, clock: ManualClock) -> AuditLog:
    return AuditLog(store=store.audit, clock=clock)


async def test_what_differs_is_kept_with_who_when_and_from_where(
    audit: AuditLog, clock: ManualClock, alice: Member
) -> None:
    await audit.note(
        alice,
        "smtp-account.changed",
        "1.alice.smtp",
        address="192.0.2.1",
        before={"tls": False, "name": "shop"},
        after={"tls": True, "name": "shop"},
    )
    (entry,) = await audit.entries(alice.customer_id, AuditQuery(), limit=9)
    assert (entry.who, entry.at) == ("Alice <alice@example.com>", clock.now())
    assert (entry.action, entry.subject) == ("smtp-account.changed", "1.alice.smtp")
    assert entry.details == {"before": {"tls": False}, "after": {"tls": True}}
    assert not entry.by_customer_service
    assert await audit.first_broken(alice.customer_id) is None


async def test_secrets_are_never_written_down(audit: AuditLog, alice: Member) -> None:
    after = {"password": "hunter2hunter2", "api_secret": "hunter2hunter2", "text": "x" * 600}
    await audit.note(alice, "key.made", "shop", address="192.0.2.1", after=after)
    (entry,) = await audit.entries(alice.customer_id, AuditQuery(), limit=9)
    assert "hunter2" not in repr(entry)
    assert entry.details["after"]["password"] == HIDDEN
    assert len(entry.details["after"]["text"]) == 500


async def test_customer_service_is_told_apart(audit: AuditLog, alice: Member) -> None:
    await audit.note(alice, "key.made", address="192.0.2.1", by_customer_service=True)
    await audit.note_of_nobody(alice.customer_id, "login.failed", "alice", address="192.0.2.9")
    failed, made = await audit.entries(alice.customer_id, AuditQuery(), limit=9)
    assert made.by_customer_service
    assert failed.member_id is None
