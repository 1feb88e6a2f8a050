"""What every store promises about API keys: in force at once, dead at once, each customer's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from tests.contracts.houses import House

from sztafeta.account.api_key import ApiKey, Mode, Scope, digest_of, make_key_text
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.ports import AlreadyThere, KeyDay, KeyUse, NotThere


async def account(house: House, customer: str = "alice") -> SmtpAccount:
    await house.accounts.create_customer(customer, now=house.writer.now)
    new = SmtpAccount(
        account_id=0,
        customer_id=0,
        customer_name=customer,
        login=f"1.{customer}.smtp",
        password_sha256=b"",
    )
    return await house.accounts.create_smtp_account(new, password="x" * 24, now=house.writer.now)


async def new_key(house: House, owner: SmtpAccount, **settings: object) -> ApiKey:
    text = make_key_text(Mode.TEST)
    key = ApiKey(
        key_id=text.key_id,
        customer_id=owner.customer_id,
        customer_name=owner.customer_name,
        name="the shop's key ćma",
        mode=text.mode,
        scopes=frozenset({Scope.SEND, Scope.READ}),
        secret_sha256=digest_of(text.secret),
        account=owner,
        created_at=house.writer.now,
    )
    key = replace(key, **settings)  # type: ignore[arg-type]
    await house.api_keys.create_api_key(key)
    return key


async def test_a_key_is_found_as_it_was_created(house: House) -> None:
    key = await new_key(
        house,
        await account(house),
        allowed_networks=(ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")),
        allowed_domains=frozenset({"example.com", "xn--zcza-4rb.pl"}),
        expires_at=house.writer.now + timedelta(days=90),
    )
    assert await house.api_keys.api_key(key.key_id) == key


async def test_a_key_knows_its_account_as_it_is_now(house: House) -> None:
    """What is suspended stays suspended, whichever door the mail comes in."""
    key = await new_key(house, await account(house))
    await house.accounts.enable_customer("alice", enabled=False)
    found = await house.api_keys.api_key(key.key_id)
    assert found is not None
    assert not found.account.enabled


async def test_a_key_is_gone_with_its_account(house: House) -> None:
    key = await new_key(house, await account(house))
    await house.accounts.delete_smtp_account(key.account.login)
    assert await house.api_keys.api_key(key.key_id) is None
    assert await house.api_keys.api_keys(key.customer_id) == []


async def test_a_key_is_dead_as_soon_as_it_is_revoked(house: House) -> None:
    """W-16."""
    key = await new_key(house, await account(house))
    changed = replace(key, name="old", scopes=frozenset({Scope.READ}), revoked_at=house.writer.now)
    await house.api_keys.change_api_key(changed)
    found = await house.api_keys.api_key(key.key_id)
    assert found == changed
    assert found is not None
    assert not found.is_valid_at(house.writer.now)


async def test_a_change_of_settings_changes_neither_secret_nor_mode(house: House) -> None:
    key = await new_key(house, await account(house))
    await house.api_keys.change_api_key(replace(key, secret_sha256=b"other", mode=Mode.LIVE))
    assert await house.api_keys.api_key(key.key_id) == key


async def test_the_last_use_is_noted_and_never_set_back(house: House) -> None:
    key = await new_key(house, await account(house))
    at, earlier = house.writer.now, house.writer.now - timedelta(seconds=1)
    use = KeyUse(at, "192.0.2.1", "curl/8.0\0")
    await house.api_keys.note_use({key.key_id: use, "nosuchkey0": use}, {})
    await house.api_keys.note_use({key.key_id: KeyUse(earlier, "192.0.2.2", "")}, {})
    found = await house.api_keys.api_key(key.key_id)
    assert found is not None
    assert (found.last_used_at, found.last_used_from) == (at, "192.0.2.1")
    assert found.last_used_by.startswith("curl/8.0")


async def test_calls_add_up_by_day_and_cause_whoever_counts_them(house: House) -> None:
    """Many nodes count the same key; what is old is forgotten."""
    today = house.writer.now.date()
    good, refused = KeyDay(today, ""), KeyDay(today, "scope_missing")
    old = KeyDay(today - timedelta(days=31), "")
    counted = {("k", good): 3, ("k", refused): 1, ("k", old): 9, ("other", good): 5}
    for _ in range(2):
        await house.api_keys.note_use({}, counted)
    assert await house.api_keys.calls_of_key("k", since=today) == {good: 6, refused: 2}
    since = today - timedelta(days=40)
    assert list(await house.api_keys.calls_of_key("k", since=since)) == [old, good, refused]
    await house.api_keys.forget_calls(today)
    assert await house.api_keys.calls_of_key("k", since=since) == {good: 6, refused: 2}
    assert await house.api_keys.calls_of_key("other", since=since) == {good: 10}


async def test_keys_are_listed_newest_first_revoked_ones_too(house: House) -> None:
    owner = await account(house)
    first = await new_key(house, owner, revoked_at=house.writer.now)
    house.writer.clock.advance(timedelta(minutes=1))
    second = await new_key(house, owner)
    assert await house.api_keys.api_keys(owner.customer_id) == [second, first]


async def test_a_key_id_is_given_once(house: House) -> None:
    key = await new_key(house, await account(house))
    with pytest.raises(AlreadyThere):
        await house.api_keys.create_api_key(key)


async def test_charlie_neither_lists_nor_changes_the_keys_of_alice(house: House) -> None:
    """W-01, W-02."""
    key = await new_key(house, await account(house))
    charlie = await account(house, "charlie")
    assert await house.api_keys.api_keys(charlie.customer_id) == []
    stolen = replace(key, customer_id=charlie.customer_id, name="mine")
    with pytest.raises(NotThere):
        await house.api_keys.change_api_key(stolen)
    assert await house.api_keys.api_key(key.key_id) == key


async def test_a_key_that_nobody_has_is_not_there(house: House) -> None:
    assert await house.api_keys.api_key("nosuch\0key") is None
