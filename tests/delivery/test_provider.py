"""Who serves a recipient, as statistics name it."""

from __future__ import annotations

import pytest

from sztafeta.delivery.provider import Provider, provider_of


@pytest.mark.parametrize(
    ("domain", "hop", "provider"),
    [
        ("gmail.com", "", Provider.GMAIL),
        ("firm.example", "aspmx.l.google.com[142.250.1.27]:25", Provider.GMAIL),
        (
            "firm.example",
            "firm-example.mail.protection.outlook.com[1.2.3.4]:25",
            Provider.MICROSOFT,
        ),
        ("HOTMAIL.com.", "", Provider.MICROSOFT),
        ("wp.pl", "mx.wp.pl[212.77.101.4]:25", Provider.WP),
        ("o2.pl", "mx.wp.pl[212.77.101.4]:25", Provider.WP),
        ("o2.pl", "", Provider.O2),
        ("op.pl", "", Provider.ONET),
        ("poczta.fm", "", Provider.INTERIA),
        ("yahoo.com", "mta5.am0.yahoodns.net[1.2.3.4]:25", Provider.YAHOO),
        ("shop.example", "mx.home.pl[1.2.3.4]:25", Provider.HOME_PL),
        ("example.com", "mx.example.com[192.0.2.1]:25", Provider.OTHER),
        ("gmail.com", "relay.example.com[192.0.2.1]:25", Provider.GMAIL),
        ("example.com", "notgoogle.com[192.0.2.1]:25", Provider.OTHER),
        ("", "", Provider.OTHER),
    ],
)
def test_the_host_that_took_the_mail_says_it_before_the_domain(
    domain: str, hop: str, provider: Provider
) -> None:
    assert provider_of(domain, hop) is provider
