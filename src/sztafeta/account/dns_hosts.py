"""Where a zone is administered, told by its name servers, and how names are entered there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsHost:
    """An operator of name servers, and the habits of its zone editor."""

    name: str
    root: str = "@"
    """How the domain itself is written there; empty: the field is left empty."""
    wants_quotes: bool = False
    """Texts are entered in quotation marks, in pieces of at most 255 octets."""


HOSTS: Final[Sequence[tuple[str, DnsHost]]] = (
    (".ns.cloudflare.com", DnsHost(name="Cloudflare")),
    (".domaincontrol.com", DnsHost(name="GoDaddy")),
    (".digitalocean.com", DnsHost(name="DigitalOcean")),
    (".ovh.net", DnsHost(name="OVHcloud", root="")),
    (".anycast.me", DnsHost(name="OVHcloud", root="")),
    (".home.pl", DnsHost(name="home.pl", root="")),
    (".googledomains.com", DnsHost(name="Google Cloud DNS", root="", wants_quotes=True)),
)
ROUTE_53: Final = DnsHost(name="Amazon Route 53", root="", wants_quotes=True)
"""Its servers are called ns-2048.awsdns-64.com, .net, .org and .co.uk."""


def dns_host(servers: Sequence[str]) -> DnsHost | None:
    """Find out who runs these name servers; None: nobody we know."""
    for server in servers:
        if ".awsdns-" in server:
            return ROUTE_53
        for ending, host in HOSTS:
            if f".{server}".endswith(ending):
                return host
    return None
