"""The PROXY protocol, versions 1 and 2: the client's address as a proxy in front of us reports it.

Parsing is pure: octets in, a header out. Whether the peer may speak it at all is the listener's decision,
taken before a single octet is read; the text format is `proxy-protocol.txt` of HAProxy, §2.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

MAX_HEADER: Final = 4096
"""Octets of a whole header; 64 KiB of TLVs are nobody's address."""

_V1: Final = b"PROXY "
_V1_MAX: Final = 107
_V2: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_FIXED: Final = 16
_LOCAL: Final = 0x20
_PROXIED: Final = 0x21
_TCP4: Final = 0x11
_TCP6: Final = 0x21
_ADDRESS_OCTETS: Final = {_TCP4: 12, _TCP6: 36}


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What the proxy said, and where the client's own octets begin."""

    client: str | None
    """The client's IP address; None when the proxy speaks for itself (LOCAL, UNKNOWN)."""
    length: int
    """Octets of the header."""


class ProxyFault(ValueError):
    """This is no PROXY protocol header; close the connection."""


def parse_proxy_header(data: bytes) -> ProxyHeader | None:
    """Read the header at the start of `data`; None when it is not complete yet.

    Raises:
        ProxyFault: it can never become one.
    """
    if data.startswith(_V1[: len(data)]):
        return _parse_v1(data)
    if data.startswith(_V2[: len(data)]):
        return _parse_v2(data)
    raise ProxyFault("the connection does not begin with a PROXY protocol header")


def _parse_v1(data: bytes) -> ProxyHeader | None:
    """Read `PROXY TCP4 client server port port` (§2.1)."""
    end = data.find(b"\r\n", 0, _V1_MAX)
    if end < 0:
        if len(data) >= _V1_MAX:
            raise ProxyFault("a PROXY line has at most 107 octets")
        return None
    words = data[:end].decode("ascii", "replace").split(" ")
    if words[1] == "UNKNOWN":
        return ProxyHeader(None, end + 2)
    if len(words) != 6:
        raise ProxyFault("a PROXY line has six words")
    _, family, client, server, client_port, server_port = words
    _check_ports(client_port, server_port)
    _parse_address(family, server)
    return ProxyHeader(_parse_address(family, client), end + 2)


def _parse_address(family: str, text: str) -> str:
    try:
        if family == "TCP4":
            return str(IPv4Address(text))
        if family == "TCP6" and "%" not in text:
            return _unmapped(IPv6Address(text))
    except ValueError as fault:
        raise ProxyFault("a PROXY line holds no valid address") from fault
    raise ProxyFault("a PROXY line is for TCP4 or TCP6")


def _check_ports(*ports: str) -> None:
    for port in ports:
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
            raise ProxyFault("a PROXY line holds no valid port")


def _parse_v2(data: bytes) -> ProxyHeader | None:
    """Read the binary header (§2.2); what follows the addresses (TLVs) is skipped."""
    if len(data) < _V2_FIXED:
        return None
    command, family = data[12], data[13]
    length = _V2_FIXED + int.from_bytes(data[14:16], "big")
    if length > MAX_HEADER:
        raise ProxyFault(f"a PROXY header has at most {MAX_HEADER} octets here")
    if command not in (_LOCAL, _PROXIED):
        raise ProxyFault("the PROXY header's version or command is unknown")
    if command == _PROXIED and length - _V2_FIXED < _ADDRESS_OCTETS.get(family, 1 << 16):
        raise ProxyFault("the PROXY header is not for TCP, or too short for its addresses")
    if len(data) < length:
        return None
    return ProxyHeader(None if command == _LOCAL else _v2_client(family, data), length)


def _v2_client(family: int, data: bytes) -> str:
    if family == _TCP4:
        return str(IPv4Address(data[16:20]))
    return _unmapped(IPv6Address(data[16:32]))


def _unmapped(address: IPv6Address) -> str:
    """Write an IPv4 address that came in IPv6 clothes as what it is (RFC 4291 §2.5.5.2)."""
    return str(address.ipv4_mapped or address)
