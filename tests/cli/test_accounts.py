"""`sztafeta account`: what is created can be found, passwords are shown once, faults say what to change."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.cli.command_line import Sztafeta

from sztafeta.account.smtp_account import make_password


@pytest.fixture
def shop(sztafeta: Sztafeta) -> Sztafeta:
    sztafeta("account", "add-customer", "shop")
    return sztafeta


def test_a_customer_and_an_account_are_found_again(shop: Sztafeta) -> None:
    shop("account", "add", "1.shop.smtp", "--customer", "shop")
    (customer,) = shop("account", "customers", "--json").value
    (account,) = shop("account", "list", "--json").value
    assert customer["customer"] == "shop"
    assert (account["login"], account["customer"]) == ("1.shop.smtp", "shop")


def test_a_new_account_is_careful(shop: Sztafeta) -> None:
    """No cleartext login, own domains only, no null sender, at most 50 connections, 48 hours."""
    made = shop("account", "add", "1.shop.smtp", "--customer", "shop", "--json").value
    assert made["cleartext"] is False
    assert made["sender_rule"] == "own-domains"
    assert made["null_sender"] is False
    assert made["max_connections"] == 50
    assert made["ttl"] == "48h"


def test_the_password_is_shown_once_and_never_stored(shop: Sztafeta) -> None:
    password = shop("account", "add", "1.shop.smtp", "--customer", "shop", "--json").value[
        "password"
    ]
    assert password not in shop("account", "show", "1.shop.smtp").out
    stored = b"".join(path.read_bytes() for path in shop.data.rglob("*") if path.is_file())
    assert password.encode() not in stored
    assert hashlib.sha256(password.encode()).digest() in stored


def test_a_make_password_replaces_the_old(shop: Sztafeta) -> None:
    first = shop("account", "add", "1.shop.smtp", "--customer", "shop", "--json").value["password"]
    second = shop("account", "password", "1.shop.smtp", "--json").value["password"]
    assert first != second


OWN = "qC7#vLp2!xTz9@kW4&"


@pytest.fixture
def account(shop: Sztafeta) -> Sztafeta:
    shop("account", "add", "1.shop.smtp", "--customer", "shop")
    return shop


def test_name_and_allow_list_are_set_and_taken_away(account: Sztafeta) -> None:
    networks = ("--allow-from", "192.0.2.7/24", "--allow-from", "2001:db8::1")
    account("account", "set", "1.shop.smtp", "--name", "Till", *networks)
    account("account", "set", "1.shop.smtp", "--ttl", "2h")
    shown = account("account", "show", "1.shop.smtp", "--json").value
    assert shown["name"] == "Till"
    assert shown["allowed_from"] == ["192.0.2.0/24", "2001:db8::1/128"]
    account("account", "set", "1.shop.smtp", "--name", "", "--allow-from", "anywhere")
    shown = account("account", "show", "1.shop.smtp", "--json").value
    assert (shown["name"], shown["allowed_from"]) == ("", ["anywhere"])


def test_a_former_password_goes_on_until_its_overlap_is_ended(account: Sztafeta) -> None:
    changed = account("account", "password", "1.shop.smtp", "--overlap", "24h", "--json").value
    shown = account("account", "show", "1.shop.smtp", "--json").value
    assert shown["former_password_until"] == changed["former_password_until"]
    assert shown["former_password_until"] is not None
    assert account("account", "end-overlap", "1.shop.smtp", "--json").value["ended"] is True
    assert account("account", "end-overlap", "1.shop.smtp", "--json").value["ended"] is False
    shown = account("account", "show", "1.shop.smtp", "--json").value
    assert shown["former_password_until"] is None


def test_a_password_of_ones_own_is_asked_for_and_not_printed(account: Sztafeta) -> None:
    command = ("account", "password", "1.shop.smtp", "--choose", "--json")
    changed = account(*command, answer=f"{OWN}\n{OWN}\n")
    assert changed.value == {"login": "1.shop.smtp"}
    assert OWN not in changed.err
    stored = b"".join(path.read_bytes() for path in account.data.rglob("*") if path.is_file())
    assert hashlib.sha256(OWN.encode()).digest() in stored


@pytest.mark.parametrize(
    ("chosen", "said"),
    [("short", "at least 16"), ("a" * 40, "easy to guess"), ("xK9#mQ2$shopvLp7!tRw", "is in it")],
)
def test_a_bad_password_is_refused_with_what_to_change(
    account: Sztafeta, chosen: str, said: str
) -> None:
    command = ("account", "password", "1.shop.smtp", "--choose")
    assert said in account(*command, answer=f"{chosen}\n{chosen}\n", code=1).err


def test_an_account_sends_from_a_source_of_its_customer(tmp_path: Path) -> None:
    source = '[[dedicated_sources]]\nname = "{0}-1"\ncustomer = "{0}"\nipv4 = "127.0.0.{1}"\n'
    command = Sztafeta(tmp_path, source.format("shop", 2) + source.format("other", 3))
    command("account", "add-customer", "shop")
    new = ("account", "add", "1.shop.smtp", "--customer", "shop", "--json")
    assert command(*new).value["egress"] == "shared"
    change = ("account", "set", "1.shop.smtp", "--egress")
    assert command(*change, "shop-1", "--json").value["egress"] == "shop-1"
    assert "it may choose: shared, shop-1" in command(*change, "other-1", code=1).err
    assert command(*change, "shared", "--json").value["egress"] == "shared"


def test_passwords_are_long_and_never_the_same() -> None:
    """W-16: at least 112 bits, so a plain hash is enough."""
    made = {make_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(one.replace("-", "")) == 25 for one in made)


def test_what_an_account_may_can_be_changed(shop: Sztafeta) -> None:
    shop("account", "add", "1.shop.smtp", "--customer", "shop")
    shop(
        "account", "set", "1.shop.smtp", "--allow-cleartext", "--sender-rule", "any", "--ttl", "2h"
    )
    shown = shop("account", "show", "1.shop.smtp", "--json").value
    assert (shown["cleartext"], shown["sender_rule"], shown["ttl"]) == (True, "any", "2h")
    assert shown["max_connections"] == 50, "what is not named stays"


def test_suspending_and_resuming(shop: Sztafeta) -> None:
    shop("account", "add", "1.shop.smtp", "--customer", "shop")
    shop("account", "suspend", "1.shop.smtp")
    assert shop("account", "show", "1.shop.smtp", "--json").value["may_send"] is False
    shop("account", "resume", "1.shop.smtp")
    shop("account", "suspend-customer", "shop")
    assert shop("account", "show", "1.shop.smtp", "--json").value["may_send"] is False
    shop("account", "resume-customer", "shop")
    assert shop("account", "show", "1.shop.smtp", "--json").value["may_send"] is True


def test_a_deleted_login_is_gone(shop: Sztafeta) -> None:
    shop("account", "add", "1.shop.smtp", "--customer", "shop")
    shop("account", "delete", "1.shop.smtp")
    assert "There is no SMTP account" in shop("account", "list").out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("account", "add-customer", "shop"), 1, "taken already"),
        (("account", "add-customer", "Big Shop"), 2, "lower-case letters"),
        (("account", "add", "shop", "--customer", "shop"), 2, "looks like 1.alice.smtp"),
        (("account", "add", "1.shop.smtp", "--customer", "nobody"), 1, "nobody"),
        (("account", "show", "9.shop.smtp"), 1, "sztafeta account list"),
        (("account", "password", "9.shop.smtp"), 1, "9.shop.smtp"),
        (("account", "password", "1.shop.smtp", "--overlap", "8d"), 2, "at most 7d"),
        (("account", "end-overlap", "9.shop.smtp"), 1, "9.shop.smtp"),
        (
            ("account", "add", "1.shop.smtp", "--customer", "shop", "--allow-from", "home"),
            2,
            "192.0.2.7",
        ),
        (("account", "suspend-customer", "nobody"), 1, "nobody"),
        (("account", "add", "1.shop.smtp", "--customer", "shop", "--ttl", "soon"), 2, "48h"),
    ],
)
def test_faults_are_one_clear_line(
    shop: Sztafeta, arguments: tuple[str, ...], code: int, said: str
) -> None:
    assert said in shop(*arguments, code=code).err
