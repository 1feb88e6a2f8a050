"""Routes: which hops may take a domain's mail, in which order, and under which site's limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sztafeta.delivery.forbidden import is_forbidden
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.delivery.verdict import Failure, FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One host we may try, with its addresses in the order to try them."""

    host: str
    """A-label name, or an address literal's address when the route names one."""
    addresses: tuple[str, ...]
    port: int = 25
    is_configured: bool = False
    """A configured route names it: it may be anywhere (R-67)."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """A configured route: a smarthost for some domains, instead of their MX."""

    domains: tuple[str, ...]
    """Exact names as A-labels, `*.example.com` for what is below it, `*` for every domain."""
    host: str
    port: int = 25
    tls: TlsRequirement = TlsRequirement.OPPORTUNISTIC

    def fits(self, domain: str) -> bool:
        """Say whether the rule is for a domain."""
        return any(_matches(pattern, domain) for pattern in self.domains)


def _matches(pattern: str, domain: str) -> bool:
    if pattern.startswith("*."):
        return domain.endswith(pattern[1:])
    return pattern in ("*", domain)


@dataclass(frozen=True, slots=True, kw_only=True)
class MxHost:
    """One MX record (RFC 1035 §3.3.9) with what its host resolved to."""

    preference: int
    host: str
    addresses: tuple[str, ...] = ()
    """IPv6 and IPv4; empty when the host does not resolve."""
    trouble: Failure | None = None
    """Why there is no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ourselves:
    """What must not be mailed to: our own names and addresses."""

    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()

    def owns(self, mx: MxHost) -> bool:
        """Say whether an MX host is us."""
        return mx.host in self.names or not self.addresses.isdisjoint(mx.addresses)


def plan_route(
    mx_hosts: Sequence[MxHost],
    *,
    ourselves: Ourselves,
    valid_for_seconds: float,
    shuffle: Callable[[list[MxHost]], None],
) -> Route | Failure:
    """Order the MX hosts into a route, or say why there is none.

    Better preferences come first, equal ones as `shuffle` leaves them. Where we are among the hosts, only
    better ones than us remain (RFC 5321 §5.1). Addresses that no public receiver can have are dropped.
    """
    hosts = [mx for mx in mx_hosts if mx.host][:MOST_HOSTS]
    if not hosts and mx_hosts:
        return NULL_MX  # RFC 7505 §3
    shuffle(hosts)
    hosts.sort(key=lambda mx: mx.preference)
    own = [mx.preference for mx in hosts if ourselves.owns(mx)]
    if own:
        hosts = [mx for mx in hosts if mx.preference < min(own)]
        if not hosts:
            return LOOP
    hops = tuple(hop for mx in hosts if (hop := _hop(mx)) is not None)
    if not hops:
        return _why_no_hop(hosts)
    site = ",".join(sorted({hop.host for hop in hops}))
    return Route(site=site, hops=hops, valid_for_seconds=valid_for_seconds)


def _hop(mx: MxHost) -> Hop | None:
    allowed = tuple(address for address in mx.addresses if not is_forbidden(address))
    return Hop(host=mx.host, addresses=allowed[:MOST_ADDRESSES]) if allowed else None


def _why_no_hop(hosts: Sequence[MxHost]) -> Failure:
    """Give the class of the worst: what may pass counts before what will not."""
    if any(mx.addresses for mx in hosts):
        return FORBIDDEN
    troubles = [mx.trouble for mx in hosts if mx.trouble is not None]
    for trouble in troubles:
        if trouble.kind is FailureKind.DNS_TEMPORARY:
            return trouble
    return NO_MAIL_HOST


MOST_HOSTS = 20
"""Hosts of one domain that are considered (R-66)."""
MOST_ADDRESSES = 10
"""Addresses of one host that are tried."""

NULL_MX = Failure(FailureKind.NULL_MX, "the domain takes no mail (null MX)")
LOOP = Failure(FailureKind.LOOP, "the domain's best MX is this host")
FORBIDDEN = Failure(FailureKind.FORBIDDEN_ADDRESS, "the domain's hosts have no public address")
NO_MAIL_HOST = Failure(FailureKind.NO_MAIL_HOST, "the domain has no host that takes mail")
