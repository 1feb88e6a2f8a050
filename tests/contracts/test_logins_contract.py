"""What both databases promise about tickets, tallies and second factors: each is used once, for all nodes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.contracts.test_members_contract import NOW, alice, bob

from sztafeta.service.ports import AlreadyThere, LastFactor, NotThere, Passkey, Ticket, TicketKind
from sztafeta.store.open import Store

SECOND = timedelta(seconds=1)


def ticket(token: bytes = b"1" * 32, **settings: object) -> Ticket:
    values = {
        "token_sha256": token,
        "kind": TicketKind.RESET,
        "customer_id": 1,
        "member_id": 5,
        "details": {"email": "zażółć@example.com"},
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=30),
    }
    return Ticket(**(values | settings))  # type: ignore[arg-type]


async def test_a_ticket_is_found_until_it_runs_out(real_store: Store) -> None:
    kept = ticket()
    await real_store.tickets.keep_ticket(kept)
    find = real_store.tickets.ticket
    assert await find(kept.token_sha256, TicketKind.RESET, now=NOW) == kept
    assert await find(kept.token_sha256, TicketKind.INVITATION, now=NOW) is None
    assert await find(b"2" * 32, TicketKind.RESET, now=NOW) is None
    assert await find(kept.token_sha256, TicketKind.RESET, now=kept.expires_at) is None


async def test_a_ticket_is_taken_once(real_store: Store) -> None:
    """W-17: single use, however many come at once."""
    await real_store.tickets.keep_ticket(ticket())
    takes = (real_store.tickets.take_ticket(b"1" * 32, TicketKind.RESET, now=NOW) for _ in range(5))
    taken = [one for one in await asyncio.gather(*takes) if one is not None]
    assert taken == [ticket()]


async def test_tries_with_a_ticket_are_counted(real_store: Store) -> None:
    await real_store.tickets.keep_ticket(ticket())
    counts = [await real_store.tickets.count_try(b"1" * 32) for _ in range(3)]
    assert counts == [1, 2, 3]
    assert await real_store.tickets.count_try(b"2" * 32) == 0


async def test_a_customers_tickets_are_listed_and_dropped(real_store: Store) -> None:
    """W-01: each customer's own."""
    tickets = real_store.tickets
    await tickets.keep_ticket(ticket())
    await tickets.keep_ticket(ticket(b"2" * 32, customer_id=2))
    assert await tickets.tickets(1, TicketKind.RESET, now=NOW) == [ticket()]
    assert not await tickets.drop_ticket(b"1" * 32, customer_id=2)
    assert await tickets.drop_ticket(b"1" * 32, customer_id=1)
    await tickets.drop_tickets(TicketKind.RESET, member_id=5)
    assert await tickets.tickets(2, TicketKind.RESET, now=NOW) == []


async def test_tickets_that_have_run_out_are_forgotten(real_store: Store) -> None:
    await real_store.tickets.keep_ticket(ticket())
    assert await real_store.tickets.forget_tickets(now=NOW) == 0
    assert await real_store.tickets.forget_tickets(now=NOW + timedelta(hours=1)) == 1


async def test_a_tally_counts_up_and_begins_anew(real_store: Store) -> None:
    count, hour = real_store.tallies.count, timedelta(hours=1)
    assert (await count("sms", "+48501234567", within=hour, now=NOW)).count == 1
    second = await count("sms", "+48501234567", within=hour, now=NOW + SECOND)
    assert (second.count, second.since, second.last_at) == (2, NOW, NOW + SECOND)
    assert await real_store.tallies.tally("sms", "+48501234567") == second
    assert (await count("sms", "other\0", within=hour, now=NOW)).count == 1
    assert (await count("sms", "+48501234567", within=hour, now=NOW + hour)).count == 1
    await real_store.tallies.forget_tally("sms", "+48501234567")
    assert await real_store.tallies.tally("sms", "+48501234567") is None
    assert await real_store.tallies.forget_tallies(before=NOW + SECOND) == 1


async def test_a_seed_is_kept_and_each_step_is_spent_once(real_store: Store) -> None:
    """W-17: a TOTP code is single use."""
    factors, owner = real_store.second_factors, await alice(real_store)
    assert await factors.totp(owner.member_id) is None
    await factors.set_totp(owner.member_id, b"seed of twenty octets")
    assert await factors.use_step(owner.member_id, 100)
    assert not await factors.use_step(owner.member_id, 100)
    assert not await factors.use_step(owner.member_id, 99)
    found = await factors.totp(owner.member_id)
    assert found is not None
    assert (found.seed, found.last_step) == (b"seed of twenty octets", 100)
    member = await real_store.members.member(owner.member_id)
    assert member is not None
    assert member.has_second_factor
    await factors.remove_totp(owner.member_id, may_be_last=True)
    assert await factors.totp(owner.member_id) is None
    with pytest.raises(NotThere):
        await factors.set_totp(999, b"seed")


async def test_a_recovery_code_is_spent_once(real_store: Store) -> None:
    factors, owner = real_store.second_factors, await alice(real_store)
    await factors.set_recovery_codes(owner.member_id, [b"a" * 32, b"b" * 32])
    assert await factors.recovery_codes_left(owner.member_id) == 2
    assert await factors.use_recovery_code(owner.member_id, b"a" * 32)
    assert not await factors.use_recovery_code(owner.member_id, b"a" * 32)
    assert not await factors.use_recovery_code(owner.member_id + 1, b"b" * 32)
    await factors.set_recovery_codes(owner.member_id, [b"c" * 32])
    assert await factors.recovery_codes_left(owner.member_id) == 1


async def test_a_passkey_is_kept_used_and_removed_by_its_owner(real_store: Store) -> None:
    factors, owner = real_store.second_factors, await alice(real_store)
    member = await bob(real_store, owner)
    key = Passkey(
        credential_id=b"key",
        member_id=owner.member_id,
        name="Telefon ćmy",
        public_key=b"public",
        sign_count=0,
        created_at=NOW,
    )
    await factors.add_passkey(key)
    with pytest.raises(AlreadyThere):
        await factors.add_passkey(key)
    assert await factors.passkeys(owner.member_id) == [key]
    await factors.use_passkey(b"key", sign_count=3, now=NOW)
    found = await factors.passkey(b"key")
    assert found is not None
    assert (found.sign_count, found.last_used_at) == (3, NOW)
    assert not await factors.remove_passkey(member.member_id, b"key", may_be_last=True)
    assert await factors.remove_passkey(owner.member_id, b"key", may_be_last=True)
    assert await factors.passkey(b"key") is None


async def test_of_two_removals_at_once_one_leaves_the_last_factor(real_store: Store) -> None:
    """W-17: whoever may not be without a second factor never is, not even for a moment."""
    factors, owner = real_store.second_factors, await alice(real_store)
    key = Passkey(
        credential_id=b"key",
        member_id=owner.member_id,
        name="",
        public_key=b"public",
        sign_count=0,
        created_at=NOW,
    )
    await factors.set_totp(owner.member_id, b"seed of twenty octets")
    await factors.add_passkey(key)
    outcomes = await asyncio.gather(
        factors.remove_totp(owner.member_id, may_be_last=False),
        factors.remove_passkey(owner.member_id, b"key", may_be_last=False),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes].count(LastFactor) == 1
    left = await factors.passkeys(owner.member_id), await factors.totp(owner.member_id)
    assert left[0] or left[1]
