"""W-17: administrators of a customer with a verified domain set up a second step before anything else."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from urllib.parse import quote

import pyotp
from tests.doubles.panel_house import Browser, Page
from tests.doubles.people_house import PASSWORD, PeopleHouse

from sztafeta.account.member import Area, Right
from sztafeta.panel.columns import routes
from sztafeta.panel.needs import ANYBODY
from sztafeta.service.ports import Passkey

SET_UP = "/panel/profile/second-step"
COMPANY = {"company": "Sklep", "street": "ul. Długa 1", "postcode": "00-950", "city": "Łódź"}
OPEN_PAGES = {
    "/profile",
    "/profile/password",
    "/profile/sessions/end",
    "/profile/sessions/{session_id:int}/end",
    "/profile/second-step",
    "/profile/app",
    "/profile/app/off",
    "/profile/codes",
    "/profile/passkeys",
    "/profile/passkeys/challenge",
    "/profile/passkeys/{passkey}/remove",
    "/logout",
}


async def log_in(house: PeopleHouse) -> tuple[Browser, Page]:
    """Come in as Alice by her password; give her browser and the first page."""
    browser = house.stranger()
    form = {"login": "alice@shop.example", "password": PASSWORD}
    page = await browser.follow(await browser.post("/panel/login?next=/panel/people", form))
    return browser, page


async def set_up_app(house: PeopleHouse, browser: Browser, way: str = "", **more: str) -> Page:
    """Set an app up on its page."""
    page = await browser.get(f"/panel/profile/app{way}")
    found = re.search(r'name="seed"[^>]*value="([^"]+)"', page.text)
    assert found, page.words
    seed = html.unescape(found[1])
    code = pyotp.TOTP(seed.replace(" ", "")).at(house.clock.now())
    return await browser.post(f"/panel/profile/app{way}", {"seed": seed, "code": code, **more})


async def with_passkey(house: PeopleHouse, name: bytes = b"key") -> None:
    key = Passkey(
        credential_id=name,
        member_id=house.alice.member_id,
        name="laptop",
        public_key=b"no key at all",
        sign_count=0,
        created_at=house.clock.now(),
    )
    await house.store.second_factors.add_passkey(key)


async def test_a_login_leads_to_the_set_up_and_from_there_into_the_panel(
    strict_house: PeopleHouse,
) -> None:
    house = strict_house
    await house.verify_domain(house.alice)
    browser, page = await log_in(house)
    assert page.location == f"{SET_UP}?next=%2Fpanel%2Fpeople"
    asked = await browser.follow(page)
    assert 'href="/panel/profile/app?next=%2Fpanel%2Fpeople"' in asked.text
    assert "Your firm has a verified domain" in asked.words
    assert "SMTP accounts and API keys need no second step" in asked.words
    assert 'data-passkey="create"' in asked.text
    codes = await set_up_app(house, browser, way="?next=%2Fpanel%2Fpeople")
    assert "Recovery codes" in codes.words
    assert re.search(r'<a[^>]*href="/panel/people"[^>]*>I have kept them', codes.text)
    assert (await browser.get("/panel/people")).status == 200
    assert (await browser.get(SET_UP)).location == "/panel/profile"


async def test_nothing_else_opens_before(strict_house: PeopleHouse) -> None:
    """Every page of the panel, but those that are needed for it and those that need no login."""
    house = strict_house
    await house.verify_domain(house.alice)
    browser = await house.browser(house.alice)
    for route in routes():
        is_open = route.path in OPEN_PAGES
        assert route.works_before_second_step is is_open, route.path
        if is_open or route.needs is ANYBODY:
            continue
        path = "/panel" + re.sub(r"\{[^}]*int\}", "999", re.sub(r"\{\w+\}", "x", route.path))
        page = await (browser.get if route.method == "GET" else browser.post)(path)
        assert (page.status, page.location.partition("?")[0]) == (303, SET_UP), path


async def test_profile_language_and_the_way_out_stay_open(strict_house: PeopleHouse) -> None:
    house = strict_house
    await house.verify_domain(house.alice)
    browser = await house.browser(house.alice)
    profile = await browser.get("/panel/profile")
    assert "administrators need a second step" in profile.words
    assert 'href="/panel/messages"' not in profile.text  # the menu leads nowhere that is closed
    assert (await browser.get("/panel/profile/password")).status == 200
    view = await browser.post("/panel/view", {"language": "pl", "back": SET_UP})
    asked = await browser.follow(view)
    assert "Twoja firma ma potwierdzoną domenę" in asked.words.replace("\N{NO-BREAK SPACE}", " ")
    await browser.post("/panel/logout")
    assert (await browser.get("/panel/people")).location.startswith("/panel/login")


async def test_it_is_asked_of_nobody_else(strict_house: PeopleHouse) -> None:
    """Neither of members without its rights, nor of customers without a verified domain."""
    house = strict_house
    await house.grant(house.bob, dict.fromkeys(Area, Right.WRITE))
    bob, charlie = await house.browser(house.bob), await house.browser(house.charlie)
    alice = await house.browser(house.alice)
    assert (await alice.get("/panel/people")).status == 200
    await house.verify_domain(house.alice)
    assert (await bob.get("/panel/people")).status == 200
    assert (await charlie.get("/panel/people")).status == 200
    assert (await alice.get("/panel/people")).location.startswith(SET_UP)


async def test_a_first_password_is_changed_before_the_second_step(
    strict_house: PeopleHouse,
) -> None:
    house = strict_house
    await house.verify_domain(house.alice)
    await house.set_password(house.alice, PASSWORD, must_change=True)
    browser, page = await log_in(house)
    new = {"new": "fioletowy rower za stodołą", "again": "fioletowy rower za stodołą"}
    assert "Choose your panel password" in page.words
    changed = await browser.post("/panel/profile/password", new)
    assert (await browser.follow(changed)).location == SET_UP


async def test_a_form_that_was_open_when_the_domain_was_verified_is_not_lost(
    strict_house: PeopleHouse,
) -> None:
    """For an hour, in sessions that were there before; every page is the set-up at once."""
    house = strict_house
    before = await house.browser(house.alice)
    house.clock.advance(timedelta(minutes=5))
    await house.verify_domain(house.alice)
    after = await house.browser(house.alice)
    assert (await before.get("/panel/profile/company")).location.startswith(SET_UP)
    assert (await after.post("/panel/profile/company", COMPANY)).location == SET_UP
    assert (await house.store.members.company(house.alice.customer_id)).name == ""
    saved = await before.post("/panel/profile/company", COMPANY)
    assert (await house.store.members.company(house.alice.customer_id)).name == "Sklep"
    told = await before.follow(saved)
    assert "The firm's data was saved." in told.words
    house.clock.advance(timedelta(hours=1))
    late = await before.post("/panel/profile/company", COMPANY | {"company": "Inny"})
    assert late.location == SET_UP


async def test_the_last_second_factor_stays(strict_house: PeopleHouse) -> None:
    house = strict_house
    await house.verify_domain(house.alice)
    browser = await house.browser(house.alice)
    await set_up_app(house, browser)
    right = {"password": PASSWORD}
    refused = await browser.follow(await browser.post("/panel/profile/app/off", right))
    assert "This is your last second step" in refused.words
    await with_passkey(house)
    gone = await browser.follow(await browser.post("/panel/profile/app/off", right))
    assert "The app is not asked for any more" in gone.words
    path = f"/panel/profile/passkeys/{b'key'.hex()}/remove"
    refused = await browser.follow(await browser.post(path, right))
    assert "This is your last second step" in refused.words
    await with_passkey(house, b"another")
    gone = await browser.follow(await browser.post(path, right))
    assert "The passkey was removed" in gone.words
    assert (await browser.get("/panel/people")).status == 200


async def test_an_app_moves_to_another_phone_with_the_password(strict_house: PeopleHouse) -> None:
    """Who may not switch it off can still replace it; a stolen session cannot."""
    house = strict_house
    await house.verify_domain(house.alice)
    browser = await house.browser(house.alice)
    await set_up_app(house, browser)
    first = await house.store.second_factors.totp(house.alice.member_id)
    assert "Move to another phone" in (await browser.get("/panel/profile")).words
    asked = await browser.get("/panel/profile/app")
    assert "The app you use now stops working" in asked.words
    refused = await set_up_app(house, browser, password="wrong")
    assert "not your current password" in refused.words
    assert await house.store.second_factors.totp(house.alice.member_id) == first
    await set_up_app(house, browser, password=PASSWORD)
    moved = await house.store.second_factors.totp(house.alice.member_id)
    assert first is not None
    assert moved is not None
    assert moved.seed != first.seed


async def test_the_operator_may_switch_it_off(house: PeopleHouse) -> None:
    await house.verify_domain(house.alice)
    browser = await house.browser(house.alice)
    assert (await browser.get("/panel/people")).status == 200
    await set_up_app(house, browser)
    gone = await browser.follow(
        await browser.post("/panel/profile/app/off", {"password": PASSWORD})
    )
    assert "The app is not asked for any more" in gone.words


async def test_a_passkey_is_asked_for_with_the_password(house: PeopleHouse) -> None:
    """A stolen session gives its thief no way in that stays."""
    browser = await house.browser(house.alice)
    path = "/panel/profile/passkeys/challenge"
    for form in ({}, {"password": "wrong"}):
        refused = await browser.post(path, form)
        assert refused.status == 422
        assert "password" in json.loads(refused.text)["error"].lower()
    asked = await browser.post(path, {"password": PASSWORD})
    assert asked.status == 200
    assert json.loads(asked.text)["options"]["challenge"]


async def test_the_way_on_leads_nowhere_but_into_the_panel(strict_house: PeopleHouse) -> None:
    house = strict_house
    await house.verify_domain(house.alice)
    browser = await house.browser(house.alice)
    for evil in ("https://evil.example/", "//evil.example", "/\\evil.example", "/panel\\..\\x"):
        page = await browser.get(f"{SET_UP}?next={quote(evil, safe='')}")
        assert 'href="/panel/profile/app?next=%2Fpanel"' in page.text
