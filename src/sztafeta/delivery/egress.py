"""Egress: the address and name we send from, and the path (source × site) where limits live."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressSource:
    """A local address and EHLO name we send from."""

    name: str
    ehlo_name: str
    ipv4: str | None = None
    """Local address to bind for IPv4; None lets the system choose."""
    ipv6: str | None = None


@dataclass(frozen=True, slots=True)
class EgressPath:
    """Source × site: where limits and connections live."""

    source: str
    site: str
