"""What OctoDNS reads is what the table shows."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.account.dns_exports.samples import TEXTS, a_cname, a_txt

from sztafeta.account.dns_exports.octodns import octodns

ZONE = "shop.example"


@given(TEXTS)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    """The YAML is read by a parser, and the semicolons as OctoDNS reads them."""
    entry = yaml.safe_load(octodns(ZONE, [a_txt(text)]))["e1._domainkey"]
    assert entry["type"] == "TXT"
    assert entry["value"].count(";") == entry["value"].count("\\;")
    assert entry["value"].replace("\\;", ";") == text


def test_names_are_without_the_zone_and_the_zone_itself_is_empty() -> None:
    records = [a_txt("v=spf1 -all", ZONE), a_cname("click.shop.example", "click.host.example")]
    assert yaml.safe_load(octodns(ZONE, records)) == {
        "": {"ttl": 3600, "type": "TXT", "value": "v=spf1 -all"},
        "click": {"ttl": 3600, "type": "CNAME", "value": "click.host.example."},
    }


def test_a_long_text_stays_in_one_piece() -> None:
    """OctoDNS cuts it itself."""
    assert "x" * 400 in octodns(ZONE, [a_txt("x" * 400)])


@given(st.permutations(["e9", "e10", "e100", "_dmarc", "bounces"]))
def test_keys_stand_in_their_natural_order(labels: list[str]) -> None:
    """Else OctoDNS refuses the file."""
    records = [a_txt("x", f"{label}.{ZONE}") for label in labels]
    keys = list(yaml.safe_load(octodns(ZONE, records)))
    assert keys == ["_dmarc", "bounces", "e9", "e10", "e100"]
