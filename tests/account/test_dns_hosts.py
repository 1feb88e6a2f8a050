"""Operators of zones are known by their servers."""

from __future__ import annotations

import pytest

from sztafeta.account.dns_exports.terraform import provider_of
from sztafeta.account.dns_hosts import GODADDY, HOSTS, ROUTE_53, dns_host


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("ana.ns.cloudflare.com", "Cloudflare"),
        ("dns.home.pl", "home.pl"),
        ("dns2.home.pl", "home.pl"),
        ("ns-2048.awsdns-64.co.uk", "Amazon Route 53"),
        ("dns105.ovh.net", "OVHcloud"),
        ("ns1.nazwa.pl", "nazwa.pl"),
        ("ns2.zenbox.pl", "Zenbox"),
        ("ns1.cyberfolks.pl", "cyber_Folks"),
        ("ns1.dhosting.pl", "dhosting"),
        ("ns1.lh.pl", "LH.pl"),
        ("ns2.seohost.pl", "SEOHOST"),
        ("ns1031.ui-dns.biz", "IONOS"),
        ("helium.ns.hetzner.de", "Hetzner"),
        ("ns3-07.azure-dns.org", "Azure DNS"),
    ],
)
def test_a_zone_is_known_by_its_servers(server: str, name: str) -> None:
    host = dns_host(["ns.example.com", server])
    assert host
    assert host.name == name


def test_others_are_not_guessed_at() -> None:
    assert dns_host(["ns1.example.com", "notcloudflare.com", "evil-home.pl"]) is None
    assert dns_host([]) is None


def test_every_terraform_provider_that_a_host_names_is_written_for() -> None:
    hosts = [ROUTE_53, *(host for _, host in HOSTS)]
    assert all(provider_of(host.terraform) for host in hosts if host.terraform)


def test_a_form_is_shown_in_the_language_in_which_it_is_read() -> None:
    assert GODADDY.form_in("pl").value_field == "Wartość"
    assert GODADDY.form_in("en").value_field == "Value"
    assert ROUTE_53.form_in("pl").value_field == "Value", "it is not translated"
