"""Addresses, ports, domains and names of hosts as people write them, and what to say when they cannot be."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from sztafeta.mail.address import AddressFault, parse_domain

LAST_PORT = 65535


def parse_address(written: str) -> str:
    """Read an IP address.

    Raises:
        ValueError: it is none.
    """
    if not _is_address(written):
        examples = "write for example 127.0.0.1, 0.0.0.0 or ::"
        raise ValueError(f"{written!r} is not an IP address; {examples}")
    return written


def parse_port(written: Any) -> int:
    """Read a port to listen on; 0 lets the system choose.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"[0-9]{1,5}", str(written)) or int(written) > LAST_PORT:
        raise ValueError(f"{written!r} is not a port; write a number from 0 to 65535")
    return int(written)


def parse_peer_port(written: Any) -> int:
    """Read a port of somebody else's, to which we connect.

    Raises:
        ValueError: it is none.
    """
    if not (port := parse_port(written)):
        raise ValueError("0 is not a port that can be reached; write a number from 1 to 65535")
    return port


def parse_host_name(written: str) -> str:
    """Read a host name (RFC 5321 §2.3.5), with the underscores that some machines have in theirs.

    Raises:
        ValueError: it is none.
    """
    label = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    if len(written) > 253 or not re.fullmatch(rf"{label}(?:\.{label})*", written):
        raise ValueError(f"{written!r} is not a host name; write for example mail.example.com")
    return written


def parse_host(written: str) -> str:
    """Read the name or address of a host; a name becomes lower-case A-labels.

    Raises:
        ValueError: it is neither.
    """
    if _is_address(written):
        return written
    name = written.removesuffix(".").lower()
    try:
        host = parse_host_name(name) if name.isascii() else parse_domain(name)
        if host.rpartition(".")[2].isdigit():  # no top-level domain is a number (RFC 3696 §2)
            raise ValueError(host)
    except ValueError:
        examples = "write for example smtp.example.com, 192.0.2.7 or 2001:db8::7"
        raise ValueError(f"{written!r} is not a host; {examples}") from None
    return host


def parse_name_server(written: str) -> str:
    """Read `address` or `address:port`, where an IPv6 address with a port stands in brackets.

    Raises:
        ValueError: it is neither.
    """
    found = re.fullmatch(r"(?:\[(?P<v6>.*:.*)\]|(?P<v4>[^:]*))(?P<port>:[0-9]{1,5})?", written)
    address, port = (found["v6"] or found["v4"], found["port"]) if found else (written, None)
    if not _is_address(address) or (port and not 0 < int(port[1:]) <= LAST_PORT):
        examples = "write for example 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353"
        raise ValueError(f"{written!r} is not a name server's address; {examples}")
    return written


def parse_domain_pattern(written: str) -> str:
    """Read which domains a route is for, in the form in which mail names them: lower-case A-labels.

    Raises:
        ValueError: it is neither a domain nor `*.` before one nor `*`.
    """
    if written == "*":
        return written
    below = "*." if written.startswith("*.") and not written.startswith("*.[") else ""
    try:
        return below + parse_domain(written.removeprefix(below))
    except AddressFault:
        examples = "write for example example.com, *.example.com, [192.0.2.7] or *"
        raise ValueError(f"{written!r} is not a domain; {examples}") from None


def _is_address(written: str) -> bool:
    try:
        ip_address(written)
    except ValueError:
        return False
    return True


Port = Annotated[int, BeforeValidator(parse_port)]
PeerPort = Annotated[int, BeforeValidator(parse_peer_port)]
Address = Annotated[str, AfterValidator(parse_address)]
HostName = Annotated[str, AfterValidator(parse_host_name)]
Host = Annotated[str, AfterValidator(parse_host)]
NameServer = Annotated[str, AfterValidator(parse_name_server)]
DomainPattern = Annotated[str, AfterValidator(parse_domain_pattern)]
