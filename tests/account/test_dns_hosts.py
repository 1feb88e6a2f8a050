"""Operators of zones are known by their servers."""

from __future__ import annotations

import pytest

from sztafeta.account.dns_hosts import dns_host


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("ana.ns.cloudflare.com", "Cloudflare"),
        ("dns.home.pl", "home.pl"),
        ("dns2.home.pl", "home.pl"),
        ("ns-2048.awsdns-64.co.uk", "Amazon Route 53"),
        ("dns105.ovh.net", "OVHcloud"),
    ],
)
def test_a_zone_is_known_by_its_servers(server: str, name: str) -> None:
    host = dns_host(["ns.example.com", server])
    assert host
    assert host.name == name


def test_others_are_not_guessed_at() -> None:
    assert dns_host(["ns1.example.com", "notcloudflare.com", "evil-home.pl"]) is None
    assert dns_host([]) is None
