"""Records of domains, looked for on real sockets: the zone's own server, a cache, and what follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio
from tests.doubles.manual_clock import ManualClock
from tests.doubles.zone_server import Misbehaviour, ZoneServer

from sztafeta.account.dns_records import OurNames, Purpose, expected_records
from sztafeta.account.domain_watch import News, WatchPlan
from sztafeta.account.record_check import CheckState, Mistake
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.net.resolver import ResolverSettings
from sztafeta.net.texts import DnsTexts
from sztafeta.net.zones import DnsZones
from sztafeta.service.domain_records import DomainRecords, DomainReport
from sztafeta.service.fault import Refusal
from sztafeta.service.sending_domains import SendingDomains
from sztafeta.service.shared_records import OPEN_FOR, SharedRecords
from sztafeta.store.open import open_store
from sztafeta.workers.domain_watch import DomainWatch

SOA = "ns.shop.example. postmaster.shop.example. 1 3600 600 86400 120"
OURS = OurNames(spf=("include:spf.host.example",))
ALICE, CHARLIE = 1, 2


class House:
    """shop.example with its own name server, a cache that everybody else asks, and Alice's claim."""

    def __init__(self, cache: ZoneServer, server: ZoneServer, store: Any) -> None:
        self.cache, self.server, self.store = cache, server, store
        self.clock = ManualClock()
        self.news: list[News] = []
        settings = ResolverSettings(
            nameservers=(cache.address,),
            timeout=timedelta(seconds=1),
            lifetime=timedelta(seconds=1),
        )
        self.domains = SendingDomains(
            administration=store.accounts, texts=DnsTexts(settings), clock=self.clock
        )
        self.records = DomainRecords(
            domains=self.domains,
            administration=store.accounts,
            checks=store.record_checks,
            zones=DnsZones(settings, port=server.port, asks_private=True),
            ours=OURS,
            plan=WatchPlan(),
            clock=self.clock,
            tell=lambda domain, news: self.news.append(news),
        )
        self.shared = SharedRecords(tickets=store.tickets, records=self.records, clock=self.clock)
        self.watch = DomainWatch(
            records=self.records,
            checks=store.record_checks,
            clock=self.clock,
            on_trouble=lambda what, why: None,
        )

    async def claim(self) -> SendingDomain:
        made = await self.domains.claim(ALICE, "shop.example")
        assert isinstance(made, SendingDomain)
        return made

    def publish(self, domain: SendingDomain, *, in_caches: bool = True) -> None:
        """Put a domain's records into its zone, as its owner does."""
        for record in expected_records(domain, OURS):
            pieces = [record.value[at : at + 250] for at in range(0, len(record.value), 250)]
            answer = {"TXT": [" ".join(f'"{piece}"' for piece in pieces)]}
            for zone in (self.server.zone, self.cache.zone) if in_caches else (self.server.zone,):
                zone[record.name] = {**zone.get(record.name, {}), **answer}

    def forget(self, domain: SendingDomain, purpose: Purpose = Purpose.DKIM) -> None:
        for record in expected_records(domain, OURS):
            if record.purpose is purpose:
                self.server.zone.pop(record.name, None)
                self.cache.zone.pop(record.name, None)

    async def look(self) -> DomainReport:
        self.clock.advance(timedelta(seconds=10))
        report = await self.records.look(ALICE, "shop.example")
        assert isinstance(report, DomainReport)
        return report


def states(report: DomainReport) -> list[CheckState | None]:
    return [row.kept.state if row.kept else None for row in report.rows]


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    apex = {"SOA": [SOA], "NS": ["ns.shop.example."]}
    above = {
        "shop.example": apex,
        "ns.shop.example": {"A": ["127.0.0.2"]},
        "example": {"SOA": [SOA]},
    }
    async with AsyncExitStack() as stack:
        cache = await stack.enter_async_context(ZoneServer(above))
        server = await stack.enter_async_context(
            ZoneServer({"shop.example": apex}, address="127.0.0.2", is_authoritative=True)
        )
        store = await open_store(None, tmp_path / "data", i_know=True)
        stack.push_async_callback(store.close)
        made = House(cache, server, store)
        for name in ("Alice", "Charlie"):
            await store.accounts.create_customer(name, now=made.clock.now())
        yield made


async def test_a_record_that_the_zone_has_verifies_though_caches_do_not_know(house: House) -> None:
    """Whoever published it sees it within seconds; the selectors never stood in DNS before."""
    house.publish(await house.claim(), in_caches=False)
    report = await house.look()
    assert set(states(report)) == {CheckState.AT_ZONE}
    assert report.domain.is_verified
    assert len(report.domain.keys) == 2
    assert next(row.kept.ttl for row in report.rows if row.kept) == 120
    assert house.news == [News.VERIFIED]
    house.publish(report.domain)
    assert set(states(await house.look())) == {CheckState.OK}


async def test_what_was_seen_is_still_known_on_the_next_visit(house: House) -> None:
    house.publish(await house.claim())
    await house.look()
    kept = await house.records.kept(ALICE, "shop.example")
    assert isinstance(kept, DomainReport)
    assert (kept.is_in_order, kept.zone.apex) == (True, "shop.example")
    assert kept.zone.servers == ("ns.shop.example",)
    assert [one.is_in_order for one in await house.records.all_of(ALICE)] == [True]


async def test_two_looks_within_three_seconds_are_one(house: House) -> None:
    await house.claim()
    await house.look()
    asked = len(house.cache.questions)
    await house.records.look(ALICE, "shop.example")
    assert len(house.cache.questions) == asked


async def test_mistakes_are_found_where_they_were_made(house: House) -> None:
    domain = await house.claim()
    rsa, ed25519, _, dmarc = expected_records(domain, OURS)
    zone = house.server.zone
    twice = f"{ed25519.name}.shop.example"
    zone[twice] = {"TXT": [f'"{ed25519.value}"']}
    zone[rsa.name] = {"TXT": [f'"{rsa.value[:255]}"']}
    zone["dmarc.shop.example"] = {"TXT": [f'"{dmarc.value}"']}
    zone["shop.example"] = {**zone["shop.example"], "TXT": ['"v=spf1 mx -all"', '"v=spf1 a -all"']}
    mistakes = [row.kept.mistake for row in (await house.look()).rows if row.kept]
    assert mistakes == [Mistake.CUT, Mistake.DOMAIN_TWICE, Mistake.TWO_SPF, Mistake.NO_UNDERSCORE]


async def test_a_wildcard_is_told_from_a_record(house: House) -> None:
    await house.claim()
    house.server.zone["*.shop.example"] = {"TXT": ['"parked"']}
    report = await house.look()
    assert [row.kept.mistake for row in report.rows if row.kept][:2] == [Mistake.WILDCARD] * 2


async def test_an_spf_record_that_costs_too_much_is_counted_to_its_end(house: House) -> None:
    domain = await house.claim()
    house.publish(domain)
    others = " ".join(f"include:s{n}.example" for n in range(5))
    long = f'"v=spf1 {others} include:spf.host.example ~all"'
    house.server.zone["shop.example"] = {**house.server.zone["shop.example"], "TXT": [long]}
    for n in range(5):
        house.cache.zone[f"s{n}.example"] = {"TXT": ['"v=spf1 a -all"']}
    spf = next(row for row in (await house.look()).rows if row.record.purpose is Purpose.SPF)
    assert spf.kept
    assert spf.kept.mistake is Mistake.TOO_MANY_LOOK_UPS


async def test_an_spf_record_that_leads_to_itself_comes_to_an_end(house: House) -> None:
    domain = await house.claim()
    house.publish(domain)
    house.cache.zone["spf.host.example"] = {"TXT": ['"v=spf1 include:spf.host.example -all"']}
    spf = next(row for row in (await house.look()).rows if row.record.purpose is Purpose.SPF)
    assert spf.is_right


# -- the watch -----------------------------------------------------------------------------------


async def test_a_proof_that_vanished_is_told_at_once_and_counts_for_a_while(house: House) -> None:
    """S-48: within a day of its vanishing no mail is sent from the domain."""
    house.publish(await house.claim())
    domain = (await house.look()).domain
    house.forget(domain)
    report = await house.look()
    assert states(report)[:2] == [CheckState.GONE] * 2
    assert (report.domain.is_verified, report.proof_gone_since) == (True, house.clock.now())
    assert house.news == [News.VERIFIED, News.BROKEN]
    house.clock.advance(timedelta(hours=11))
    assert (await house.look()).domain.is_verified
    house.clock.advance(timedelta(hours=1))
    report = await house.look()
    assert (report.domain.is_verified, report.domain.keys) == (False, ())
    assert house.news[-1] is News.WITHDRAWN


async def test_a_proof_that_comes_back_counts_again(house: House) -> None:
    house.publish(await house.claim())
    domain = (await house.look()).domain
    house.forget(domain)
    await house.look()
    house.clock.advance(timedelta(hours=13))
    assert not (await house.look()).domain.is_verified
    house.publish(domain)
    report = await house.look()
    assert (report.domain.is_verified, report.broken_since) == (True, None)
    assert house.news[-2:] == [News.VERIFIED, News.MENDED]


async def test_silence_of_name_servers_proves_nothing(house: House) -> None:
    house.publish(await house.claim())
    domain = (await house.look()).domain
    for record in expected_records(domain, OURS):
        house.server.zone[record.name] = house.cache.zone[record.name] = Misbehaviour.SERVFAIL
    await house.look()
    house.clock.advance(timedelta(days=3))
    report = await house.look()
    assert set(states(report)) == {CheckState.NO_ANSWER}
    assert report.domain.is_verified


async def test_one_key_that_is_seen_is_proof_enough(house: House) -> None:
    house.publish(await house.claim())
    domain = (await house.look()).domain
    gone = expected_records(domain, OURS)[0].name
    house.server.zone.pop(gone)
    house.cache.zone.pop(gone)
    await house.look()
    house.clock.advance(timedelta(days=3))
    report = await house.look()
    assert (report.domain.is_verified, report.proof_gone_since) == (True, None)
    assert report.broken_since is not None


async def test_what_the_operator_vouched_for_needs_no_proof(house: House) -> None:
    domain = SendingDomain(domain="shop.example", customer_id=ALICE)
    await house.store.accounts.add_sending_domain(domain, now=house.clock.now())
    for _ in range(2):
        assert (await house.look()).domain.is_verified
        house.clock.advance(timedelta(days=3))


async def test_keys_made_while_we_looked_are_not_lost(house: House) -> None:
    """The look takes seconds; what it concludes is about the domain as it is then."""
    house.publish(await house.claim())
    original = house.records._checked

    async def rotate_first(*args: Any) -> Any:
        checked = await original(*args)
        await house.domains.rotate(ALICE, "shop.example")
        return checked

    house.records._checked = rotate_first  # type: ignore[method-assign]
    report = await house.look()
    assert len(report.domain.pending) == 2


async def test_the_watch_looks_when_a_domains_turn_has_come(house: House) -> None:
    house.publish(await house.claim())
    assert await house.watch.look() == 1
    (report,) = await house.records.all_of(ALICE)
    assert report.domain.is_verified
    assert await house.watch.look() == 0
    house.clock.advance(timedelta(hours=12))
    assert await house.watch.look() == 1
    house.forget(report.domain)
    house.clock.advance(timedelta(hours=12))
    assert await house.watch.look() == 1
    house.clock.advance(timedelta(minutes=30))
    assert await house.watch.look() == 1, "a broken one is looked at more often"


# -- sharing ---------------------------------------------------------------------------------------


async def test_a_link_shows_one_domain_until_it_ends(house: House) -> None:
    await house.claim()
    token = await house.shared.share(ALICE, "shop.example")
    assert isinstance(token, str)
    assert len(token) >= 43
    report = await house.shared.find(token)
    assert report
    assert report.domain.domain == "shop.example"
    assert await house.shared.find("x" * 43) is None
    assert await house.shared.count(ALICE, "shop.example") == 1
    house.clock.advance(OPEN_FOR)
    assert await house.shared.find(token) is None


async def test_a_link_dies_with_the_domain_and_with_a_click(house: House) -> None:
    await house.claim()
    tokens = [await house.shared.share(ALICE, "shop.example") for _ in range(2)]
    assert await house.shared.end(CHARLIE, "shop.example") == 0
    assert await house.shared.end(ALICE, "shop.example") == 2
    tokens.append(await house.shared.share(ALICE, "shop.example"))
    await house.domains.remove(ALICE, "shop.example")
    assert [await house.shared.find(str(token)) for token in tokens] == [None] * 3


async def test_a_stranger_finds_nothing(house: House) -> None:
    """W-01."""
    await house.claim()
    for asked in (house.records.kept, house.records.look, house.shared.share):
        answer = await asked(CHARLIE, "shop.example")
        assert isinstance(answer, Refusal)
        assert answer.http_status == 404
