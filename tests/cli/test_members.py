"""`sztafeta member` and `audit`: the first administrator, first passwords shown once, a touched log named."""

from __future__ import annotations

import sqlite3

import pytest
from tests.cli.command_line import Sztafeta


@pytest.fixture
def shop(sztafeta: Sztafeta) -> Sztafeta:
    sztafeta("account", "add-customer", "shop")
    return sztafeta


def add(shop: Sztafeta, email: str = "alice@shop.example", *options: str) -> dict[str, str]:
    made: dict[str, str] = shop(
        "member", "add", email, "--customer", "shop", *options, "--json"
    ).value
    return made


def test_the_first_administrator_is_made_with_a_password_shown_once(shop: Sztafeta) -> None:
    made = add(shop, "alice@shop.example", "--administrator", "--account-name", "shop")
    (listed,) = shop("member", "list", "--customer", "shop", "--json").value
    assert (listed["email"], listed["administrator"]) == ("alice@shop.example", True)
    assert listed["state"] == "first login is due"
    stored = b"".join(path.read_bytes() for path in shop.data.rglob("*") if path.is_file())
    assert made["password"].encode() not in stored


def test_another_first_password_replaces_the_one_before(shop: Sztafeta) -> None:
    first = add(shop)["password"]
    again = shop("member", "reset-password", "ALICE@shop.example", "--remove-second-step", "--json")
    assert again.value["password"] != first


def test_what_cannot_be_is_said(shop: Sztafeta) -> None:
    add(shop)
    taken = shop("member", "add", "alice@shop.example", "--customer", "shop", code=1)
    assert "already" in taken.err
    assert "no e-mail" in shop("member", "add", "alice", "--customer", "shop", code=1).err
    assert "no customer" in shop("member", "list", "--customer", "other", code=1).err
    assert "nobody" in shop("member", "reset-password", "bob", code=1).err


def test_what_the_operator_does_is_in_the_customers_log(shop: Sztafeta) -> None:
    """W-26: each command that changes something of a customer's, and no secret."""
    made = shop("account", "add", "1.shop.smtp", "--customer", "shop", "--json").value
    shop("account", "set", "1.shop.smtp", "--name", "Shop")
    changed = shop("account", "password", "1.shop.smtp", "--overlap", "1h", "--json").value
    shop("account", "end-overlap", "1.shop.smtp")
    key = shop("key", "add", "--account", "1.shop.smtp", "--json").value
    shop("key", "revoke", key["key"])
    shop("domain", "add", "shop.example", "--customer", "shop")
    shop("domain", "remove", "shop.example", "--yes")
    shop("account", "suspend-customer", "shop")
    shop("account", "resume-customer", "shop")
    shop("account", "delete", "1.shop.smtp")
    assert shop("audit", "verify", "--customer", "shop", "--json").value["state"] == "whole"
    with sqlite3.connect(shop.data / "sztafeta.sqlite") as database:
        rows = database.execute("select * from audit_entry order by number").fetchall()
    assert [row[5] for row in rows] == [
        "smtp-account.made",
        "smtp-account.changed",
        "smtp-account.password-changed",
        "smtp-account.former-password-ended",
        "key.made",
        "key.revoked",
        "domain.added",
        "domain.removed",
        "account.suspended",
        "account.resumed",
        "smtp-account.deleted",
    ]
    written = repr(rows)
    for secret in (made["password"], changed["password"], key["secret"]):
        assert secret not in written


def test_a_touched_audit_log_is_named(shop: Sztafeta) -> None:
    """W-26."""
    add(shop)
    assert shop("audit", "verify", "--customer", "shop", "--json").value["state"] == "whole"
    with sqlite3.connect(shop.data / "sztafeta.sqlite") as database:
        database.execute("update audit_entry set who = 'nobody'")
    assert "entry 1" in shop("audit", "verify", "--customer", "shop", code=1).err
