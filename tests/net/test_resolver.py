"""Routes from a real name server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.doubles.manual_clock import ManualClock
from tests.doubles.zone_server import Misbehaviour, Records, ZoneServer

from sztafeta.delivery.route import Ourselves, Route, RouteRule
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.delivery.verdict import Failure, FailureKind
from sztafeta.net.clock import SystemClock
from sztafeta.net.resolver import DnsRouter, ResolverSettings

A, OTHER = "93.184.216.34", "93.184.216.35"
ZONE: Mapping[str, Records | Misbehaviour] = {
    "example.com": {"MX": ["20 mx2.example.com.", "10 mx1.example.com."]},
    "mx1.example.com": {"A": [A], "AAAA": ["2606:2800:220:1::1"]},
    "mx2.example.com": {"A": [OTHER]},
    "implicit.example": {"A": [A]},
    "empty.example": {"TXT": ['"nothing"']},
    "null.example": {"MX": ["0 ."]},
    "mixed.example": {"MX": ["0 .", "10 mx1.example.com."]},
    "alias.example": {"MX": ["10 cname.example."]},
    "cname.example": {"CNAME": ["mx1.example.com."]},
    "circle.example": {"MX": ["10 round.example.", "20 mx2.example.com."]},
    "round.example": {"CNAME": ["again.example."]},
    "again.example": {"CNAME": ["round.example."]},
    "lost.example": {"MX": ["10 gone.example.", "20 mx2.example.com."]},
    "onlylost.example": {"MX": ["10 gone.example."]},
    "sick.example": {"MX": ["10 servfail.example."]},
    "half.example": {"MX": ["10 servfail.example.", "20 mx2.example.com."]},
    "servfail.example": Misbehaviour.SERVFAIL,
    "refused.example": Misbehaviour.REFUSED,
    "formerr.example": Misbehaviour.FORMERR,
    "silent.example": Misbehaviour.SILENT,
    "big.example": Misbehaviour.TRUNCATED,
    "mx.example.org": {"A": [A]},
    "inside.example": {"MX": ["10 loopback.example."]},
    "loopback.example": {"A": ["127.0.0.1"], "AAAA": ["::1"]},
    "us.example": {"MX": ["10 mx.us.example."]},
    "mx.us.example": {"A": [A]},
    "many.example": {"MX": [f"{n} mx1.example.com." for n in range(1, 300)]},
}


def _router(server: ZoneServer, *rules: RouteRule, clock: ManualClock | None = None) -> DnsRouter:
    return DnsRouter(
        rules=rules,
        ourselves=Ourselves(names=frozenset({"mx.us.example"})),
        clock=clock or SystemClock(),
        settings=ResolverSettings(
            nameservers=(server.address,),
            timeout=timedelta(seconds=0.4),
            lifetime=timedelta(seconds=1),
        ),
    )


async def _route(domain: str, *rules: RouteRule) -> Route | Failure:
    async with ZoneServer(ZONE) as server:
        return await _router(server, *rules).route(domain)


def _hosts(found: Route | Failure) -> list[str]:
    assert isinstance(found, Route), found
    return [hop.host for hop in found.hops]


async def test_mx_hosts_come_in_order_with_both_families() -> None:
    """C-111."""
    found = await _route("example.com")
    assert _hosts(found) == ["mx1.example.com", "mx2.example.com"]
    assert isinstance(found, Route)
    assert found.hops[0].addresses == ("2606:2800:220:1::1", A)


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("nowhere.example", FailureKind.NO_SUCH_DOMAIN),
        ("empty.example", FailureKind.NO_MAIL_HOST),
        ("null.example", FailureKind.NULL_MX),
        ("onlylost.example", FailureKind.NO_MAIL_HOST),
        ("sick.example", FailureKind.DNS_TEMPORARY),
        ("servfail.example", FailureKind.DNS_TEMPORARY),
        ("refused.example", FailureKind.DNS_TEMPORARY),
        ("formerr.example", FailureKind.DNS_TEMPORARY),
        ("silent.example", FailureKind.DNS_TEMPORARY),
        ("inside.example", FailureKind.FORBIDDEN_ADDRESS),
        ("us.example", FailureKind.LOOP),  # R-67, C-114
    ],
)
async def test_what_dns_says_becomes_a_failure(domain: str, kind: FailureKind) -> None:
    found = await _route(domain)
    assert isinstance(found, Failure)
    assert found.kind is kind


@pytest.mark.parametrize(
    ("domain", "host"),
    [
        ("implicit.example", "implicit.example"),  # A without MX
        ("mixed.example", "mx1.example.com"),  # the dot is ignored
        ("alias.example", "cname.example"),  # MX to a CNAME
        ("circle.example", "mx2.example.com"),  # a circle is skipped
        ("lost.example", "mx2.example.com"),  # NXDOMAIN is skipped
        ("half.example", "mx2.example.com"),  # SERVFAIL is skipped
        ("big.example", "mx.example.org"),  # truncated, so TCP
    ],
)
async def test_the_usable_host_is_found(domain: str, host: str) -> None:
    assert _hosts(await _route(domain)) == [host]


async def test_too_many_records_are_cut() -> None:
    """R-66."""
    assert len(_hosts(await _route("many.example"))) <= 20


async def test_an_address_literal_needs_no_dns_and_is_judged_all_the_same() -> None:
    found = await _route("[93.184.216.34]")
    assert isinstance(found, Route)
    assert found.hops[0].addresses == (A,)
    inside = await _route("[127.0.0.1]")
    assert isinstance(inside, Failure)
    assert inside.kind is FailureKind.FORBIDDEN_ADDRESS


async def test_a_configured_route_comes_first_and_may_be_private() -> None:
    """R-67: unless a route says so."""
    rule = RouteRule(
        domains=("*.example",), host="127.0.0.1", port=2526, tls=TlsRequirement.ENCRYPTED
    )
    found = await _route("null.example", rule)
    assert isinstance(found, Route)
    hop = found.hops[0]
    assert (hop.addresses, hop.port, found.tls) == (
        ("127.0.0.1",),
        2526,
        TlsRequirement.ENCRYPTED,
    )
    assert hop.is_configured
    found = await _route("example.com", rule)
    assert isinstance(found, Route)
    assert not any(one.is_configured for one in found.hops)


@pytest.mark.parametrize("host", ["gone.example", "empty.example"])
async def test_a_route_s_missing_host_is_the_operator_s_mistake_and_not_the_domain_s(
    host: str,
) -> None:
    found = await _route("example.com", RouteRule(domains=("*",), host=host))
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.NO_SUCH_HOP
    assert host in found.text
    assert "route" in found.text


async def test_a_route_s_host_that_dns_cannot_tell_is_dns_trouble() -> None:
    found = await _route("example.com", RouteRule(domains=("*",), host="servfail.example"))
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.DNS_TEMPORARY


async def test_an_answer_is_kept_for_its_ttl_and_asked_again_after_it() -> None:
    """R-69."""
    clock = ManualClock()
    async with ZoneServer(ZONE, ttl=0) as server:
        router = _router(server, clock=clock)
        await router.route("example.com")
        server.zone["example.com"] = {"MX": ["10 mx2.example.com."]}
        clock.advance(timedelta(seconds=29))
        assert len(_hosts(await router.route("example.com"))) == 2
        clock.advance(timedelta(seconds=2))
        assert _hosts(await router.route("example.com")) == ["mx2.example.com"]


async def test_one_domain_is_asked_for_once_however_many_wait() -> None:
    async with ZoneServer(ZONE) as server:
        router = _router(server)
        await asyncio.gather(*(router.route("example.com") for _ in range(50)))
        assert server.questions.count(("example.com", "MX")) == 1


async def test_a_ttl_of_nothing_is_kept_for_half_a_minute() -> None:
    """R-69."""
    async with ZoneServer(ZONE, ttl=0) as server:
        found = await _router(server).route("example.com")
        assert isinstance(found, Route)
        assert found.valid_for_seconds == 30


async def test_a_domain_that_comes_back_is_found_again_soon() -> None:
    """R-61: recovery within five minutes."""
    clock = ManualClock()
    async with ZoneServer(ZONE) as server:
        router = _router(server, clock=clock)
        assert isinstance(await router.route("servfail.example"), Failure)
        server.zone["servfail.example"] = {"MX": ["10 mx1.example.com."]}
        clock.advance(timedelta(seconds=31))
        assert _hosts(await router.route("servfail.example")) == ["mx1.example.com"]


async def test_odd_names_are_temporary_trouble_and_never_an_exception() -> None:
    """R-68."""
    for domain in ("a" * 64 + ".example", "..", "a..b", "\x00.example"):
        found = await _route(domain)
        assert isinstance(found, Failure)


async def test_domains_that_failed_before_leave_places_for_the_others() -> None:
    """R-61: a crowd of dead name servers does not keep a healthy domain from being looked up."""
    dead = ("one.example", "two.example", "three.example")
    async with ZoneServer(ZONE | dict.fromkeys(dead, Misbehaviour.SERVFAIL)) as server:
        clock = ManualClock()
        router = DnsRouter(
            rules=(),
            ourselves=Ourselves(),
            clock=clock,
            settings=ResolverSettings(nameservers=(server.address,), in_flight=2),
        )
        for domain in dead:
            assert isinstance(await router.route(domain), Failure)
        clock.advance(timedelta(seconds=31))
        server.zone |= dict.fromkeys(dead, Misbehaviour.SILENT)
        again = [asyncio.ensure_future(router.route(domain)) for domain in dead]
        await asyncio.sleep(0)
        healthy = asyncio.ensure_future(router.route("example.com"))
        await asyncio.wait([healthy, *again], return_when=asyncio.FIRST_COMPLETED)
        assert healthy.done()
        assert not any(look_up.done() for look_up in again)
        for look_up in again:
            look_up.cancel()
