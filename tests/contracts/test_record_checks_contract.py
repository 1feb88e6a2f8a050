"""What both databases promise about the looks at a domain's records."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from tests.doubles.postgres import PostgreSQL

from sztafeta.account.dns_records import Purpose
from sztafeta.account.domain_watch import KeptCheck
from sztafeta.account.record_check import CheckState, Mistake
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.service.ports import KeptLook, Zone
from sztafeta.store.open import Store, open_store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=12)
LOOK = KeptLook(
    zone=Zone(apex="shop.example", servers=("ns1.host.example", "ns2.host.example")),
    looked_at=NOW,
    checks=(
        KeptCheck(
            purpose=Purpose.DKIM,
            name="r1._domainkey.shop.example",
            state=CheckState.GONE,
            right_at=NOW - timedelta(days=1),
            wrong_since=NOW,
        ),
        KeptCheck(
            purpose=Purpose.SPF,
            name="shop.example",
            state=CheckState.DIFFERENT,
            mistake=Mistake.TWO_SPF,
            found=("v=spf1 a", '"><svg/onload=alert(1)>\0zażółć'),
            ttl=300,
        ),
    ),
)


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    url = None
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.new_database()
    opened = await open_store(url, tmp_path / "data", i_know=True)
    for name in ("Alice", "Charlie"):
        await opened.accounts.create_customer(name, now=NOW)
    await opened.accounts.add_sending_domain(claim("shop.example"), now=NOW)
    yield opened
    await opened.close()


def claim(domain: str, customer_id: int = 1) -> SendingDomain:
    return SendingDomain(
        domain=domain, customer_id=customer_id, is_verified=False, needs_proof=True
    )


async def test_a_look_is_kept_as_it_was_seen(store: Store) -> None:
    assert await store.record_checks.kept_look(1, "shop.example") == KeptLook()
    await store.record_checks.keep_look(1, "shop.example", LOOK, next_look=LATER)
    kept = await store.record_checks.kept_look(1, "shop.example")
    assert (kept.zone, kept.looked_at) == (LOOK.zone, NOW)
    assert set(kept.checks) == set(LOOK.checks)
    assert await store.record_checks.kept_looks(1) == {"shop.example": kept}


async def test_a_new_look_takes_the_place_of_the_one_before(store: Store) -> None:
    await store.record_checks.keep_look(1, "shop.example", LOOK, next_look=LATER)
    other = KeptLook(looked_at=LATER, checks=LOOK.checks[:1])
    await store.record_checks.keep_look(1, "shop.example", other, next_look=LATER)
    assert await store.record_checks.kept_look(1, "shop.example") == other


async def test_another_customer_sees_nothing_and_changes_nothing(store: Store) -> None:
    """W-01."""
    await store.record_checks.keep_look(3, "shop.example", LOOK, next_look=LATER)
    await store.record_checks.keep_look(1, "shop.example", LOOK, next_look=LATER)
    assert await store.record_checks.kept_look(2, "shop.example") == KeptLook()
    assert await store.record_checks.kept_looks(2) == {}


async def test_a_domain_that_is_due_is_taken_once(store: Store) -> None:
    """Two nodes ask; one gets it, and until its time is over nobody else does."""
    until = NOW + timedelta(minutes=5)
    taken = await store.record_checks.take_due(NOW, until=until, limit=10)
    assert list(taken) == [(1, "shop.example")]
    assert not await store.record_checks.take_due(NOW, until=until, limit=10)
    assert await store.record_checks.take_due(until, until=until, limit=10)
    await store.record_checks.keep_look(1, "shop.example", LOOK, next_look=LATER)
    assert not await store.record_checks.take_due(until, until=until, limit=10)


async def test_whoever_gets_the_name_next_inherits_nothing(store: Store) -> None:
    """S-48: a domain that is released is proved anew."""
    await store.record_checks.keep_look(1, "shop.example", LOOK, next_look=LATER)
    await store.accounts.add_sending_domain(claim("shop.example", customer_id=2), now=NOW)
    assert await store.record_checks.kept_look(2, "shop.example") == KeptLook()
    await store.record_checks.keep_look(2, "shop.example", LOOK, next_look=LATER)
    await store.accounts.remove_sending_domain("shop.example")
    await store.accounts.add_sending_domain(claim("shop.example", customer_id=2), now=NOW)
    assert await store.record_checks.kept_look(2, "shop.example") == KeptLook()


async def test_a_proof_is_taken_back_and_given_again(store: Store) -> None:
    (domain,) = await store.accounts.sending_domains(1)
    assert (domain.needs_proof, domain.created_at) == (True, NOW)
    for is_verified in (True, False, True):
        changed = SendingDomain(
            domain=domain.domain, customer_id=1, is_verified=is_verified, needs_proof=True
        )
        await store.accounts.change_sending_domain(changed, now=NOW)
        (found,) = await store.accounts.sending_domains(1)
        assert found.is_verified is is_verified
