"""A zone's own servers and the caches, each a name server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
import pytest_asyncio
from tests.doubles.zone_server import Misbehaviour, ZoneServer

from sztafeta.account.dns_records import RecordType
from sztafeta.account.record_check import UNKNOWN, Seen
from sztafeta.net.resolver import ResolverSettings
from sztafeta.net.zones import DnsZones
from sztafeta.service.ports import Zone

SOA = "ns1.example.com. postmaster.example.com. 1 3600 600 86400 120"
ABOVE = {
    "example.com": {
        "SOA": [SOA],
        "NS": ["ns1.example.com.", "ns2.example.com."],
    },
    "ns1.example.com": {"A": ["127.0.0.2"]},
    "ns2.example.com": {"A": ["127.0.0.3"]},
    "keys.example.net": {"TXT": ['"v=DKIM1; " "p=abc"']},
}


class Names:
    """A resolver, and two servers of example.com on the same port."""

    resolver: ZoneServer
    first: ZoneServer
    second: ZoneServer

    def zones(self, *, asks_private: bool = True) -> DnsZones:
        settings = ResolverSettings(
            nameservers=(self.resolver.address,), lifetime=timedelta(seconds=2)
        )
        return DnsZones(settings, port=self.first.port, asks_private=asks_private)


@pytest_asyncio.fixture
async def names() -> AsyncIterator[Names]:
    made, zone = Names(), {"example.com": {"SOA": [SOA]}}
    async with AsyncExitStack() as stack:
        made.resolver = await stack.enter_async_context(ZoneServer(ABOVE))
        made.first = await stack.enter_async_context(
            ZoneServer(zone, address="127.0.0.2", is_authoritative=True)
        )
        made.second = await stack.enter_async_context(
            ZoneServer(zone, address="127.0.0.3", port=made.first.port, is_authoritative=True)
        )
        yield made


async def test_a_name_leads_to_its_zone_and_the_servers_of_it(names: Names) -> None:
    assert await names.zones().zone_of("shop.example.com") == Zone(
        apex="example.com",
        servers=("ns1.example.com", "ns2.example.com"),
        addresses=("127.0.0.2", "127.0.0.3"),
    )


async def test_servers_inside_our_own_network_are_not_asked(names: Names) -> None:
    """W-10: whoever owns a zone says where its servers are."""
    zones = names.zones(asks_private=False)
    zone = await zones.zone_of("shop.example.com")
    assert zone.servers == ("ns1.example.com", "ns2.example.com")
    assert zone.addresses == ()
    assert await zones.at_zone(zone, "shop.example.com", RecordType.TXT) == UNKNOWN
    assert names.first.questions == names.second.questions == []


async def test_the_zone_knows_before_the_caches_do(names: Names) -> None:
    zones = names.zones()
    zone = await zones.zone_of("example.com")
    names.first.zone["new.example.com"] = {"TXT": ['"x"']}
    assert await zones.at_zone(zone, "new.example.com", RecordType.TXT) == Seen(
        texts=("x",), ttl=300
    )
    assert await zones.in_caches("new.example.com", RecordType.TXT) == Seen(ttl=120)


@pytest.mark.parametrize("trouble", [Misbehaviour.SERVFAIL, Misbehaviour.REFUSED])
async def test_another_server_is_asked_when_one_does_not_answer(
    names: Names, trouble: Misbehaviour
) -> None:
    names.first.zone["new.example.com"] = trouble
    names.second.zone["new.example.com"] = {"TXT": ['"x"']}
    zones = names.zones()
    zone = await zones.zone_of("example.com")
    assert (await zones.at_zone(zone, "new.example.com", RecordType.TXT)).texts == ("x",)


async def test_a_server_that_does_not_serve_the_zone_is_no_witness(names: Names) -> None:
    """A lame delegation: it answers from a cache of its own."""
    names.first.is_authoritative = False
    names.first.zone["new.example.com"] = {"TXT": ['"of yesterday"']}
    zones = names.zones()
    zone = await zones.zone_of("example.com")
    assert await zones.at_zone(zone, "new.example.com", RecordType.TXT) == Seen(ttl=120)


async def test_an_alias_out_of_the_zone_is_followed(names: Names) -> None:
    """Keys that the operator keeps: the customer's zone only points there."""
    names.first.zone["s1.example.com"] = {"CNAME": ["keys.example.net."]}
    zones = names.zones()
    zone = await zones.zone_of("example.com")
    assert await zones.at_zone(zone, "s1.example.com", RecordType.TXT) == Seen(
        texts=("v=DKIM1; p=abc",), alias="keys.example.net", ttl=300
    )
    assert (await zones.at_zone(zone, "s1.example.com", RecordType.CNAME)).texts == ()


async def test_nothing_follows_from_silence(names: Names) -> None:
    names.resolver.zone["ill.example.com"] = Misbehaviour.SERVFAIL
    assert await names.zones().in_caches("ill.example.com", RecordType.TXT) == UNKNOWN
    names.resolver.zone["example.org"] = Misbehaviour.SERVFAIL
    assert await names.zones().zone_of("example.org") == Zone()


async def test_long_texts_of_strangers_are_cut(names: Names) -> None:
    names.first.zone["big.example.com"] = {"TXT": [" ".join(['"' + "x" * 250 + '"'] * 40)] * 1}
    zones = names.zones()
    zone = await zones.zone_of("example.com")
    (text,) = (await zones.at_zone(zone, "big.example.com", RecordType.TXT)).texts
    assert len(text) == 4096
