"""`/v1/smtp-accounts`: logins made, changed, given another password, deleted."""

from __future__ import annotations

import pytest
from tests.doubles.native_house import Caller, NativeHouse

from sztafeta.account.smtp_account import password_matches


async def test_a_login_is_made_with_a_password_that_is_shown_once(
    house: NativeHouse, alice: Caller
) -> None:
    made = await alice("POST", "/v1/smtp-accounts", {"login": "2.alice.smtp", "ttl_hours": 1.5})
    assert made.status == 201
    password = made.json["password"]
    account = await house.store.smtp_account("2.alice.smtp")
    assert account is not None
    assert password_matches(password, account.password_sha256)
    assert (account.ttl.total_seconds(), account.customer_name) == (5400, "alice")
    assert password not in (await alice("GET", "/v1/smtp-accounts")).content.decode()
    seen = (await alice("GET", "/v1/smtp-accounts/2.alice.smtp")).json
    assert seen == {name: value for name, value in made.json.items() if name != "password"}


async def test_a_taken_login_is_refused(alice: Caller) -> None:
    answer = await alice("POST", "/v1/smtp-accounts", {"login": "1.alice.smtp"})
    assert (answer.status, answer.code) == (409, "already_there")


@pytest.mark.parametrize("login", ["alice", "0.alice.smtp", "1.alice.smtp\n", "2.Alice.smtp", ""])
async def test_a_login_has_its_form(alice: Caller, login: str) -> None:
    answer = await alice("POST", "/v1/smtp-accounts", {"login": login})
    assert answer.faults == {"/login": "invalid_login"}


async def test_settings_are_changed_one_by_one(house: NativeHouse, alice: Caller) -> None:
    path = "/v1/smtp-accounts/1.alice.smtp"
    changed = await alice("PATCH", path, {"max_connections": 5, "cleartext_auth": True})
    assert (changed.json["max_connections"], changed.json["cleartext_auth"]) == (5, True)
    assert changed.json["ttl_hours"] == 48
    account = await house.store.smtp_account("1.alice.smtp")
    assert account is not None
    assert account.max_connections == 5


async def test_another_password_ends_the_old_one(house: NativeHouse, alice: Caller) -> None:
    answer = await alice("POST", "/v1/smtp-accounts/1.alice.smtp/password")
    account = await house.store.smtp_account("1.alice.smtp")
    assert account is not None
    assert password_matches(answer.json["password"], account.password_sha256)
    assert not password_matches("secret", account.password_sha256)


async def test_a_login_is_deleted_but_not_the_one_that_the_key_sends_by(alice: Caller) -> None:
    await alice("POST", "/v1/smtp-accounts", {"login": "2.alice.smtp"})
    assert (await alice("DELETE", "/v1/smtp-accounts/2.alice.smtp")).status == 204
    assert (await alice("GET", "/v1/smtp-accounts/2.alice.smtp")).status == 404
    own = await alice("DELETE", "/v1/smtp-accounts/1.alice.smtp")
    assert (own.status, own.code) == (409, "wrong_state")


async def test_a_customer_that_is_suspended_by_one_is_not_enabled_by_the_other(
    house: NativeHouse, alice: Caller
) -> None:
    """W-03: what the operator suspended stays so."""
    await house.store.enable_customer("alice", enabled=False)
    answer = await alice("PATCH", "/v1/smtp-accounts/1.alice.smtp", {"enabled": True})
    assert answer.code == "account_paused"


async def test_changing_one_setting_does_not_touch_what_the_operator_decides(
    house: NativeHouse, alice: Caller
) -> None:
    before = await house.store.smtp_account("1.alice.smtp")
    await alice("PATCH", "/v1/smtp-accounts/1.alice.smtp", {"ttl_hours": 2})
    after = await house.store.smtp_account("1.alice.smtp")
    assert before is not None
    assert after is not None
    assert (after.sender_rule, after.may_send_bounces) == (
        before.sender_rule,
        before.may_send_bounces,
    )
    unknown = await alice("PATCH", "/v1/smtp-accounts/1.alice.smtp", {"sender_rule": "any"})
    assert list(unknown.faults) == ["/sender_rule"]
