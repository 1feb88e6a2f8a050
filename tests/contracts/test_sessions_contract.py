"""What both databases promise about sessions: found by the hash alone, ended at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from tests.contracts.test_members_contract import NOW, alice, bob

from sztafeta.account.member import Member
from sztafeta.service.ports import NotThere, Session
from sztafeta.store.open import Store


async def session_of(
    store: Store, member: Member, token: bytes, *, later: timedelta = timedelta()
) -> Session:
    """Keep a session under the hash of a token."""
    wish = Session(
        session_id=0,
        member_id=member.member_id,
        created_at=NOW + later,
        last_seen_at=NOW + later,
        address="192.0.2.1",
        user_agent="Mozilla/5.0 ćma\0",
    )
    return await store.sessions.create_session(wish, token)


async def test_a_session_is_found_with_its_member_and_allow_list(real_store: Store) -> None:
    owner = await alice(real_store)
    kept = await session_of(real_store, owner, b"1" * 32)
    await real_store.members.set_panel_networks(owner.customer_id, (ip_network("192.0.2.0/24"),))
    found = await real_store.sessions.open_session(b"1" * 32)
    assert found is not None
    assert found.session == replace(kept, user_agent="Mozilla/5.0 ćma\ufffd")
    assert found.member == owner
    assert found.panel_networks == (ip_network("192.0.2.0/24"),)
    assert await real_store.sessions.open_session(b"2" * 32) is None


async def test_a_renewed_session_is_dead_under_its_old_token(real_store: Store) -> None:
    """W-05."""
    kept = await session_of(real_store, await alice(real_store), b"1" * 32)
    await real_store.sessions.renew_session(kept.session_id, b"2" * 32)
    assert await real_store.sessions.open_session(b"1" * 32) is None
    assert await real_store.sessions.open_session(b"2" * 32) is not None
    with pytest.raises(NotThere):
        await real_store.sessions.renew_session(kept.session_id + 1, b"3" * 32)


async def test_the_last_use_is_noted_and_never_set_back(real_store: Store) -> None:
    kept = await session_of(real_store, await alice(real_store), b"1" * 32)
    later = NOW + timedelta(minutes=5)
    await real_store.sessions.touch_session(kept.session_id, address="192.0.2.9", now=later)
    await real_store.sessions.touch_session(kept.session_id, address="192.0.2.8", now=NOW)
    (seen,) = await real_store.sessions.sessions(kept.member_id)
    assert (seen.last_seen_at, seen.address) == (later, "192.0.2.9")


async def test_a_notice_waits_for_the_next_page(real_store: Store) -> None:
    kept = await session_of(real_store, await alice(real_store), b"1" * 32)
    await real_store.sessions.leave_notice(kept.session_id, "Dodano klucz")
    found = await real_store.sessions.open_session(b"1" * 32)
    assert found is not None
    assert found.session.notice == "Dodano klucz"


async def test_sessions_are_listed_the_one_seen_last_first(real_store: Store) -> None:
    owner = await alice(real_store)
    first = await session_of(real_store, owner, b"1" * 32)
    second = await session_of(real_store, owner, b"2" * 32, later=timedelta(hours=1))
    listed = await real_store.sessions.sessions(owner.member_id)
    assert [one.session_id for one in listed] == [second.session_id, first.session_id]


async def test_one_session_ends_if_it_is_the_members(real_store: Store) -> None:
    owner = await alice(real_store)
    member = await bob(real_store, owner)
    kept = await session_of(real_store, owner, b"1" * 32)
    end = real_store.sessions.end_session
    assert not await end(kept.session_id, member_id=member.member_id)
    assert await end(kept.session_id, member_id=owner.member_id)
    assert await real_store.sessions.open_session(b"1" * 32) is None


async def test_all_but_one_end_and_nobody_elses(real_store: Store) -> None:
    owner = await alice(real_store)
    member = await bob(real_store, owner)
    kept = await session_of(real_store, owner, b"1" * 32)
    await session_of(real_store, owner, b"2" * 32)
    await session_of(real_store, member, b"3" * 32)
    assert await real_store.sessions.end_sessions(owner.member_id, but=kept.session_id) == 1
    assert await real_store.sessions.open_session(b"1" * 32) is not None
    assert await real_store.sessions.open_session(b"3" * 32) is not None
    assert await real_store.sessions.end_sessions(owner.member_id) == 1


async def test_a_deleted_members_sessions_are_gone(real_store: Store) -> None:
    member = await bob(real_store, await alice(real_store))
    await session_of(real_store, member, b"1" * 32)
    await real_store.members.delete_member(member.customer_id, member.member_id)
    assert await real_store.sessions.sessions(member.member_id) == []


async def test_what_has_run_out_is_forgotten(real_store: Store) -> None:
    owner = await alice(real_store)
    await session_of(real_store, owner, b"1" * 32)
    await session_of(real_store, owner, b"2" * 32, later=timedelta(hours=2))
    forgotten = await real_store.sessions.forget_sessions(
        created_before=NOW - timedelta(days=7), seen_before=NOW + timedelta(hours=1)
    )
    assert forgotten == 1
    assert len(await real_store.sessions.sessions(owner.member_id)) == 1
