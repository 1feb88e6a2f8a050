"""Addresses that mail is never sent to, because no public receiver can be there (R-67).

A table instead of `ipaddress.is_global`: what that says has changed with Python's patch releases. A tunnel or
translation prefix is forbidden as a whole, because it can lead to any IPv4 address.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

FORBIDDEN: Final[tuple[tuple[str, str], ...]] = (
    ("0.0.0.0/8", "this network"),  # RFC 1122 §3.2.1.3
    ("10.0.0.0/8", "private"),  # RFC 1918 §3
    ("100.64.0.0/10", "carrier-grade NAT"),  # RFC 6598 §7
    ("127.0.0.0/8", "loopback"),  # RFC 1122 §3.2.1.3
    ("169.254.0.0/16", "link-local, and the metadata of clouds"),  # RFC 3927 §2.1
    ("172.16.0.0/12", "private"),  # RFC 1918 §3
    ("192.0.0.0/24", "protocol assignments"),  # RFC 6890 §2.2.2
    ("192.0.2.0/24", "documentation"),  # RFC 5737 §3
    ("192.88.99.0/24", "6to4 relays"),  # RFC 7526 §4
    ("192.168.0.0/16", "private"),  # RFC 1918 §3
    ("198.18.0.0/15", "benchmarks"),  # RFC 2544 §C.2.2
    ("198.51.100.0/24", "documentation"),  # RFC 5737 §3
    ("203.0.113.0/24", "documentation"),  # RFC 5737 §3
    ("224.0.0.0/4", "multicast"),  # RFC 5771 §3
    ("240.0.0.0/4", "reserved, and broadcast"),  # RFC 1112 §4
    ("::/96", "unspecified, loopback, v4-compatible"),  # RFC 4291 §2.5
    ("64:ff9b::/96", "translation to IPv4"),  # RFC 6052 §2.1
    ("64:ff9b:1::/48", "translation to IPv4"),  # RFC 8215 §3
    ("100::/64", "discard"),  # RFC 6666 §4
    ("2001::/23", "Teredo and other assignments"),  # RFC 2928 §3
    ("2001:db8::/32", "documentation"),  # RFC 3849 §2
    ("2002::/16", "6to4"),  # RFC 3056 §2
    ("3fff::/20", "documentation"),  # RFC 9637 §3
    ("5f00::/16", "segment routing"),  # RFC 9602 §3
    ("fc00::/7", "unique local"),  # RFC 4193 §3.1
    ("fe80::/10", "link-local"),  # RFC 4291 §2.5.6
    ("fec0::/10", "site-local"),  # RFC 3879 §4
    ("ff00::/8", "multicast"),  # RFC 4291 §2.7
)

_NETWORKS: Final = tuple(ip_network(text) for text, _ in FORBIDDEN)
_V4: Final = tuple(network for network in _NETWORKS if isinstance(network, IPv4Network))
_V6: Final = tuple(network for network in _NETWORKS if isinstance(network, IPv6Network))


def is_forbidden(address: str) -> bool:
    """Say whether no mail may go to this address; what is no address is forbidden, too."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return True
    if isinstance(parsed, IPv6Address):
        return _is_forbidden_v6(parsed)
    return any(parsed in network for network in _V4)


def _is_forbidden_v6(address: IPv6Address) -> bool:
    inner: IPv4Address | None = address.ipv4_mapped
    if inner is not None:  # RFC 4291 §2.5.5.2: it leads to the IPv4 address inside
        return any(inner in network for network in _V4)
    plain = IPv6Address(int(address))  # a zone id does not change what it is (RFC 4007 §11)
    return any(plain in network for network in _V6)
