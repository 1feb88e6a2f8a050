"""`sztafeta domain`: keys of both kinds, DNS records that can be copied, one owner."""

from __future__ import annotations

import pytest
from tests.cli.command_line import Sztafeta

from sztafeta.cli.domains import as_zone_line


@pytest.fixture
def shop(sztafeta: Sztafeta) -> Sztafeta:
    sztafeta("account", "add-customer", "shop")
    return sztafeta


def test_a_domain_gets_both_keys_and_their_records(shop: Sztafeta) -> None:
    made = shop("domain", "add", "example.com", "--customer", "shop", "--json").value
    rsa, ed25519 = made["records"]
    assert rsa["name"].endswith("._domainkey.example.com")
    assert rsa["value"].startswith("v=DKIM1; k=rsa; p=")
    assert ed25519["value"].startswith("v=DKIM1; k=ed25519; p=")
    assert shop("domain", "show", "example.com", "--json").value == made


def test_the_records_are_printed_for_people_and_for_a_zone_file(shop: Sztafeta) -> None:
    printed = shop("domain", "add", "example.com", "--customer", "shop").out
    (value,) = (line for line in printed.splitlines() if "k=rsa" in line and "Value" in line)
    assert len(value) > 255, "the value is on one line, to be copied"
    assert " 3600 IN TXT " in printed


def test_a_long_text_is_cut_into_strings_of_255_octets() -> None:
    """RFC 1035 §3.3.14."""
    line = as_zone_line({"name": "a.example.com", "type": "TXT", "value": "x" * 300})
    assert line == f'a.example.com. 3600 IN TXT "{"x" * 255}" "{"x" * 45}"'


def test_a_polish_domain_is_kept_as_its_a_label(shop: Sztafeta) -> None:
    shop("domain", "add", "żółć.example", "--customer", "shop")
    (domain,) = shop("domain", "list", "--json").value
    assert domain["domain"] == "xn--kda4b0koi.example"


def test_a_removed_domain_is_gone(shop: Sztafeta) -> None:
    shop("domain", "add", "example.com", "--customer", "shop")
    shop("domain", "remove", "example.com", "--yes")
    assert "There is no sending domain" in shop("domain", "list").out


def test_removing_asks_first(shop: Sztafeta) -> None:
    shop("domain", "add", "example.com", "--customer", "shop")
    shop("domain", "remove", "example.com", code=1, answer="n\n")
    assert len(shop("domain", "list", "--json").value) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("domain", "add", "exa mple", "--customer", "shop"), 2, "Invalid value"),
        (("domain", "add", "localhost", "--customer", "shop"), 2, "not a domain"),
        (("domain", "add", "example.com", "--customer", "nobody"), 1, "account customers"),
        (("domain", "show", "example.net"), 1, "sztafeta domain list"),
    ],
)
def test_faults_are_one_clear_line(
    shop: Sztafeta, arguments: tuple[str, ...], code: int, said: str
) -> None:
    assert said in shop(*arguments, code=code).err


def test_a_domain_has_one_owner(shop: Sztafeta) -> None:
    shop("account", "add-customer", "rival")
    shop("domain", "add", "example.com", "--customer", "shop")
    assert "example.com" in shop("domain", "add", "example.com", "--customer", "rival", code=1).err


def test_a_template_for_dns_hosts_follows_the_settings(sztafeta: Sztafeta) -> None:
    ids = ("--provider-id", "host.example", "--service-id", "mail")
    made = sztafeta("domain", "connect-template", *ids).value
    assert (made["providerId"], made["serviceId"]) == ("host.example", "mail")
    assert {one["type"] for one in made["records"] if one["groupId"] == "dkim"} == {"TXT"}
