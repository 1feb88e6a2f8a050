"""Sending domains in the panel: what is shown, what each click does, and what a stranger gets."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import pytest_asyncio
from tests.doubles.panel_house import Browser, Page, PanelHouse
from tests.doubles.zone_server import ZoneServer

from sztafeta.account.dns_records import ExpectedRecord, Purpose
from sztafeta.account.member import Area, Right
from sztafeta.service.domain_records import DomainReport
from sztafeta.service.ports import AuditQuery

SOA = "ns.shop.example. postmaster.shop.example. 1 3600 600 86400 120"
APEX = {"SOA": [SOA], "NS": ["ns.shop.example."]}
REGISTERED = {
    "dns_host": "Cloudflare",
    "url": "https://dcc.example/",
    "provider_id": "us.example",
    "service_id": "mail",
}
HOSTILE = "\"><svg/onload=alert(1)><script>alert('dns')</script>"


@dataclass(slots=True)
class Zones:
    """The panel beside a zone of its customer's, and Alice's browser."""

    house: PanelHouse
    cache: ZoneServer
    server: ZoneServer
    alice: Browser

    async def add(self, domain: str = "shop.example") -> None:
        answer = await self.alice.post("/panel/domains", {"domain": domain})
        assert answer.location == f"/panel/domains/{domain}"

    async def records(self) -> list[ExpectedRecord]:
        found = await self.house.verbs.domain_records.kept(
            self.house.alice.customer_id, "shop.example"
        )
        assert isinstance(found, DomainReport)
        return [row.record for row in found.rows]

    def publish(self, record: ExpectedRecord, value: str = "") -> None:
        text = value or record.value
        pieces = [text[at : at + 250] for at in range(0, len(text), 250)]
        answer = " ".join('"' + piece.replace('"', '\\"') + '"' for piece in pieces)
        for server in (self.cache, self.server):
            server.zone[record.name] = {**server.zone.get(record.name, {}), "TXT": [answer]}

    async def move_to(self, name_server: str) -> None:
        """Have the zone kept by somebody else, whose server answers from where the old one did."""
        self.cache.zone["shop.example"] = {"SOA": [SOA], "NS": [f"{name_server}."]}
        self.cache.zone[name_server] = {"A": ["127.0.0.2"]}

    async def look(self, browser: Browser | None = None, **form: str) -> Page:
        self.house.clock.advance(timedelta(seconds=5))
        return await (browser or self.alice).post(
            "/panel/domains/shop.example/look", form, headers={"HX-Request": "true"}
        )


@pytest_asyncio.fixture
async def zones(panel_template: Path, tmp_path: Path) -> AsyncIterator[Zones]:
    above = {
        "shop.example": APEX,
        "ns.shop.example": {"A": ["127.0.0.2"]},
        "example": {"SOA": [SOA]},
    }
    async with AsyncExitStack() as stack:
        cache = await stack.enter_async_context(ZoneServer(above))
        server = await stack.enter_async_context(
            ZoneServer({"shop.example": APEX}, address="127.0.0.2", is_authoritative=True)
        )
        dns = {
            "nameservers": [cache.address],
            "timeout": "1s",
            "lifetime": "1s",
            "ask_private_zones": True,
            "zone_port": server.port,
        }
        house = await stack.enter_async_context(
            PanelHouse(
                panel_template, tmp_path / "data", dns=dns, panel={"domain_connect": [REGISTERED]}
            )
        )
        yield Zones(house, cache, server, await house.browser(house.alice))


async def test_an_empty_list_says_what_belongs_there(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    words = (await browser.get("/panel/domains")).words
    assert "No domain yet" in words
    assert "Add the domain" in words


async def test_an_added_domain_shows_what_to_publish(zones: Zones) -> None:
    await zones.add()
    page = await zones.alice.get("/panel/domains/shop.example")
    for record in await zones.records():
        assert record.value in page.words
        assert record.name in page.words
    assert "v=spf1 a:panel.example.org ~all" in page.words
    assert "Required" in page.words
    assert "Waits for its records" in page.words
    assert "CNAME" not in page.words, "the operator has no zone for keys"


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("", 422, "Write a domain, for example example.com."),
        ("not a domain", 422, "not a domain that mail is sent from"),
        ("[192.0.2.1]", 422, "not a domain that mail is sent from"),
        (HOSTILE, 422, "not a domain that mail is sent from"),
        ("x" * 300, 422, "too long"),
    ],
)
async def test_what_is_no_domain_is_told_at_its_field(
    zones: Zones, text: str, status: int, words: str
) -> None:
    answer = await zones.alice.post("/panel/domains", {"domain": text})
    assert answer.status == status
    assert words in answer.words
    assert "<script>alert" not in answer.text


async def test_a_domain_of_others_cannot_be_added(zones: Zones) -> None:
    await zones.add()
    for record in await zones.records():
        zones.publish(record)
    await zones.look()
    charlie = await zones.house.browser(zones.house.charlie)
    answer = await charlie.post("/panel/domains", {"domain": "SHOP.example"})
    assert answer.status == 409
    assert "in use already" in answer.words


async def test_a_waiting_page_hears_when_the_records_are_there(zones: Zones) -> None:
    """The table comes again only when it changed; the asking ends when all is in order."""
    await zones.add()
    opened = str(int(zones.house.clock.now().timestamp()))
    first = await zones.look(opened=opened)
    assert (first.status, "Not found" in first.words) == (200, True)
    seen = _digest(first)
    again = await zones.look(opened=opened, seen=seen)
    assert again.headers["hx-reswap"] == "none"
    assert "Looked at" in again.words
    assert "<table" not in again.text
    for record in await zones.records():
        zones.publish(record)
    last = await zones.look(opened=opened, seen=seen)
    assert last.status == 286
    assert "Verified" in last.words
    assert last.words.count("In order") == 4
    assert "hx-post" not in (await zones.alice.get("/panel/domains/shop.example")).text


async def test_a_page_that_is_left_open_does_not_ask_for_ever(zones: Zones) -> None:
    await zones.add()
    opened = str(int(zones.house.clock.now().timestamp()))
    zones.house.clock.advance(timedelta(minutes=11))
    answer = await zones.look(opened=opened)
    assert answer.status == 286
    assert "stopped looking" in answer.words
    assert (await zones.look(opened="9" * 400)).status == 286


async def test_everything_works_without_javascript(zones: Zones) -> None:
    await zones.add()
    for record in await zones.records():
        zones.publish(record)
    answer = await zones.alice.post("/panel/domains/shop.example/look")
    page = await zones.alice.follow(answer)
    assert page.words.count("In order") == 4
    assert "4 of 4" in (await zones.alice.get("/panel/domains")).words


async def test_what_strangers_wrote_into_dns_is_shown_as_text(zones: Zones) -> None:
    """W-08."""
    await zones.add()
    for record in await zones.records():
        zones.publish(record, HOSTILE)
    answer = await zones.look()
    page = await zones.alice.get("/panel/domains/shop.example")
    for text in (answer.text, page.text):
        assert "<svg/onload" not in text
        assert "<script>alert" not in text
        assert "&lt;svg/onload=alert(1)&gt;" in text
    assert HOSTILE in page.words


async def test_an_spf_record_is_completed_by_what_is_shown(zones: Zones) -> None:
    await zones.add()
    spf = next(one for one in await zones.records() if one.mechanisms)
    zones.publish(spf, "v=spf1 mx -all")
    words = (await zones.look()).words
    assert "does not name our servers" in words
    assert "v=spf1 mx a:panel.example.org -all" in words
    file = await zones.alice.get("/panel/domains/shop.example/zone-file")
    assert '"v=spf1 mx a:panel.example.org -all"' in file.text


async def test_a_vanished_proof_is_an_alarm_with_a_time(zones: Zones) -> None:
    await zones.add()
    records = await zones.records()
    for record in records:
        zones.publish(record)
    await zones.look()
    for record in records[:2]:
        del zones.server.zone[record.name]
    words = (await zones.look()).words
    assert "Was in order, now gone" in words
    assert "then it is refused" in words
    assert "Proof is gone" in (await zones.alice.get("/panel/domains")).words
    zones.house.clock.advance(timedelta(hours=12))
    again = await zones.house.browser(zones.house.alice)
    assert "No mail is sent from this domain" in (await zones.look(again)).words


async def test_keys_are_changed_and_a_domain_leaves_with_a_trace(zones: Zones) -> None:
    await zones.add()
    await zones.alice.post("/panel/domains/shop.example/rotate")
    answer = await zones.alice.post("/panel/domains/shop.example/remove")
    assert "Domain removed." in (await zones.alice.follow(answer)).words
    assert (await zones.alice.get("/panel/domains/shop.example")).status == 404
    entries = await zones.house.store.audit.audit_entries(
        zones.house.alice.customer_id, AuditQuery(action="domain."), limit=9
    )
    assert [one.action for one in entries] == [
        "domain.removed",
        "domain.keys-rotated",
        "domain.added",
    ]


async def test_the_zone_file_is_stored_and_not_shown(zones: Zones) -> None:
    """W-09."""
    await zones.add()
    answer = await zones.alice.get("/panel/domains/shop.example/zone-file")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''shop.example.zone"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.count(" IN TXT ") == 4


@pytest.mark.parametrize(
    ("path", "name", "written"),
    [
        ("octodns", "shop.example.yaml", "  type: TXT"),
        ("terraform", "shop.example.tf", 'resource "cloudflare_dns_record"'),
        ("terraform?for=google", "shop.example.tf", 'resource "google_dns_record_set"'),
        ("terraform?for=nobody", "shop.example.tf", 'resource "cloudflare_dns_record"'),
    ],
)
async def test_programs_get_the_records_as_files(
    zones: Zones, path: str, name: str, written: str
) -> None:
    await zones.add()
    answer = await zones.alice.get(f"/panel/domains/shop.example/{path}")
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.count(written) == 4


async def test_an_unknown_host_gets_general_steps(zones: Zones) -> None:
    """They are open as long as nothing is found, and folded once something is."""
    await zones.add()
    first = await zones.look()
    assert "How to enter them, step by step" in first.words
    assert "Log in where the DNS of shop.example is kept" in first.words
    assert _guide(first).startswith(" open>")
    zones.publish((await zones.records())[0])
    assert _guide(await zones.look()).startswith(">")


async def test_a_known_host_gets_steps_in_its_own_words(zones: Zones) -> None:
    await zones.add()
    await zones.move_to("dns105.ovh.net")
    await zones.alice.post("/panel/view", {"language": "pl"})
    words = (await zones.look()).words
    assert "Jak dodać je w OVHcloud" in words
    assert "Web Cloud › Domeny › shop.example › Strefa DNS" in words
    assert "Skopiuj nazwę z tabeli do pola Subdomena" in words
    first = (await zones.records())[0]
    drawn = words[words.index("Wszystko inne") :]
    assert f"Subdomena {first.name.removesuffix('.shop.example')} " in drawn
    assert first.value in drawn


async def test_the_drawing_shows_what_is_missing(zones: Zones) -> None:
    await zones.add()
    first, second, *_ = await zones.records()
    zones.publish(first)
    drawing = (await zones.look()).text.partition('class="drawing"')[2]
    assert second.value in drawing
    assert first.value not in drawing


async def test_no_host_is_asked_to_publish_unless_the_operator_registered_there(
    zones: Zones,
) -> None:
    await zones.add()
    await zones.move_to("ns1031.ui-dns.com")
    page = await zones.look()
    assert "How to enter them at IONOS" in page.words
    assert "Publish at" not in page.words


async def test_a_registered_host_publishes_at_a_click(zones: Zones) -> None:
    """Of what is missing; the link is followed by the person's browser, in a tab of its own."""
    await zones.add()
    assert "Publish at" not in (await zones.look()).words, "it is not that host's zone"
    await zones.move_to("ana.ns.cloudflare.com")
    for record in await zones.records():
        if record.purpose is Purpose.SPF:
            zones.publish(record)
    page = await zones.look()
    assert "Publish at Cloudflare" in page.words
    link, query = _connect(page)
    assert link == "https://dcc.example/v2/domainTemplates/providers/us.example/services/mail/apply"
    assert query["domain"] == ["shop.example"]
    assert query["groupId"] == ["dkim,dmarc"], "SPF is in order"
    assert 'target="_blank" rel="noopener noreferrer"' in page.text
    for record in await zones.records():
        zones.publish(record)
    assert "Publish at" not in (await zones.look()).words


async def test_new_keys_are_published_and_not_those_that_sign(zones: Zones) -> None:
    await zones.add()
    await zones.move_to("ana.ns.cloudflare.com")
    for record in await zones.records():
        zones.publish(record)
    await zones.look()
    await zones.alice.post("/panel/domains/shop.example/rotate")
    waiting = [one.selector for one in await zones.records() if one.selector and not one.signs]
    _, query = _connect(await zones.look())
    assert [query["rsaselector"][0], query["ed25519selector"][0]] == waiting


PATHS = ["", "/zone-file", "/octodns", "/terraform"]
FORMS = ["/look", "/rotate", "/remove", "/share", "/unshare"]


async def test_a_stranger_meets_nothing_at_another_customers_domain(zones: Zones) -> None:
    """W-01: the same page as for a domain that nobody has."""
    await zones.add()
    charlie = await zones.house.browser(zones.house.charlie)
    for path in PATHS:
        theirs = await charlie.get(f"/panel/domains/shop.example{path}")
        nobodys = await charlie.get(f"/panel/domains/nobody.example{path}")
        assert (theirs.status, theirs.words) == (404, nobodys.words)
    for path in FORMS:
        theirs = await charlie.post(f"/panel/domains/shop.example{path}")
        nobodys = await charlie.post(f"/panel/domains/nobody.example{path}")
        assert (theirs.status, theirs.words) == (404, nobodys.words)
    assert "shop.example" not in (await charlie.get("/panel/domains")).words
    assert len(await zones.records()) == 4


async def test_a_reader_may_look_and_change_nothing(zones: Zones) -> None:
    await zones.add()
    bob = await zones.house.grant(zones.house.bob, {Area.DOMAINS: Right.READ})
    browser = await zones.house.browser(bob)
    page = await browser.get("/panel/domains/shop.example")
    assert "Look now" in page.words
    assert "Remove the domain" not in page.words
    assert "Make a link" not in page.words
    assert "Add the domain" not in (await browser.get("/panel/domains")).words


async def test_a_link_shows_the_records_and_nothing_else(zones: Zones) -> None:
    await zones.add()
    page = await zones.alice.post("/panel/domains/shop.example/share")
    found = re.search(r"https://panel\.example\.org(/panel/records/[\w-]+)", page.text)
    assert found
    path = found[1]
    assert path not in (await zones.alice.get("/panel/domains/shop.example")).text
    stranger = zones.house.stranger()
    shared = await stranger.get(path)
    for record in await zones.records():
        assert record.value in shared.words
    for word in ("Alice", "shop.example/remove", "Make a link", "<nav"):
        assert word not in shared.text
    assert "How to enter them" in shared.words
    for file in ("zone-file", "octodns", "terraform"):
        assert f'"{path}/{file}' in shared.text
    assert "IN TXT" in (await stranger.get(f"{path}/zone-file")).text
    assert "type: TXT" in (await stranger.get(f"{path}/octodns")).text
    assert "ovh_domain" in (await stranger.get(f"{path}/terraform?for=ovh")).text
    await zones.alice.post("/panel/domains/shop.example/unshare")
    assert (await stranger.get(path)).status == 404
    for file in ("zone-file", "octodns", "terraform"):
        assert (await stranger.get(f"{path}/{file}")).status == 404
    assert (await stranger.get("/panel/records/guessed")).status == 404


async def test_keys_may_stand_in_the_operators_zone(panel_template: Path, tmp_path: Path) -> None:
    domains = {"dkim_zone": "keys.host.example", "tracking_host": "click.host.example"}
    async with PanelHouse(panel_template, tmp_path / "data", domains=domains) as house:
        alice = await house.browser(house.alice)
        await alice.post("/panel/domains", {"domain": "shop.example"})
        page = await alice.get("/panel/domains/shop.example")
        assert page.words.count(".shop.example.keys.host.example") == 3, "two, one of them drawn"
        assert "click.host.example" in page.words
        texts = await alice.get("/panel/domains/shop.example?dkim=txt")
        assert "keys.host.example" not in texts.words
        assert "v=DKIM1" in texts.words
        assert "v=DMARC1" in page.words, "never by CNAME"


def _guide(page: Page) -> str:
    return page.text.partition('<details class="card guide"')[2]


def _connect(page: Page) -> tuple[str, dict[str, list[str]]]:
    """Read the link to the DNS host."""
    found = re.search(r'href="(https://dcc\.example[^"]+)"', page.text)
    assert found
    link, _, query = unescape(found[1]).partition("?")
    return link, parse_qs(query)


def _digest(page: Page) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page.text)
    assert found
    return found[1]
