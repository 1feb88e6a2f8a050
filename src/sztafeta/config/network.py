"""Addresses, ports, domains and names of hosts as people write them, and what to say when they cannot be."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from sztafeta.mail.address import AddressFault, parse_domain


def parse_address(written: str) -> str:
    """Read an IP address.

    Raises:
        ValueError: it is none.
    """
    try:
        ip_address(written)
    except ValueError:
        text = f"{written!r} is not an IP address; write for example 127.0.0.1, 0.0.0.0 or ::"
        raise ValueError(text) from None
    return written


def parse_port(written: Any) -> int:
    """Read a port to listen on; 0 lets the system choose.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"[0-9]{1,5}", str(written)) or int(written) > 65535:
        raise ValueError(f"{written!r} is not a port; write a number from 0 to 65535")
    return int(written)


def parse_host_name(written: str) -> str:
    """Read a host name (RFC 5321 §2.3.5), with the underscores that some machines have in theirs.

    Raises:
        ValueError: it is none.
    """
    label = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    if len(written) > 253 or not re.fullmatch(rf"{label}(?:\.{label})*", written):
        raise ValueError(f"{written!r} is not a host name; write for example mail.example.com")
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


Port = Annotated[int, BeforeValidator(parse_port)]
Address = Annotated[str, AfterValidator(parse_address)]
HostName = Annotated[str, AfterValidator(parse_host_name)]
DomainPattern = Annotated[str, AfterValidator(parse_domain_pattern)]
