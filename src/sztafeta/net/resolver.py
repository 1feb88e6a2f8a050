"""Routes from DNS: MX, addresses, and a cache that lives as long as the answers say.

`DnsRouter` implements `ports.Router`: a configured route first, then MX with dnspython. Look-ups of one
domain are shared, bounded in number and in time; what DNS says becomes a `Route` or a `Failure`, never an
exception.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from sztafeta.delivery.route import (
    Hop,
    MxHost,
    Ourselves,
    Route,
    RouteRule,
    plan_route,
)
from sztafeta.delivery.verdict import Failure, FailureKind
from sztafeta.service.ports import Clock

SHORTEST_TTL, LONGEST_TTL = 30.0, 86_400.0
"""Seconds an answer is kept at least and at most (R-69)."""
NEGATIVE_TTL = 300.0
"""Seconds a domain that does not exist is remembered."""
TEMPORARY_TTL = 30.0
"""Seconds a failing look-up is remembered, so that a queue does not hammer a name server."""
MOST_RECORDS = 100
MOST_DOMAINS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverSettings:
    """How to ask."""

    nameservers: tuple[str, ...] = ()
    """`address` or `address:port`; none means the system's."""
    timeout: timedelta = timedelta(seconds=5)
    lifetime: timedelta = timedelta(seconds=20)
    in_flight: int = 50


class DnsRouter:
    """Finds where a domain's mail goes."""

    def __init__(
        self,
        *,
        rules: Sequence[RouteRule],
        ourselves: Ourselves,
        clock: Clock,
        settings: ResolverSettings | None = None,
    ) -> None:
        self._rules = tuple(rules)
        self._ourselves = ourselves
        self._clock = clock
        self._settings = settings or ResolverSettings()
        self._resolver = make_resolver(self._settings)
        self._places = asyncio.Semaphore(self._settings.in_flight)
        self._places_of_failing = asyncio.Semaphore(max(1, self._settings.in_flight // 2))
        """Domains that could not be looked up last time leave the other half to all others."""
        self._known: OrderedDict[str, tuple[Route | Failure, datetime]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Route | Failure]] = {}

    async def route(self, domain: str) -> Route | Failure:
        """Give the route, cached for its lifetime; never raises for what DNS says."""
        known = self._known.get(domain)
        now = self._clock.now()
        if known is not None and now < known[1]:
            self._known.move_to_end(domain)
            return _with_life_left(known[0], known[1] - now)
        asking = self._asking.get(domain)
        if asking is None:
            asking = asyncio.ensure_future(self._ask(domain))
            self._asking[domain] = asking
            asking.add_done_callback(lambda done: self._asking.pop(domain, None))
        return await asyncio.shield(asking)

    async def _ask(self, domain: str) -> Route | Failure:
        """Look a domain up when there is a place for it, and remember what was found."""
        former = self._known.get(domain)
        if former is not None and _is_temporary(former[0]):
            async with self._places_of_failing:
                found, lifetime = await self._look_up(domain)
        else:
            found, lifetime = await self._look_up(domain)
        self._known[domain] = (found, self._clock.now() + timedelta(seconds=lifetime))
        while len(self._known) > MOST_DOMAINS:
            self._known.popitem(last=False)
        return found

    async def _look_up(self, domain: str) -> tuple[Route | Failure, float]:
        async with self._places:
            try:
                async with asyncio.timeout(self._settings.lifetime.total_seconds()):
                    return await self._find(domain)
            except TimeoutError:
                return _temporary(f"DNS did not answer for {domain}"), TEMPORARY_TTL

    async def _find(self, domain: str) -> tuple[Route | Failure, float]:
        """Look a domain up; give what it leads to and for how many seconds that stands."""
        for rule in self._rules:
            if rule.fits(domain):
                return await self._by_rule(rule)
        if domain.startswith("["):
            return self._by_literal(domain)
        return await self._by_mx(domain)

    # -- without MX ------------------------------------------------------------------------------

    async def _by_rule(self, rule: RouteRule) -> tuple[Route | Failure, float]:
        """Follow a configured route; it may lead to private addresses, because an operator chose it."""
        host = await self._addresses(0, rule.host)
        if not host.addresses:
            return _why_no_hop(rule.host, host.trouble), TEMPORARY_TTL
        hop = Hop(host=rule.host, addresses=host.addresses, port=rule.port, is_configured=True)
        site = f"{rule.host}:{rule.port}"
        route = Route(site=site, hops=(hop,), valid_for_seconds=NEGATIVE_TTL, tls=rule.tls)
        return route, NEGATIVE_TTL

    def _by_literal(self, domain: str) -> tuple[Route | Failure, float]:
        """Read an address literal (RFC 5321 §4.1.3); it is planned like any host."""
        address = domain.strip("[]")
        if address.lower().startswith("ipv6:"):
            address = address[5:]
        host = MxHost(preference=0, host=domain, addresses=(address,))
        return self._plan([host], LONGEST_TTL), LONGEST_TTL

    # -- by MX -----------------------------------------------------------------------------------

    async def _by_mx(self, domain: str) -> tuple[Route | Failure, float]:
        answer = await self._query(domain, dns.rdatatype.MX)
        if isinstance(answer, Failure):
            return answer, _lifetime_of(answer)
        if answer is None:  # RFC 5321 §5.1: no MX, so the domain's own address
            hosts, ttl = [await self._addresses(0, domain)], NEGATIVE_TTL
        else:
            ttl = _clamp(float(answer.rrset.ttl if answer.rrset is not None else 0))
            hosts = await self._resolve(_mx_records(answer))
        found = self._plan(hosts, ttl)
        return found, (ttl if isinstance(found, Route) else _lifetime_of(found))

    async def _resolve(self, records: Sequence[tuple[int, str]]) -> list[MxHost]:
        """Look up the hosts' addresses, all beside one another."""
        named = [(preference, host) for preference, host in records if host]
        if not named:  # only the null MX is left (RFC 7505 §3)
            return [MxHost(preference=0, host="")]
        named.sort(key=lambda record: record[0])
        looked_up = (self._addresses(preference, host) for preference, host in named[:20])
        return list(await asyncio.gather(*looked_up))

    async def _addresses(self, preference: int, host: str) -> MxHost:
        """Look up a host's IPv6 and IPv4 addresses, the first of each taking turns."""
        if _is_address(host):
            return MxHost(preference=preference, host=host, addresses=(host,))
        v6, v4 = await asyncio.gather(
            self._query(host, dns.rdatatype.AAAA), self._query(host, dns.rdatatype.A)
        )
        addresses = _take_turns(_texts(v6), _texts(v4))
        trouble = next((one for one in (v6, v4) if isinstance(one, Failure)), None)
        return MxHost(preference=preference, host=host, addresses=addresses, trouble=trouble)

    def _plan(self, hosts: Sequence[MxHost], ttl: float) -> Route | Failure:
        shuffle = random.SystemRandom().shuffle
        return plan_route(hosts, ourselves=self._ourselves, valid_for_seconds=ttl, shuffle=shuffle)

    async def _query(
        self, name: str, kind: dns.rdatatype.RdataType
    ) -> dns.resolver.Answer | Failure | None:
        """Ask one question; None means that the name exists without such a record."""
        try:
            return await self._resolver.resolve(
                dns.name.from_text(name), kind, lifetime=self._settings.timeout.total_seconds() * 2
            )
        except dns.resolver.NoAnswer:
            return None
        except dns.resolver.NXDOMAIN:
            return Failure(FailureKind.NO_SUCH_DOMAIN, f"{name} does not exist in DNS")
        except (dns.exception.DNSException, OSError, UnicodeError, ValueError) as trouble:
            return _temporary(f"DNS failed for {name}: {type(trouble).__name__}")


def make_resolver(settings: ResolverSettings) -> dns.asyncresolver.Resolver:
    """Give a resolver that asks as the settings say."""
    resolver = dns.asyncresolver.Resolver(configure=not settings.nameservers)
    resolver.timeout = settings.timeout.total_seconds()
    resolver.lifetime = settings.lifetime.total_seconds()
    resolver.cache = dns.resolver.LRUCache(MOST_DOMAINS)
    if settings.nameservers:
        asked = [_server(written) for written in settings.nameservers]
        resolver.nameservers = [address for address, _ in asked]
        resolver.nameserver_ports = dict(asked)
    return resolver


def _server(written: str) -> tuple[str, int]:
    if written.count(":") == 1:
        address, _, port = written.partition(":")
        return address, int(port)
    if written.startswith("["):
        address, _, port = written[1:].partition("]")
        return address, int(port.lstrip(":") or 53)
    return written, 53


def _mx_records(answer: dns.resolver.Answer) -> list[tuple[int, str]]:
    """Read MX records, at most a hundred (R-66); the null MX is an empty name."""
    records = [
        (int(record.preference), record.exchange.to_text(omit_final_dot=True).lower())
        for record in list(answer)[:MOST_RECORDS]
    ]
    return [(preference, "" if host in (".", "@") else host) for preference, host in records]


def _texts(answer: dns.resolver.Answer | Failure | None) -> list[str]:
    if answer is None or isinstance(answer, Failure):
        return []
    return [record.address for record in answer]


def _take_turns(first: list[str], second: list[str]) -> tuple[str, ...]:
    """Mix two families, so that a dead one costs one try and not all of them (C-111)."""
    longest = max(len(first), len(second))
    pairs = (pair for n in range(longest) for pair in (first[n : n + 1], second[n : n + 1]))
    return tuple(address for pair in pairs for address in pair)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _why_no_hop(host: str, trouble: Failure | None) -> Failure:
    """Tell DNS that gives no answer from a route that is wrong; the recipient's domain is not at fault."""
    if trouble is not None and _is_temporary(trouble):
        return trouble
    text = f"{host}, to which a configured route leads, has no address in DNS: the route is wrong"
    return Failure(FailureKind.NO_SUCH_HOP, text)


def _temporary(text: str) -> Failure:
    return Failure(FailureKind.DNS_TEMPORARY, text)


def _is_temporary(found: Route | Failure) -> bool:
    return isinstance(found, Failure) and found.kind is FailureKind.DNS_TEMPORARY


def _lifetime_of(failure: Failure) -> float:
    return TEMPORARY_TTL if _is_temporary(failure) else NEGATIVE_TTL


def _clamp(ttl: float) -> float:
    return min(max(ttl, SHORTEST_TTL), LONGEST_TTL)


def _with_life_left(found: Route | Failure, left: timedelta) -> Route | Failure:
    if isinstance(found, Failure):
        return found
    return replace(found, valid_for_seconds=left.total_seconds())
