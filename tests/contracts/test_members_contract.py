"""What both databases promise about members: each customer's own, and never without an administrator."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from sztafeta.account.company import Company
from sztafeta.account.member import Area, Member, Right
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.service.ports import AlreadyThere, LastAdministrator, NotThere
from sztafeta.store.open import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
COMPANY = Company(
    name="Kwiaciarnia Róża sp. z o.o.",
    nip="5261040828",
    street="ul. Różana 1",
    postcode="00-950",
    city="Warszawa",
    sends="potwierdzenia zamówień",
    terms_accepted_at=NOW,
)


async def alice(store: Store, name: str = "alice") -> Member:
    """Register a customer whose first member owns it."""
    wish = Member(
        member_id=0,
        customer_id=0,
        customer_name=name,
        account_name=name,
        email=f"{name}@example.com",
        name="Alice Ćma",
        phone="+48501234567",
        is_administrator=True,
    )
    return await store.members.register(COMPANY, wish, password_hash="$hash", now=NOW)


async def bob(store: Store, owner: Member, **settings: object) -> Member:
    """Add a member who may read messages."""
    wish = Member(
        member_id=0,
        customer_id=owner.customer_id,
        customer_name="",
        email="bob@example.com",
        name="Bob",
        rights={Area.MESSAGES: Right.READ},
        smtp_accounts=frozenset({7, 11}),
    )
    wish = replace(wish, **settings)  # type: ignore[arg-type]
    return await store.members.create_member(wish, password_hash="", now=NOW)


async def test_a_firm_is_registered_with_its_first_member(real_store: Store) -> None:
    owner = await alice(real_store)
    assert await real_store.members.member(owner.member_id) == owner
    assert owner.is_administrator
    assert owner.created_at == NOW
    assert await real_store.members.company(owner.customer_id) == COMPANY


async def test_a_member_knows_since_when_the_customer_has_a_verified_domain(
    real_store: Store,
) -> None:
    """W-17: the earliest of its own; one that is unverified does not count."""
    owner, stranger = await alice(real_store), await alice(real_store, "other")
    add, find = real_store.accounts.add_sending_domain, real_store.members.member
    for days, name in ((3, "third"), (1, "first"), (2, "second")):
        domain = SendingDomain(
            domain=f"{name}.example", customer_id=owner.customer_id, is_verified=name != "first"
        )
        await add(domain, now=NOW + timedelta(days=days))
    known, other = await find(owner.member_id), await find(stranger.member_id)
    assert known is not None
    assert other is not None
    assert known.verified_domain_since == NOW + timedelta(days=2)
    assert other.verified_domain_since is None


async def test_a_name_that_is_taken_leaves_no_half_customer(real_store: Store) -> None:
    owner = await alice(real_store)
    wish = replace(owner, customer_name="other", account_name="other")
    with pytest.raises(AlreadyThere):
        await real_store.members.register(COMPANY, wish, password_hash="", now=NOW)
    assert [one.name for one in await real_store.accounts.customers()] == ["alice"]


async def test_a_member_is_found_by_account_name_or_address_in_any_case(real_store: Store) -> None:
    owner = await alice(real_store)
    for login in ("alice", "ALICE", " Alice@Example.com "):
        found = await real_store.members.credentials(login)
        assert found is not None
        assert found.member == owner
        assert found.password_hash == "$hash"
    assert await real_store.members.credentials("nobody\0") is None
    assert await real_store.members.credentials("") is None


async def test_rights_and_smtp_accounts_are_kept(real_store: Store) -> None:
    member = await bob(real_store, await alice(real_store))
    found = await real_store.members.member(member.member_id)
    assert found is not None
    assert found.rights == {Area.MESSAGES: Right.READ}
    assert found.smtp_accounts == {7, 11}
    assert found.customer_name == "alice"
    nothing = await bob(
        real_store, found, email="b2@example.com", rights={}, smtp_accounts=frozenset()
    )
    assert nothing.smtp_accounts == frozenset()


async def test_two_members_without_an_account_name_are_no_namesakes(real_store: Store) -> None:
    owner = await alice(real_store)
    await bob(real_store, owner)
    await bob(real_store, owner, email="other@example.com")
    assert len(await real_store.members.members(owner.customer_id)) == 3


async def test_an_address_belongs_to_one_member(real_store: Store) -> None:
    owner = await alice(real_store)
    member = await bob(real_store, owner)
    with pytest.raises(AlreadyThere):
        await bob(real_store, owner, email="BOB@example.com")
    with pytest.raises(AlreadyThere):
        await real_store.members.change_member(replace(member, email="Alice@example.com"))


async def test_what_is_changed_is_in_force(real_store: Store) -> None:
    member = await bob(real_store, await alice(real_store))
    changed = replace(
        member, name="Robert", language="en", rights={Area.DOMAINS: Right.WRITE}, smtp_accounts=None
    )
    await real_store.members.change_member(changed)
    assert await real_store.members.member(member.member_id) == changed


async def test_a_password_is_changed_with_its_time(real_store: Store) -> None:
    owner = await alice(real_store)
    later = NOW.replace(hour=9)
    await real_store.members.set_password(owner.member_id, "$new", must_change=True, now=later)
    found = await real_store.members.credentials("alice")
    assert found is not None
    assert (found.password_hash, found.password_set_at) == ("$new", later)
    assert found.member.must_change_password


async def test_a_suspended_customers_members_are_switched_off(real_store: Store) -> None:
    owner = await alice(real_store)
    await real_store.accounts.enable_customer("alice", enabled=False)
    found = await real_store.members.member(owner.member_id)
    assert found is not None
    assert not found.is_enabled


async def test_the_last_administrator_stays(real_store: Store) -> None:
    """W-03: neither removed, nor switched off, nor stripped of the right."""
    owner = await alice(real_store)
    await bob(real_store, owner)
    with pytest.raises(LastAdministrator):
        await real_store.members.delete_member(owner.customer_id, owner.member_id)
    for change in ({"is_enabled": False}, {"is_administrator": False}):
        with pytest.raises(LastAdministrator):
            await real_store.members.change_member(replace(owner, **change))  # type: ignore[arg-type]


async def test_one_of_two_administrators_may_go(real_store: Store) -> None:
    owner = await alice(real_store)
    await bob(real_store, owner, is_administrator=True)
    await real_store.members.delete_member(owner.customer_id, owner.member_id)
    assert await real_store.members.member(owner.member_id) is None


async def test_charlie_neither_lists_nor_changes_nor_deletes_the_members_of_alice(
    real_store: Store,
) -> None:
    """W-01, W-02."""
    member = await bob(real_store, await alice(real_store))
    charlie = await alice(real_store, "charlie")
    assert await real_store.members.members(charlie.customer_id) == [charlie]
    with pytest.raises(NotThere):
        await real_store.members.change_member(replace(member, customer_id=charlie.customer_id))
    with pytest.raises(NotThere):
        await real_store.members.delete_member(charlie.customer_id, member.member_id)
    assert await real_store.members.member(member.member_id) == member


async def test_the_panels_networks_are_kept(real_store: Store) -> None:
    owner = await alice(real_store)
    assert await real_store.members.panel_networks(owner.customer_id) == ()
    networks = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
    await real_store.members.set_panel_networks(owner.customer_id, networks)
    assert await real_store.members.panel_networks(owner.customer_id) == networks


async def test_a_firm_that_moves_house_is_written_anew(real_store: Store) -> None:
    owner = await alice(real_store)
    moved = replace(COMPANY, street="ul. Fiołkowa 2", city="Łódź")
    await real_store.members.change_company(owner.customer_id, moved)
    assert await real_store.members.company(owner.customer_id) == moved
    with pytest.raises(NotThere):
        await real_store.members.change_company(999, moved)
