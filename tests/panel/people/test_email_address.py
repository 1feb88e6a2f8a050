"""Administrator › My profile › E-mail address by its pages (W-01, W-05, S-31)."""

from __future__ import annotations

from pathlib import Path

from tests.doubles.panel_house import Browser, Page
from tests.doubles.people_house import PASSWORD, PeopleHouse

from sztafeta.panel.door import SESSION_COOKIE

NEW = "alicja@nowa.example"
FORM = {"email": NEW, "password": PASSWORD}
PAGE = "/panel/profile/email"


async def link_of(house: PeopleHouse, browser: Browser) -> str:
    """Ask for the change; give the path of the link."""
    await browser.post(PAGE, FORM)
    return next(one for one in await house.letters() if one.to == NEW).link


async def test_an_address_changes_from_the_profile_to_the_button(house: PeopleHouse) -> None:
    browser, other = await house.browser(house.alice), await house.browser(house.alice)
    assert f'href="{PAGE}"' in (await browser.get("/panel/profile")).text
    assert "alice@shop.example" in (await browser.get(PAGE)).words
    sent = await browser.follow(await browser.post(PAGE, FORM))
    assert f"A link is on its way to {NEW}" in sent.words
    link = next(one for one in await house.letters() if one.to == NEW).link
    asked = await browser.get(link)
    assert (asked.status, NEW in asked.words) == (200, True)
    assert "alice@shop.example" in (await browser.get("/panel/profile")).words  # looking is nothing
    before = browser.cookies[SESSION_COOKIE]
    done = await browser.follow(await browser.post(link))
    assert "The e-mail address was changed." in done.words
    assert NEW in done.words
    assert browser.cookies[SESSION_COOKIE] != before
    assert (await other.get("/panel/profile")).location.startswith("/panel/login")
    assert (await browser.post(link)).status == 404
    assert "E-mail address changed" in (await browser.get("/panel/audit")).words


async def test_a_foreign_link_is_the_page_of_nobodys(house: PeopleHouse) -> None:
    """W-01."""
    link = await link_of(house, await house.browser(house.alice))
    for member in (house.bob, house.charlie):
        browser = await house.browser(member)
        for ask in (browser.get, browser.post):
            foreign, unknown = await ask(link), await ask(f"{PAGE}/unknown")
            assert foreign.status == unknown.status == 404
            assert foreign.text.replace(link, "") == unknown.text.replace(f"{PAGE}/unknown", "")
    alice = await house.store.members.member(house.alice.member_id)
    assert alice is not None
    assert alice.email == "alice@shop.example"


async def test_a_link_asks_for_the_login_first_and_comes_back(house: PeopleHouse) -> None:
    """Whoever has the link alone changes nothing: a mistyped address may be a stranger's."""
    link = await link_of(house, await house.browser(house.alice))
    browser = house.stranger()
    asked = await browser.get(link)
    assert asked.location.startswith("/panel/login?next=")
    assert (await browser.post(link)).location == "/panel/login"
    form = {"login": "alice@shop.example", "password": PASSWORD}
    page = await browser.post(asked.location, form)
    assert page.location == link
    assert "Change the address" in (await browser.follow(page)).words


async def test_an_address_that_is_taken_sees_the_same_page(house: PeopleHouse) -> None:
    """S-31."""
    said = []
    for email in ("charlie@other.example", NEW):
        browser = await house.browser(house.alice)
        sent = await browser.post(PAGE, FORM | {"email": email})
        page = await browser.follow(sent)
        said.append((sent.status, sent.location, f"A link is on its way to {email}" in page.words))
    assert said == [(303, "/panel/profile", True)] * 2


async def test_what_is_wrong_stands_at_its_field(house: PeopleHouse) -> None:
    async def answer(**wrong: str) -> Page:
        return await (await house.browser(house.alice)).post(PAGE, FORM | wrong)

    assert "not your current password" in (await answer(password="wrong")).words
    assert "no e-mail address" in (await answer(email="alicja@")).words
    assert "the address you have now" in (await answer(email="alice@shop.example")).words
    assert PASSWORD not in (await answer(email="alicja@")).text
    assert await house.letters() == []
    answers = [await answer(email=f"a{number}@x.example") for number in range(6)]
    assert answers[-1].status == 429
    assert "Try again in an hour" in answers[-1].words


async def test_without_letters_customer_service_changes_it(
    panel_template: Path, tmp_path: Path
) -> None:
    async with PeopleHouse(panel_template, tmp_path / "closed", panel={}) as closed:
        browser = await closed.browser(closed.alice)
        assert "customer service changes the address" in (await browser.get(PAGE)).words
        assert (await browser.post(PAGE, FORM)).status == 422
