"""`sztafeta key`: a key that sends from some domains alone."""

from __future__ import annotations

import pytest
from tests.cli.command_line import Sztafeta

IDN = "xn--sklep-za-23a4ryywv.example"


@pytest.fixture
def shop(sztafeta: Sztafeta) -> Sztafeta:
    sztafeta("account", "add-customer", "shop")
    sztafeta("account", "add", "1.shop.smtp", "--customer", "shop")
    for domain in ("shop.example", IDN):
        sztafeta("domain", "add", domain, "--customer", "shop")
    return sztafeta


def add(shop: Sztafeta, *options: str, code: int = 0) -> object:
    ended = shop("key", "add", "--account", "1.shop.smtp", *options, "--json", code=code)
    return ended.value["domains"] if code == 0 else ended.err


def test_a_key_is_limited_to_domains_however_they_are_written(shop: Sztafeta) -> None:
    assert add(shop) == []
    assert add(shop, "--domain", "SHOP.example.") == ["shop.example"]
    assert add(shop, "--domain", "Sklep-Zażółć.example") == [IDN]


def test_a_limit_that_cannot_be_is_said(shop: Sztafeta) -> None:
    assert "no sending domain of shop" in str(add(shop, "--domain", "other.example", code=1))
    assert "is not a domain" in str(add(shop, "--domain", "a b", code=1))
    escape = ("--domain", "shop.example", "--scope", "admin")
    assert "admin is for all domains" in str(add(shop, *escape, code=1))
