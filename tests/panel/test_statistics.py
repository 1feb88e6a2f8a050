"""The page of statistics: its pictures say what its tables say, and only what the member may see."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import unquote_plus

import pytest_asyncio
from tests.doubles.panel_house import PanelHouse, account_of
from tests.doubles.sent_mail import SentMail

from sztafeta.account.member import Area, Right
from sztafeta.delivery.state import State

GOOGLE = "aspmx.l.google.com[142.250.1.27]:25"
FIGURES = ("flow", "delivery", "waits", "bounces", "throughput", "month")


@pytest_asyncio.fixture
async def mail(panel_house: PanelHouse) -> AsyncIterator[SentMail]:
    """Give the mail of the shop's first SMTP account."""
    (account,) = await panel_house.store.accounts.smtp_accounts("shop")
    yield await SentMail(
        panel_house.store,
        panel_house.clock,
        customer_id=account.customer_id,
        account_id=account.account_id,
    ).joined()


async def table(house: PanelHouse, figure: str, query: str = "period=24h") -> list[dict[str, str]]:
    browser = await house.browser(house.alice)
    page = await browser.get(f"/panel/statistics/{figure}/table.csv?{query}")
    assert page.status == 200
    return list(csv.DictReader(io.StringIO(page.text)))


async def some_mail(mail: SentMail) -> None:
    """Deliver six to Google, refuse two, give one up, and leave one under way."""
    await mail.accept(*(f"r{number}@firm.example" for number in range(6)))
    await mail.settle(hop=GOOGLE)
    await mail.accept("a@wp.pl", "b@wp.pl")
    await mail.settle(State.BOUNCED, bounce_class="bad-mailbox", hop="mx.wp.pl[1.2.3.4]:25")
    await mail.accept("c@onet.pl")
    await mail.settle(State.EXPIRED, expired=True)
    await mail.accept("d@onet.pl")
    await mail.settle(State.QUEUED, bounce_class="greylisted")


async def test_the_flow_closes_to_a_hundred_per_cent(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await some_mail(mail)
    await mail.settled()
    rows = {row["outcome"]: row for row in await table(panel_house, "flow")}
    numbers = {outcome: int(row["recipients"]) for outcome, row in rows.items()}
    assert numbers == {
        "delivered": 6,
        "unfinished": 1,
        "bounced": 2,
        "expired": 1,
        "canceled": 0,
        "suppressed": 0,
    }
    assert abs(sum(float(row["share"]) for row in rows.values()) - 1) < 1e-5


async def test_what_is_not_rolled_yet_is_seen_at_once(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await some_mail(mail)
    fresh = await table(panel_house, "flow")
    await mail.settled()
    assert await table(panel_house, "flow") == fresh


async def test_mail_counts_for_the_provider_that_answered(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await some_mail(mail)
    (row,) = [row for row in await table(panel_house, "delivery") if row["gmail accepted"] != "0"]
    assert (row["gmail rate"], row["gmail accepted"]) == ("1.000000", "6")
    assert (row["wp rate"], row["wp accepted"]) == ("0.000000", "2")
    assert row["onet accepted"] == "2"


async def test_the_reasons_add_up_to_all_that_failed(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await some_mail(mail)
    rows = await table(panel_house, "bounces")
    assert sum(int(row["no such recipient"]) for row in rows) == 2
    assert sum(int(row["expired"]) for row in rows) == 1
    assert len(rows) == 24


async def test_waits_are_told_with_what_is_under_way_as_open(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await mail.accept("a@wp.pl")
    panel_house.clock.advance(timedelta(seconds=2))
    await mail.settle(hop="mx.wp.pl[1.2.3.4]:25")
    (row,) = await table(panel_house, "waits")
    assert 1.8 < float(row["p50 seconds"]) < 2.2
    await mail.accept("b@wp.pl")
    await mail.settle(State.QUEUED)
    panel_house.clock.advance(timedelta(hours=5))
    page = await (await panel_house.browser(panel_house.alice)).get("/panel/statistics?period=24h")
    assert re.search(r"> [34] h", page.words)


async def test_the_limit_stands_beside_what_was_sent(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await some_mail(mail)
    rows = await table(panel_house, "throughput")
    assert [int(row["recipients"]) for row in rows][-1] == 10
    assert len(rows) == 24


async def test_the_month_counts_what_is_charged(panel_house: PanelHouse, mail: SentMail) -> None:
    await some_mail(mail)
    rows = {row["what"]: int(row["recipients"]) for row in await table(panel_house, "month")}
    assert rows == {"used": 10, "least": 10, "most": 10, "free": 24_000}


async def test_every_figure_has_a_table_and_a_file(panel_house: PanelHouse, mail: SentMail) -> None:
    await some_mail(mail)
    browser = await panel_house.browser(panel_house.alice)
    for period in ("24h", "7d", "30d", "90d"):
        page = await browser.get(f"/panel/statistics?period={period}")
        for key in FIGURES:
            assert f"/panel/statistics/{key}/table.csv?period={period}" in page.text
        assert page.text.count("<details>") >= len(FIGURES)
        assert page.text.count('role="img"') >= len(FIGURES)
        assert " style=" not in page.text
        assert 'aria-current="page"' in page.text
        for key in FIGURES:
            assert await table(panel_house, key, f"period={period}")


async def test_the_page_names_its_zone_and_how_far_it_has_counted(panel_house: PanelHouse) -> None:
    page = await (await panel_house.browser(panel_house.alice)).get("/panel/statistics")
    assert "Times are those of Europe/Warsaw. Counted until 2 Jan 2026, 04:04:05." in page.words


async def test_an_empty_page_says_so_and_draws_nothing(panel_house: PanelHouse) -> None:
    page = await (await panel_house.browser(panel_house.alice)).get("/panel/statistics?period=odd")
    assert "Nothing was sent in this time." in page.words
    assert page.status == 200


async def test_a_stranger_sees_nothing_of_it(panel_house: PanelHouse, mail: SentMail) -> None:
    await some_mail(mail)
    charlie = await panel_house.browser(panel_house.charlie)
    page = await charlie.get("/panel/statistics/flow/table.csv?period=24h")
    assert "delivered,0," in page.text
    assert (await charlie.get("/panel/statistics?account=1.shop.smtp")).status == 404


async def test_a_member_sees_the_accounts_that_the_rights_reach(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    now = panel_house.clock.now()
    second = await panel_house.store.accounts.create_smtp_account(
        account_of("shop", 2), password="another long password of one", now=now
    )
    await some_mail(mail)
    await mail.settled()
    bob = await panel_house.grant(panel_house.bob, {Area.MESSAGES: Right.READ})
    browser = await panel_house.browser(bob)
    assert "delivered,6," in (await browser.get("/panel/statistics/flow/table.csv?period=24h")).text
    limited = replace(bob, smtp_accounts=frozenset({second.account_id}))
    await panel_house.store.members.change_member(limited)
    browser = await panel_house.browser(limited)
    for figure, row in (("flow", "delivered,0,"), ("month", "used,0")):
        page = await browser.get(f"/panel/statistics/{figure}/table.csv?period=24h")
        assert row in page.text
    assert (await browser.get("/panel/statistics?account=1.shop.smtp")).status == 404
    assert (await browser.get("/panel/statistics?account=2.shop.smtp")).status == 200
    page = await browser.get("/panel/statistics/throughput/table.csv")
    assert {row["recipients"] for row in csv.DictReader(io.StringIO(page.text))} == {"0"}


async def test_who_may_not_read_messages_does_not_come_in(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.bob)
    assert (await browser.get("/panel/statistics")).status == 403
    assert (await browser.get("/panel/statistics/flow/table.csv")).status == 403


async def test_there_is_no_other_table(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    assert (await browser.get("/panel/statistics/secrets/table.csv")).status == 404


async def test_numbers_lead_to_the_messages_behind_them(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await some_mail(mail)
    page = await (await panel_house.browser(panel_house.alice)).get("/panel/statistics?period=24h")
    assert "/panel/messages?q=status%3Adelivered+since%3A24h" in page.text
    assert "provider%3Agmail" in page.text


async def test_the_list_behind_a_number_holds_its_mail_and_no_other(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await some_mail(mail)
    browser = await panel_house.browser(panel_house.alice)
    page = await browser.get("/panel/statistics?period=24h")
    links = {unescape(one) for one in re.findall(r'href="(/panel/messages\?[^"]+)"', page.text)}
    by_words = {unquote_plus(one.partition("q=")[2]): one for one in links}
    expected = {
        "status:bounced class:bad-mailbox,bad-domain,inactive-mailbox since:24h": {
            "a@wp.pl",
            "b@wp.pl",
        },
        "provider:gmail since:24h": {f"r{number}@firm.example" for number in range(6)},
        "status:expired since:24h": {"c@onet.pl"},
    }
    for words, addresses in expected.items():
        found = await browser.get(by_words[words])
        listed = set(re.findall(r"[a-z0-9]+@(?:wp|onet|firm)\.[a-z]+", found.words))
        assert listed == addresses, words
