"""W-05: sessions live on the server, have random tokens, and end by time, click and change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from tests.doubles.manual_clock import ManualClock

from sztafeta.account.member import Member
from sztafeta.service.people.sessions import Sessions, is_allowed
from sztafeta.store.open import Store

ADDRESS = "192.0.2.1"


@pytest.fixture
def sessions(store: Store, clock: ManualClock) -> Sessions:
    return Sessions(store=store.sessions, clock=clock)


async def opened(sessions: Sessions, member: Member) -> str:
    return await sessions.open(member.member_id, address=ADDRESS, user_agent="Firefox")


async def test_a_token_finds_its_member_as_they_are_now(
    sessions: Sessions, store: Store, alice: Member
) -> None:
    token = await opened(sessions, alice)
    visitor = await sessions.find(token, address=ADDRESS)
    assert visitor is not None
    assert visitor.member == alice
    renamed = replace(alice, name="Alicja")
    await store.members.change_member(renamed)
    visitor = await sessions.find(token, address=ADDRESS)
    assert visitor is not None
    assert visitor.member == renamed


async def test_tokens_are_random_and_long(sessions: Sessions, alice: Member) -> None:
    """W-05: at least 128 random bits."""
    tokens = {await opened(sessions, alice) for _ in range(20)}
    assert len(tokens) == 20
    assert min(map(len, tokens)) >= 43  # 256 bits in base64


async def test_a_token_is_nowhere_in_the_store(
    sessions: Sessions, store: Store, alice: Member
) -> None:
    token = await opened(sessions, alice)
    kept = await sessions.of_member(alice.member_id)
    assert token not in repr(kept)
    assert await sessions.find("guessed", address=ADDRESS) is None
    assert await sessions.find("\udcff", address=ADDRESS) is None


async def test_an_unused_session_ends_after_twelve_hours(
    sessions: Sessions, clock: ManualClock, alice: Member
) -> None:
    token = await opened(sessions, alice)
    clock.advance(timedelta(hours=11))
    assert await sessions.find(token, address=ADDRESS) is not None
    clock.advance(timedelta(hours=11))
    assert await sessions.find(token, address=ADDRESS) is not None
    clock.advance(timedelta(hours=12))
    assert await sessions.find(token, address=ADDRESS) is None


async def test_a_session_in_use_ends_after_seven_days(
    sessions: Sessions, clock: ManualClock, alice: Member
) -> None:
    token = await opened(sessions, alice)
    for _ in range(15):
        assert await sessions.find(token, address=ADDRESS) is not None
        clock.advance(timedelta(hours=11))
    clock.advance(timedelta(hours=3))
    assert await sessions.find(token, address=ADDRESS) is None
    assert await sessions.of_member(alice.member_id) == []
    assert await sessions.forget_old() == 1


async def test_a_member_who_is_switched_off_is_out_at_once(
    sessions: Sessions, store: Store, bob: Member
) -> None:
    token = await opened(sessions, bob)
    await store.members.change_member(replace(bob, is_enabled=False))
    assert await sessions.find(token, address=ADDRESS) is None


async def test_a_suspended_customer_is_out_at_once(
    sessions: Sessions, store: Store, alice: Member
) -> None:
    token = await opened(sessions, alice)
    await store.accounts.enable_customer("alice", enabled=False)
    assert await sessions.find(token, address=ADDRESS) is None


async def test_the_panels_allow_list_is_asked_on_every_page(
    sessions: Sessions, store: Store, alice: Member
) -> None:
    token = await opened(sessions, alice)
    await store.members.set_panel_networks(alice.customer_id, (ip_network("192.0.2.0/24"),))
    assert await sessions.find(token, address=ADDRESS) is not None
    assert await sessions.find(token, address="198.51.100.1") is None


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::1", True),
        ("198.51.100.1", False),
        ("testclient", False),
    ],
)
def test_an_address_is_allowed_by_the_networks_it_is_in(address: str, verdict: bool) -> None:
    networks = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
    assert is_allowed(address, networks) is verdict
    assert is_allowed(address, ())


async def test_a_renewed_session_goes_on_under_another_token(
    sessions: Sessions, alice: Member
) -> None:
    """W-05: a new id when rights change."""
    token = await opened(sessions, alice)
    visitor = await sessions.find(token, address=ADDRESS)
    assert visitor is not None
    fresh = await sessions.renew(visitor.session_id)
    assert await sessions.find(token, address=ADDRESS) is None
    again = await sessions.find(fresh, address=ADDRESS)
    assert again == visitor


async def test_all_other_sessions_end(sessions: Sessions, alice: Member) -> None:
    mine, other = await opened(sessions, alice), await opened(sessions, alice)
    visitor = await sessions.find(mine, address=ADDRESS)
    assert visitor is not None
    assert await sessions.end_others(alice.member_id, visitor.session_id) == 1
    assert await sessions.find(other, address=ADDRESS) is None
    assert await sessions.find(mine, address=ADDRESS) is not None
    await sessions.end(visitor.session_id)
    assert await sessions.find(mine, address=ADDRESS) is None


async def test_bob_cannot_end_a_session_of_alice(
    sessions: Sessions, alice: Member, bob: Member
) -> None:
    await opened(sessions, alice)
    (hers,) = await sessions.of_member(alice.member_id)
    assert not await sessions.end_one_of(bob.member_id, hers.session_id)
    assert await sessions.end_one_of(alice.member_id, hers.session_id)


async def test_a_session_says_when_from_where_and_with_what(
    sessions: Sessions, clock: ManualClock, alice: Member
) -> None:
    token = await opened(sessions, alice)
    clock.advance(timedelta(minutes=5))
    await sessions.find(token, address="192.0.2.2")
    (seen,) = await sessions.of_member(alice.member_id)
    assert (seen.address, seen.user_agent) == ("192.0.2.2", "Firefox")
    assert seen.last_seen_at == clock.now()


async def test_a_notice_is_shown_until_it_is_taken_away(sessions: Sessions, alice: Member) -> None:
    token = await opened(sessions, alice)
    visitor = await sessions.find(token, address=ADDRESS)
    assert visitor is not None
    await sessions.leave_notice(visitor.session_id, "Dodano klucz")
    visitor = await sessions.find(token, address=ADDRESS)
    assert visitor is not None
    assert visitor.notice == "Dodano klucz"
