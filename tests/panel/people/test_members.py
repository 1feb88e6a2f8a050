"""Administrator › People and Audit log by their pages (W-01, W-03, W-09, W-26)."""

from __future__ import annotations

import csv
import io
import re

import pytest
import sqlalchemy as sa
from tests.doubles.people_house import OPERATOR, PASSWORD, PeopleHouse

from sztafeta.account.member import Area, Right
from sztafeta.bootstrap.people import new_smtp_account
from sztafeta.panel.door import SESSION_COOKIE
from sztafeta.store.schema import audit_entry
from sztafeta.store.statements import Steps
from sztafeta.store.units import Other

INVITE = {"email": "dora@shop.example", "messages": "1", "reach": "all"}


async def test_the_operators_own_people_are_a_customer_like_any_other(house: PeopleHouse) -> None:
    """W-04: there is no login of the operator's staff here, so nothing of Alice's opens to one."""
    await house.verify_domain(house.alice)
    olga = await house.move_in("olga", OPERATOR)
    browser, alice = await house.browser(olga), await house.browser(house.alice)
    listed = await alice.get("/panel/smtp-accounts")
    login = re.search(r"/panel/smtp-accounts/(1[.][^\"/]+)", listed.text)
    assert login
    for path in (
        f"/panel/smtp-accounts/{login[1]}",
        f"/panel/domains/{house.alice.customer_name}.example",
        f"/panel/people/{house.bob.member_id}",
    ):
        assert (await alice.get(path)).status == 200, path
        assert (await browser.get(path)).status == 404, path
    assert house.alice.email not in (await browser.get("/panel/people")).words
    assert house.alice.email not in (await browser.get("/panel/audit")).words


async def test_an_invitation_becomes_a_member(house: PeopleHouse) -> None:
    alice, dora = await house.browser(house.alice), house.stranger()
    page = await alice.follow(await alice.post("/panel/people/invite", INVITE))
    assert "dora@shop.example" in page.words
    link = (await house.letters())[-1].link
    assert "You join shop as dora@shop.example" in (await dora.get(link)).words
    form = {"name": "Dora", "phone": "", "new": PASSWORD, "again": PASSWORD}
    assert (await dora.post(link, form)).location == "/panel/login"
    login = {"login": "dora@shop.example", "password": PASSWORD}
    await dora.post("/panel/login", login)
    assert SESSION_COOKIE in dora.cookies
    assert (await dora.get("/panel/people")).status == 403
    assert "Dora" in (await alice.get("/panel/people")).words


async def test_rights_are_given_by_area_and_smtp_account(house: PeopleHouse) -> None:
    account = await house.store.accounts.create_smtp_account(
        new_smtp_account(house.settings, "9.shop.smtp", "shop"),
        password="x" * 24,
        now=house.clock.now(),
    )
    alice = await house.browser(house.alice)
    path = f"/panel/people/{house.bob.member_id}"
    form = {
        "is_enabled": "y",
        "messages": "1",
        "domains": "2",
        "reach": "chosen",
        "accounts": str(account.account_id),
    }
    page = await alice.follow(await alice.post(path, form))
    assert "in force at once" in page.words
    bob = await house.store.members.member(house.bob.member_id)
    assert bob is not None
    assert bob.rights == {Area.MESSAGES: Right.READ, Area.DOMAINS: Right.WRITE}
    assert bob.smtp_accounts == {account.account_id}
    shown = await alice.get(path)
    assert re.search(rf'value="{account.account_id}" checked', shown.text)


async def test_somebody_elses_smtp_account_cannot_be_given(house: PeopleHouse) -> None:
    """W-01: nested ids too."""
    alice = await house.browser(house.alice)
    form = {"is_enabled": "y", "reach": "chosen", "accounts": str(house.account.account_id)}
    page = await alice.post(f"/panel/people/{house.bob.member_id}", form)
    assert page.status == 422


@pytest.mark.parametrize("path", ["", "/remove"])
async def test_charlie_meets_the_page_of_nobody(house: PeopleHouse, path: str) -> None:
    """W-01: a foreign id is answered as one that nobody has."""
    charlie = await house.browser(house.charlie)
    foreign = await charlie.post(f"/panel/people/{house.bob.member_id}{path}", {"is_enabled": "y"})
    unknown = await charlie.post(f"/panel/people/99999{path}", {"is_enabled": "y"})
    assert foreign.status == unknown.status == 404
    number = f"/people/{house.bob.member_id}"
    assert foreign.text.replace(number, "") == unknown.text.replace("/people/99999", "")


async def test_the_last_administrator_cannot_go(house: PeopleHouse) -> None:
    """W-03."""
    bob = await house.grant(house.bob, {Area.PEOPLE: Right.WRITE})
    for member in (house.alice, bob):
        browser = await house.browser(member)
        page = await browser.post(f"/panel/people/{house.alice.member_id}/remove")
        assert page.status == 422
    assert await house.store.members.member(house.alice.member_id) is not None


async def test_an_allow_list_takes_its_writers_address(house: PeopleHouse) -> None:
    alice = await house.browser(house.alice)
    out = await alice.post("/panel/people/networks", {"networks": "192.0.2.0/24"})
    assert "would lock you out" in out.words
    wrong = await alice.post("/panel/people/networks", {"networks": "office"})
    assert "no address or network" in wrong.words
    form = {"networks": "192.0.2.0/24\n127.0.0.1"}
    assert (await alice.post("/panel/people/networks", form)).status == 303
    assert "127.0.0.1" in (await alice.get("/panel/people/networks")).text


async def test_the_audit_log_says_who_what_and_from_where(house: PeopleHouse) -> None:
    """W-26."""
    alice = await house.browser(house.alice)
    await alice.post("/panel/people/invite", INVITE)
    page = await alice.get("/panel/audit")
    for said in ("Person invited", "dora@shop.example", "Alice <alice@shop.example>", "127.0.0.1"):
        assert said in page.words
    assert "Person invited" in (await alice.get("/panel/audit?area=member.&q=DORA")).words
    assert "No entry fits" in (await alice.get("/panel/audit?area=key.")).words
    assert (
        await alice.get("/panel/audit?before=x&member=y&since=z&until=9999-12-31")
    ).status == 200


async def test_a_touched_audit_log_is_named(house: PeopleHouse) -> None:
    """W-26."""
    alice = await house.browser(house.alice)
    await alice.post("/panel/people/invite", INVITE)
    assert "none is missing" in (await alice.get("/panel/audit?check=1")).words

    def steps() -> Steps[None]:
        yield house.store.database.dialect.once(sa.update(audit_entry).values(subject="!"))

    await house.store.database.write(Other(steps))
    assert "Entry 1 was changed" in (await alice.get("/panel/audit?check=1")).words


async def test_the_audit_log_as_a_file_runs_nothing_in_a_spreadsheet(house: PeopleHouse) -> None:
    """W-09, W-26: and that it was taken is noted."""
    alice = await house.browser(house.alice)
    await house.panel.desk.audit.note(house.alice, "key.made", "=cmd()", address="127.0.0.1")
    page = await alice.get("/panel/audit.csv")
    assert page.headers["content-disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(page.content.decode("utf-8-sig"))))
    assert rows[0][:4] == ["number", "at", "who", "action"]
    assert rows[1][4] == "'=cmd()"
    assert "Audit log downloaded" in (await alice.get("/panel/audit")).words
