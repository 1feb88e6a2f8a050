"""Routes: which hops may take a domain's mail, in which order, and under which site's limits."""

from __future__ import annotations

from dataclasses import dataclass

from sztafeta.delivery.tls_policy import TlsRequirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One host we may try, with its addresses in the order to try them."""

    host: str
    """A-label name, or an address literal's address when the route names one."""
    addresses: tuple[str, ...]
    port: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a domain's mail goes now."""

    site: str
    """The receivers behind one set of MX hosts, by which limits and connections are kept."""
    hops: tuple[Hop, ...]
    """In the order to try; equal preferences already shuffled (RFC 5321 §5.1)."""
    valid_for_seconds: float
    tls: TlsRequirement = TlsRequirement.OPPORTUNISTIC
    """What the hops must prove; a configured route may ask for more or less."""
