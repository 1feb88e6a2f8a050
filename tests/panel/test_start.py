"""The start: a checklist that ticks itself from facts, today against the usual, problems by their cause."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from tests.doubles.panel_house import Page, PanelHouse
from tests.doubles.sent_mail import SentMail

from sztafeta.account.api_key import Mode
from sztafeta.account.login_cause import LoginCause
from sztafeta.account.member import Area, Member, Right
from sztafeta.account.statistics.usual import WEEKS
from sztafeta.delivery.state import State
from sztafeta.panel.start.checklist import Stage, checklist
from sztafeta.service.ports import SmtpLogin
from sztafeta.service.ports.statistics import Beginnings


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


async def start_of(house: PanelHouse, member: Member) -> Page:
    return await (await house.browser(member)).get("/panel")


NOTHING = Beginnings(has_test_mail=False, has_real_mail=False, has_verified_domain=False, members=1)
ALICE = Member(
    member_id=1,
    customer_id=1,
    customer_name="shop",
    email="alice@shop.example",
    name="Alice",
    is_administrator=True,
)


@pytest.mark.parametrize(
    ("facts", "done"),
    [
        ({}, 0),
        ({"has_test_mail": True}, 1),
        ({"has_verified_domain": True, "has_real_mail": True}, 2),
        ({"members": 2}, 1),
    ],
)
def test_the_checklist_ticks_itself(facts: dict[str, int], done: int) -> None:
    values = {name: getattr(NOTHING, name) for name in Beginnings.__slots__} | facts
    steps = checklist(Beginnings(**values), ALICE)
    assert (steps.done, steps.possible) == (done, 4)


def test_what_the_service_cannot_do_yet_leads_nowhere() -> None:
    soon = [step for step in checklist(NOTHING, ALICE).steps if step.stage is Stage.SOON]
    assert len(soon) == 3
    assert not any(step.href or step.action for step in soon)


def test_steps_lead_only_where_the_member_may_go() -> None:
    bob = Member(
        member_id=2,
        customer_id=1,
        customer_name="shop",
        email="bob@shop.example",
        name="Bob",
        rights={Area.DOMAINS: Right.READ},
    )
    ways = [step.href for step in checklist(NOTHING, bob).steps if step.href]
    assert ways == ["/panel/domains", "/panel/profile"]


async def test_a_new_customer_sees_the_steps_and_what_will_be_here(panel_house: PanelHouse) -> None:
    page = await start_of(panel_house, panel_house.alice)
    assert page.status == 200
    assert "First steps 1 of 4 done" in page.words  # Bob is there already
    assert "Your numbers will be here" in page.words


async def test_mail_ticks_its_steps(panel_house: PanelHouse, mail: SentMail) -> None:
    await mail.accept("a@wp.pl", mode=Mode.TEST)
    await mail.accept("a@wp.pl")
    page = await start_of(panel_house, panel_house.alice)
    assert "3 of 4 done" in page.words


async def test_the_checklist_is_put_away_and_brought_back_by_each_member(
    panel_house: PanelHouse,
) -> None:
    browser = await panel_house.browser(panel_house.alice)
    page = await browser.follow(await browser.post("/panel/start/checklist", {"dismissed": "yes"}))
    assert "of 4 done" not in page.words
    assert "of 4 done" in (await start_of(panel_house, panel_house.bob)).words
    page = await browser.follow(await browser.post("/panel/start/checklist", {"dismissed": "no"}))
    assert "of 4 done" in page.words


async def test_today_stands_against_the_same_weekday_before(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    for _ in range(WEEKS):
        await mail.accept("a@wp.pl", "b@wp.pl")
        await mail.settle()
        await mail.settled()
        panel_house.clock.advance(timedelta(days=7) - timedelta(minutes=5))
    panel_house.clock.advance(timedelta(hours=2))
    await mail.accept(*(f"r{number}@wp.pl" for number in range(5)))
    page = await start_of(panel_house, panel_house.alice)
    assert "Accepted by us 5 usually 2 by now" in page.words
    assert "Not delivered 0 nothing to compare with yet" in page.words


async def test_problems_are_grouped_by_cause_with_something_to_do(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await mail.accept("a@wp.pl", "b@wp.pl", "c@onet.pl")
    await mail.settle(State.BOUNCED, bounce_class="bad-mailbox", hop="")
    await mail.accept("d@gmail.com")
    await mail.settle(State.QUEUED, bounce_class="greylisted", hop="")
    page = await start_of(panel_house, panel_house.alice)
    assert (
        "Bounced No such mailbox 3 recipients, mostly WP The addresses do not exist." in page.words
    )
    assert (
        "Put off The receiver asks to come again (greylisting) 1 attempt, mostly Gmail"
        in page.words
    )
    assert "q=status%3Abounced+class%3Abad-mailbox+since%3A24h" in page.text


async def test_failed_logins_are_told_before_the_first_mail(panel_house: PanelHouse) -> None:
    (account,) = await panel_house.store.accounts.smtp_accounts("shop")
    failures = [
        (
            account.account_id,
            SmtpLogin(
                at=panel_house.clock.now() - timedelta(hours=hours),
                address="192.0.2.1",
                tls="",
                client_name="shop",
                cause=LoginCause.BLANKS,
            ),
        )
        for hours in (1, 2, 30)
    ]
    await panel_house.store.logins.note_logins({}, failures)
    page = await start_of(panel_house, panel_house.alice)
    assert (
        "Login failed A program cannot log in as 1.shop.smtp 2 attempts The password is right"
        in (page.words)
    )
    assert 'href="/panel/smtp-accounts/1.shop.smtp#failures"' in page.text
    assert "Login failed" not in (await start_of(panel_house, panel_house.bob)).words


async def test_a_day_without_trouble_says_so(panel_house: PanelHouse, mail: SentMail) -> None:
    await mail.accept("a@wp.pl")
    await mail.settle()
    page = await start_of(panel_house, panel_house.alice)
    assert "Nothing: all mail of the last 24 hours went through" in page.words


async def test_who_may_not_read_messages_sees_no_numbers(
    panel_house: PanelHouse, mail: SentMail
) -> None:
    await mail.accept("a@wp.pl")
    page = await start_of(panel_house, panel_house.bob)
    assert page.status == 200
    assert "Accepted by us" not in page.words
    assert "Your numbers" not in page.words


async def test_nobody_else_is_counted(panel_house: PanelHouse, mail: SentMail) -> None:
    await mail.accept("a@wp.pl")
    page = await start_of(panel_house, panel_house.charlie)
    assert "Your numbers will be here" in page.words


async def test_a_visitor_without_a_login_is_sent_to_it(panel_house: PanelHouse) -> None:
    assert (await panel_house.stranger().get("/panel")).location == "/panel/login"


async def test_the_start_speaks_polish(panel_house: PanelHouse, mail: SentMail) -> None:
    await mail.accept(*(f"r{number}@wp.pl" for number in range(1234)))
    await mail.settled()
    browser = await panel_house.browser(panel_house.alice)
    browser.cookies["language"] = "pl"
    page = await browser.get("/panel")
    assert "Przyjęte przez nas 1\u00a0234" in page.text.replace('</dt><dd class="value">', " ")
