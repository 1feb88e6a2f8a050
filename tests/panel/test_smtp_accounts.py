"""SMTP accounts in the panel: settings, passwords, and why logins failed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from tests.doubles.panel_house import PanelHouse, account_of

from sztafeta.account.login_cause import LoginCause, cause_of
from sztafeta.account.member import Area, Right
from sztafeta.account.smtp_account import SmtpAccount

PATH = "/panel/smtp-accounts/1.shop.smtp"
FORMER = "the password of the SMTP account"
OWN = "qC7#vLp2!xTz9@kW4&"


async def account(house: PanelHouse, login: str = "1.shop.smtp") -> SmtpAccount:
    found = await house.store.accounts.smtp_account(login)
    assert found is not None
    return found


async def cause(house: PanelHouse, password: str) -> LoginCause | None:
    """Try a password as AUTH does."""
    return cause_of(password, await account(house), house.clock.now())


async def test_a_drawn_password_is_shown_once_and_replaces_the_former(
    panel_house: PanelHouse,
) -> None:
    browser = await panel_house.browser(panel_house.alice)
    page = await browser.post(f"{PATH}/password", {"how": "drawn", "overlap": "0"})
    assert page.status == 201
    found = re.search(r"\b[a-z2-9]{5}(-[a-z2-9]{5}){4}\b", page.words)
    assert found
    assert await cause(panel_house, found[0]) is None
    assert await cause(panel_house, FORMER) is LoginCause.FORMER_PASSWORD
    assert found[0] not in (await browser.get(PATH)).text


async def test_the_former_password_goes_on_for_the_chosen_time(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    await browser.post(f"{PATH}/password", {"how": "drawn", "overlap": "24"})
    assert "still works for 24 h" in (await browser.get(PATH)).words
    assert await cause(panel_house, FORMER) is None
    panel_house.clock.advance(timedelta(hours=24))
    assert await cause(panel_house, FORMER) is LoginCause.FORMER_PASSWORD
    browser = await panel_house.browser(panel_house.alice)
    assert "still works" not in (await browser.get(PATH)).words


async def test_an_overlap_can_be_ended_before_its_time(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    await browser.post(f"{PATH}/password", {"how": "drawn", "overlap": "168"})
    await browser.post(f"{PATH}/end-former")
    assert await cause(panel_house, FORMER) is LoginCause.FORMER_PASSWORD


async def test_a_strong_password_of_ones_own_is_taken_and_not_shown(
    panel_house: PanelHouse,
) -> None:
    browser = await panel_house.browser(panel_house.alice)
    form = {"how": "chosen", "password": OWN, "overlap": "0"}
    page = await browser.post(f"{PATH}/password", form)
    assert page.status == 201
    assert OWN not in page.text
    assert await cause(panel_house, OWN) is None


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "At least 16 characters"),
        ("short", "At least 16 characters"),
        ("a" * 40, "Too easy to guess"),
        ("abcdefghijklmnopqrstuvwxyz", "Too easy to guess"),
        ("passwordpasswordpassword", "Too easy to guess"),
        ("1234567890123456789012", "Too easy to guess"),
        ("Zażółć gęślą jaźń 2026!", "without accents"),
        ("xK9#mQ2$shopvLp7!tRw", "firm's name is in it"),
    ],
)
async def test_a_weak_password_is_refused_with_what_to_change(
    panel_house: PanelHouse, password: str, said: str
) -> None:
    browser = await panel_house.browser(panel_house.alice)
    form = {"how": "chosen", "password": password, "overlap": "0"}
    page = await browser.post(f"{PATH}/password", form)
    assert page.status == 422
    assert said in page.words
    assert await cause(panel_house, FORMER) is None


async def test_settings_are_written_and_audited(panel_house: PanelHouse) -> None:
    """W-26."""
    browser = await panel_house.browser(panel_house.alice)
    form = {"display_name": "Sklep", "enabled": "y", "networks": "192.0.2.0/24"}
    assert (await browser.post(PATH, form)).status == 303
    changed = await account(panel_house)
    assert (changed.display_name, changed.enabled, changed.cleartext_auth) == ("Sklep", True, True)
    assert changed.may_come_from("192.0.2.7")
    assert not changed.may_come_from("198.51.100.7")
    (entry,) = await panel_house.audit(panel_house.alice)
    assert entry.action == "smtp-account.changed"
    assert entry.details["after"]["networks"] == "192.0.2.0/24"


async def test_the_next_account_gets_the_next_number(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    page = await browser.post("/panel/smtp-accounts")
    assert page.status == 201
    assert "2.shop.smtp" in page.words
    assert "2.shop.smtp" in (await browser.get("/panel/smtp-accounts")).words
    deleted = await browser.post("/panel/smtp-accounts/2.shop.smtp/delete")
    assert deleted.status == 303
    assert "2.shop.smtp" not in (await browser.get("/panel/smtp-accounts")).words


async def test_the_page_says_why_a_login_failed(panel_house: PanelHouse) -> None:
    """The wire says 535; the owner reads the cause, the place and what to do."""
    known = await account(panel_house)
    seen = {"address": "203.0.113.9", "tls": "", "client_name": "<b>shop</b>"}
    panel_house.logins.note(known, **seen, cause=LoginCause.BLANKS)
    panel_house.logins.note(known, **seen, cause=None)
    page = await (await panel_house.browser(panel_house.alice)).get(PATH)
    assert "with a blank, a line end or quotation marks" in page.words
    assert "203.0.113.9" in page.words
    assert "<b>shop" not in page.text
    assert "none: in the clear" in page.words


async def test_failures_of_one_guesser_do_not_fill_the_memory(panel_house: PanelHouse) -> None:
    known = await account(panel_house)
    for number in range(100):
        panel_house.logins.note(
            known,
            address=f"203.0.113.{number}",
            tls="",
            client_name="x",
            cause=LoginCause.WRONG_PASSWORD,
        )
    assert len(await panel_house.logins.failures_of(known)) == 20


async def test_old_failures_are_forgotten(panel_house: PanelHouse) -> None:
    known = await account(panel_house)
    seen = {"address": "203.0.113.9", "tls": "", "client_name": "x"}
    panel_house.logins.note(known, **seen, cause=LoginCause.EMPTY)
    await panel_house.logins.write()
    panel_house.clock.advance(timedelta(days=8))
    panel_house.logins.note(known, **seen, cause=LoginCause.API_KEY)
    causes = [one.cause for one in await panel_house.logins.failures_of(known)]
    assert causes == [LoginCause.API_KEY]


async def test_a_strangers_account_is_not_there(panel_house: PanelHouse) -> None:
    """W-01: 404, the same as an unknown one, and nothing changes."""
    charlie = await panel_house.browser(panel_house.charlie)
    foreign, unknown = (
        await charlie.get(PATH),
        await charlie.get("/panel/smtp-accounts/9.shop.smtp"),
    )
    assert (foreign.status, foreign.words) == (404, unknown.words)
    before = await account(panel_house)
    for action in ("", "/password", "/end-former", "/delete"):
        form = {"how": "drawn", "overlap": "0", "display_name": "mine"}
        assert (await charlie.post(PATH + action, form)).status == 404
    assert await account(panel_house) == before
    assert "shop" not in (await charlie.get("/panel/smtp-accounts")).words


async def test_a_member_reaches_the_accounts_they_were_given_alone(
    panel_house: PanelHouse,
) -> None:
    house = panel_house
    second = await house.store.accounts.create_smtp_account(
        account_of("shop", 2), password="x", now=house.clock.now()
    )
    bob = replace(
        house.bob,
        rights={Area.SMTP_ACCOUNTS: Right.WRITE},
        smtp_accounts=frozenset({second.account_id}),
    )
    await house.store.members.change_member(bob)
    browser = await house.browser(bob)
    assert (await browser.get(PATH)).status == 404
    assert (await browser.get("/panel/smtp-accounts/2.shop.smtp")).status == 200
    assert "1.shop.smtp" not in (await browser.get("/panel/smtp-accounts")).words


async def test_ready_settings_are_filled_in_but_for_the_password(panel_house: PanelHouse) -> None:
    browser = await panel_house.browser(panel_house.alice)
    page = await browser.get(f"{PATH}/recipes?program=laravel")
    for wanted in ("MAIL_HOST", "1.shop.smtp", "YOUR-PASSWORD"):
        assert wanted in page.words
    assert (await browser.get(f"{PATH}/recipes?program=unknown")).status == 404
    charlie = await panel_house.browser(panel_house.charlie)
    assert (await charlie.get(f"{PATH}/recipes")).status == 404


# -- the outgoing address --------------------------------------------------------------------------

SETTINGS = {"enabled": "y", "tls_required": "y"}


@pytest_asyncio.fixture
async def with_sources(panel_template: Path, tmp_path: Path) -> AsyncIterator[PanelHouse]:
    """Give a panel whose two customers have an address each."""
    sources = [
        {"name": f"{customer}-1", "customer": customer, "ipv4": address}
        for customer, address in (("shop", "127.0.0.2"), ("other", "127.0.0.3"))
    ]
    folder = tmp_path / "data"
    async with PanelHouse(panel_template, folder, dedicated_sources=sources) as house:
        yield house


async def test_an_outgoing_address_is_chosen(with_sources: PanelHouse) -> None:
    browser = await with_sources.browser(with_sources.alice)
    page = await browser.get(PATH)
    assert "shared IP" in page.words
    assert "shop-1" in page.words
    assert "other-1" not in page.words
    assert (await browser.post(PATH, SETTINGS | {"egress": "shop-1"})).status == 303
    assert (await account(with_sources)).egress == "shop-1"
    assert "dedicated IP shop-1" in (await browser.get(PATH)).words


async def test_anothers_outgoing_address_cannot_be_chosen(with_sources: PanelHouse) -> None:
    """W-01."""
    browser = await with_sources.browser(with_sources.alice)
    assert (await browser.post(PATH, SETTINGS | {"egress": "other-1"})).status == 422
    assert (await account(with_sources)).egress == "shared"


async def test_an_outgoing_address_that_was_taken_away_is_said(panel_house: PanelHouse) -> None:
    known = await account(panel_house)
    await panel_house.store.accounts.change_smtp_account(replace(known, egress="shop-1"))
    browser = await panel_house.browser(panel_house.alice)
    assert (
        "leaves from the shared IP until you choose another one" in (await browser.get(PATH)).words
    )
    await browser.post(PATH, SETTINGS | {"egress": "shared"})
    assert "shop-1" not in (await browser.get(PATH)).words


async def test_who_has_no_address_of_their_own_is_not_asked(panel_house: PanelHouse) -> None:
    page = await (await panel_house.browser(panel_house.alice)).get(PATH)
    assert 'name="egress"' not in page.text
