"""The link that has a DNS host publish records, and the template that it names."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from sztafeta.account.dns_records import OurNames, Purpose, expected_records
from sztafeta.account.domain_connect import Registration, apply_url, template
from sztafeta.account.sending_domain import KeyAlgorithm, SendingDomain
from sztafeta.mail.dkim_key import make_key

KEYS = (make_key("r1", KeyAlgorithm.RSA), make_key("e1", KeyAlgorithm.ED25519))
SHOP = SendingDomain(domain="mail.shop.example", customer_id=1, keys=KEYS)
PLAIN = OurNames(spf=("include:spf.host.example", "ip4:192.0.2.1"), tracking="click.host.example")
DELEGATED = OurNames(dkim_zone="keys.host.example")
REGISTERED = Registration(
    dns_host="Cloudflare", url="https://dcc.example", provider_id="host.example", service_id="a/b"
)
BUILT_IN = {"fqdn"}
"""Variables that the host itself fills in."""


def asked(ours: OurNames, *purposes: Purpose) -> dict[str, str]:
    records = [one for one in expected_records(SHOP, ours) if one.purpose in purposes]
    url = apply_url(REGISTERED, domain=SHOP.domain, zone="shop.example", records=records)
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


def variables(ours: OurNames) -> set[str]:
    made = template(provider_id="host.example", service_id="mail", service_name="Host", ours=ours)
    return set(re.findall(r"%(\w+)%", repr(made["records"]))) - BUILT_IN


def test_the_link_names_template_domain_host_and_groups() -> None:
    url = apply_url(REGISTERED, domain="shop.example", zone="shop.example", records=[])
    assert url.startswith(
        "https://dcc.example/v2/domainTemplates/providers/host.example/services/a%2Fb/apply?"
    )
    assert "host" not in parse_qs(urlsplit(url).query), "the zone itself has none"
    query = asked(PLAIN, Purpose.SPF, Purpose.DMARC)
    assert query == {"domain": "shop.example", "host": "mail", "groupId": "spf,dmarc"}


def test_the_link_gives_each_variable_of_its_template_and_no_other() -> None:
    for ours in (PLAIN, DELEGATED):
        query = asked(ours, Purpose.DKIM)
        assert set(query) - {"domain", "host", "groupId"} == variables(ours)


def test_the_template_filled_in_is_what_the_table_asks_for() -> None:
    query = asked(PLAIN, Purpose.DKIM) | {"fqdn": SHOP.domain}
    made = template(provider_id="a", service_id="b", service_name="Host", ours=PLAIN)
    filled = {
        (f"{_filled(one['host'], query)}.{SHOP.domain}", _filled(one["data"], query))
        for one in made["records"]
        if one["type"] == "TXT"
    }
    wanted = (Purpose.DKIM, Purpose.DMARC)
    expected = [one for one in expected_records(SHOP, PLAIN) if one.purpose in wanted]
    assert filled == {(one.name, one.value) for one in expected}


def test_delegated_keys_lead_into_the_operators_zone() -> None:
    query = asked(DELEGATED, Purpose.DKIM) | {"fqdn": SHOP.domain}
    made = template(provider_id="a", service_id="b", service_name="Host", ours=DELEGATED)
    targets = {_filled(one["pointsTo"], query) for one in made["records"] if one["type"] == "CNAME"}
    assert targets == {one.delegate for one in expected_records(SHOP, DELEGATED) if one.delegate}


def test_an_owners_spf_record_is_merged_and_not_replaced() -> None:
    made = template(provider_id="a", service_id="b", service_name="Host", ours=PLAIN)
    (spf,) = (one for one in made["records"] if one["groupId"] == "spf")
    assert spf["type"] == "SPFM"
    assert spf["spfRules"] == "include:spf.host.example ip4:192.0.2.1"


def _filled(text: str, values: dict[str, str]) -> str:
    return re.sub(r"%(\w+)%", lambda found: values[found[1]], text)
