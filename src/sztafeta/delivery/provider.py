"""Providers: who stands behind an address, as people name them in statistics (ux §5).

The host that took the mail says it best, because a firm's own domain may be served by anybody; before there
was one, the recipient's domain has to do.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache


class Provider(Enum):
    """A group of receivers that behave alike; the values are stored."""

    __hash__ = object.__hash__  # there is one of each: counting by it need not hash its name

    GMAIL = "gmail"
    MICROSOFT = "microsoft"
    WP = "wp"
    ONET = "onet"
    INTERIA = "interia"
    O2 = "o2"
    YAHOO = "yahoo"
    HOME_PL = "home.pl"
    OTHER = "other"


BY_DOMAIN: dict[str, Provider] = {
    "gmail.com": Provider.GMAIL,
    "googlemail.com": Provider.GMAIL,
    "outlook.com": Provider.MICROSOFT,
    "hotmail.com": Provider.MICROSOFT,
    "hotmail.co.uk": Provider.MICROSOFT,
    "live.com": Provider.MICROSOFT,
    "msn.com": Provider.MICROSOFT,
    "wp.pl": Provider.WP,
    "onet.pl": Provider.ONET,
    "onet.eu": Provider.ONET,
    "op.pl": Provider.ONET,
    "poczta.onet.pl": Provider.ONET,
    "vp.pl": Provider.ONET,
    "autograf.pl": Provider.ONET,
    "interia.pl": Provider.INTERIA,
    "interia.eu": Provider.INTERIA,
    "interia.com": Provider.INTERIA,
    "poczta.fm": Provider.INTERIA,
    "intmail.pl": Provider.INTERIA,
    "o2.pl": Provider.O2,
    "tlen.pl": Provider.O2,
    "go2.pl": Provider.O2,
    "prokonto.pl": Provider.O2,
    "yahoo.com": Provider.YAHOO,
    "yahoo.co.uk": Provider.YAHOO,
    "yahoo.pl": Provider.YAHOO,
    "ymail.com": Provider.YAHOO,
    "aol.com": Provider.YAHOO,
    "home.pl": Provider.HOME_PL,
}

BY_HOP: dict[str, Provider] = {
    "google.com": Provider.GMAIL,
    "googlemail.com": Provider.GMAIL,
    "protection.outlook.com": Provider.MICROSOFT,
    "mx.microsoft": Provider.MICROSOFT,
    "wp.pl": Provider.WP,
    "onet.pl": Provider.ONET,
    "interia.pl": Provider.INTERIA,
    "o2.pl": Provider.O2,
    "tlen.pl": Provider.O2,
    "yahoodns.net": Provider.YAHOO,
    "home.pl": Provider.HOME_PL,
}
"""By the end of the name of an MX host."""

LONGEST_SUFFIX = 3
"""Labels of the longest name above."""


@lru_cache(maxsize=8192)
def provider_of(domain: str, hop: str = "") -> Provider:
    """Say who serves a recipient: by `hop` (`mx.example.net[192.0.2.1]:25`), else by the domain."""
    host = hop.partition("[")[0].rstrip(".").lower()
    return _by_hop(host) or BY_DOMAIN.get(domain.rstrip(".").lower(), Provider.OTHER)


def _by_hop(host: str) -> Provider | None:
    labels = host.split(".")
    for length in range(min(LONGEST_SUFFIX, len(labels)), 1, -1):
        found = BY_HOP.get(".".join(labels[-length:]))
        if found is not None:
            return found
    return None
