"""`/v1/smtp-accounts`: logins made, changed, given another password, deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

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


PATH = "/v1/smtp-accounts/1.alice.smtp"
OWN = "qC7#vLp2!xTz9@kW4&"


async def test_name_and_allow_list_are_set_and_cleared(house: NativeHouse, alice: Caller) -> None:
    wish = {"login": "2.alice.smtp", "display_name": "Shop", "allowed_networks": ["192.0.2.0/24"]}
    made = (await alice("POST", "/v1/smtp-accounts", wish)).json
    assert (made["display_name"], made["allowed_networks"]) == ("Shop", ["192.0.2.0/24"])
    account = await house.store.smtp_account("2.alice.smtp")
    assert account is not None
    assert account.may_come_from("192.0.2.7")
    assert not account.may_come_from("198.51.100.7")
    change = {"display_name": "", "allowed_networks": []}
    cleared = (await alice("PATCH", "/v1/smtp-accounts/2.alice.smtp", change)).json
    assert (cleared["display_name"], cleared["allowed_networks"]) == ("", [])


async def test_a_network_has_its_form(alice: Caller) -> None:
    answer = await alice("PATCH", PATH, {"allowed_networks": ["everywhere"]})
    assert list(answer.faults) == ["/allowed_networks/0"]


async def test_the_former_password_goes_on_until_its_overlap_ends(
    house: NativeHouse, alice: Caller
) -> None:
    before = await house.store.smtp_account("1.alice.smtp")
    answer = await alice("POST", f"{PATH}/password", {"overlap_hours": 24})
    until = datetime.fromisoformat(answer.json["former_password_until"])
    assert until == house.clock.now() + timedelta(hours=24)
    after = await house.store.smtp_account("1.alice.smtp")
    assert before is not None
    assert after is not None
    assert after.accepts(before.password_sha256, house.clock.now())
    assert not after.accepts(before.password_sha256, until)
    assert (await alice("POST", f"{PATH}/end-overlap")).json["former_password_until"] is None
    ended = await house.store.smtp_account("1.alice.smtp")
    assert ended is not None
    assert not ended.accepts(before.password_sha256, house.clock.now())


async def test_an_overlap_is_at_most_seven_days(alice: Caller) -> None:
    answer = await alice("POST", f"{PATH}/password", {"overlap_hours": 169})
    assert list(answer.faults) == ["/overlap_hours"]


async def test_a_password_of_ones_own_is_taken_and_not_said_again(
    house: NativeHouse, alice: Caller
) -> None:
    answer = await alice("POST", f"{PATH}/password", {"password": OWN})
    assert answer.json["password"] is None
    assert OWN not in answer.content.decode()
    account = await house.store.smtp_account("1.alice.smtp")
    assert account is not None
    assert password_matches(OWN, account.password_sha256)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("a" * 129, "password_too_long"),
        ("a" * 40, "password_weak"),
        ("Zażółć gęślą jaźń 2026!", "password_unprintable"),
        ("xK9#mQ2$alicevLp7!tRw", "password_telling"),
        (OWN, "password_panel"),
    ],
)
async def test_a_bad_password_is_refused_at_its_place(
    house: NativeHouse, alice: Caller, password: str, code: str
) -> None:
    before = await house.store.smtp_account("1.alice.smtp")
    assert before is not None
    house.panel_passwords.add((before.customer_id, OWN))
    answer = await alice("POST", f"{PATH}/password", {"password": password})
    assert (answer.status, answer.faults) == (422, {"/password": code})
    assert await house.store.smtp_account("1.alice.smtp") == before


async def test_a_customer_has_a_hundred_logins_at_most(alice: Caller) -> None:
    for number in range(2, 101):
        made = await alice("POST", "/v1/smtp-accounts", {"login": f"{number}.alice.smtp"})
        assert made.status == 201
    one_more = await alice("POST", "/v1/smtp-accounts", {"login": "101.alice.smtp"})
    assert (one_more.status, one_more.code) == (409, "wrong_state")


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


@pytest.mark.parametrize(("method", "path"), [("PATCH", ""), ("POST", "/password")])
async def test_the_examples_of_the_document_work(
    house: NativeHouse, alice: Caller, method: str, path: str
) -> None:
    document = (await house.call("GET", "/v1/openapi.json")).json
    operation = document["paths"]["/v1/smtp-accounts/{login}" + path][method.lower()]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    answer = await alice(method, PATH + path, example)
    assert answer.status in (200, 201)
    shown = {name: answer.json[name] for name in example if name in answer.json}
    assert shown.items() <= example.items()


async def test_the_outgoing_address_is_shared_or_ones_own(
    house: NativeHouse, alice: Caller
) -> None:
    assert (await alice("GET", PATH)).json["egress"] == "shared"
    changed = (await alice("PATCH", PATH, {"egress": "alice-1"})).json
    assert (changed["egress"], changed["egress_lost"]) == ("alice-1", False)
    account = await house.store.smtp_account("1.alice.smtp")
    assert account is not None
    assert account.dedicated_pool == "alice/alice-1"
    assert (await alice("PATCH", PATH, {"egress": "shared"})).json["egress"] == "shared"


@pytest.mark.parametrize("source", ["charlie-1", "nowhere", "", "default"])
async def test_anothers_outgoing_address_is_like_one_that_nobody_has(
    alice: Caller, source: str
) -> None:
    """W-01."""
    wish = {"login": "2.alice.smtp", "egress": source}
    for answer in (
        await alice("PATCH", PATH, {"egress": source}),
        await alice("POST", "/v1/smtp-accounts", wish),
    ):
        assert (answer.status, answer.faults) == (422, {"/egress": "unknown_source"})
        (fault,) = answer.json["errors"]
        assert fault["detail"] == "Choose one of: shared, alice-1."


async def test_an_outgoing_address_that_was_taken_away_is_said(
    house: NativeHouse, alice: Caller
) -> None:
    account = await house.store.smtp_account("1.alice.smtp")
    assert account is not None
    await house.store.change_smtp_account(replace(account, egress="gone"))
    changed = await alice("PATCH", PATH, {"display_name": "Shop"})
    assert (changed.json["egress"], changed.json["egress_lost"]) == ("gone", True)
