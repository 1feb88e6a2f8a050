"""The way into the panel by its pages (S-30, S-31, W-05, W-06, W-17, W-18)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pyotp
from tests.doubles.panel_house import Browser, Page
from tests.doubles.people_house import PASSWORD, PeopleHouse

from sztafeta.panel.door import SESSION_COOKIE

NEW = "fioletowy rower za stodołą"
SIGN_UP = {
    "company": "Kwiaciarnia Róża sp. z o.o.",
    "nip": "PL 526-104-08-28",
    "street": "ul. Różana 1",
    "postcode": "90001",
    "city": "Łódź",
    "name": "Anna Nowak",
    "email": "anna@kwiaciarnia.example",
    "phone": "501 234 567",
    "sends": "potwierdzenia zamówień",
    "terms": "y",
}


async def log_in(
    browser: Browser, login: str = "alice@shop.example", password: str = PASSWORD, next: str = ""
) -> Page:
    form = {"login": login, "password": password}
    return await browser.post(f"/panel/login?next={next}", form)


async def test_the_right_password_leads_to_where_one_wanted(house: PeopleHouse) -> None:
    browser = house.stranger()
    turned_away = await browser.get("/panel/people?x=1")
    assert turned_away.location == "/panel/login?next=%2Fpanel%2Fpeople%3Fx%3D1"
    page = await log_in(browser, next="%2Fpanel%2Fpeople%3Fx%3D1")
    assert page.location == "/panel/people?x=1"
    assert (await browser.follow(page)).status == 200


async def test_the_way_back_leads_nowhere_else(house: PeopleHouse) -> None:
    for evil in ("https://evil.example/", "//evil.example", "/panel/%5C..%5C/evil", "/panelevil"):
        assert (await log_in(house.stranger(), next=evil)).location == "/panel"


async def test_the_session_cookie_is_for_this_host_https_and_http_alone(
    house: PeopleHouse,
) -> None:
    """W-05."""
    page = await log_in(house.stranger())
    lines = page.headers.get_list("set-cookie")
    (line,) = [one for one in lines if one.startswith(SESSION_COOKIE + "=")]
    for wanted in ("Secure", "HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"):
        assert wanted in line
    assert "Domain" not in line


async def test_a_session_that_was_planted_is_not_the_one_that_is_opened(
    house: PeopleHouse,
) -> None:
    """W-05: fixation."""
    browser = house.stranger()
    browser.cookies[SESSION_COOKIE] = "planted"
    await log_in(browser)
    assert browser.cookies[SESSION_COOKIE] != "planted"
    assert await house.sessions.find("planted", address="127.0.0.1") is None


async def test_unknown_and_wrong_are_one_page(house: PeopleHouse) -> None:
    """S-31, W-18: same status, same text."""
    wrong = await log_in(house.stranger(), password="wrong")
    unknown = await log_in(house.stranger(), login="alicf@shop.example", password="wrong")
    assert wrong.status == unknown.status == 422
    assert wrong.text.replace("alice@", "") == unknown.text.replace("alicf@", "")
    assert "wrong" not in re.findall(r'value="([^"]*)"', wrong.text)


async def test_too_many_tries_are_told_how_long_to_wait(house: PeopleHouse) -> None:
    """S-30."""
    for guess in range(10):
        await log_in(house.stranger(), login=f"u{guess}@example.com", password="wrong")
    page = await log_in(house.stranger())
    assert page.status == 429
    assert int(page.headers["retry-after"]) <= 60
    assert "Try again in" in page.words


async def test_a_login_from_another_site_is_refused(house: PeopleHouse) -> None:
    """W-06: login CSRF."""
    browser = house.stranger()
    page = await browser.post(
        "/panel/login",
        {"login": "alice@shop.example", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    )
    assert page.status == 403
    assert SESSION_COOKIE not in browser.cookies


async def test_logging_out_ends_the_session(house: PeopleHouse) -> None:
    browser = await house.browser(house.alice)
    token = browser.cookies[SESSION_COOKIE]
    await browser.post("/panel/logout")
    assert SESSION_COOKIE not in browser.cookies
    assert await house.sessions.find(token, address="127.0.0.1") is None


async def test_whoever_is_in_needs_no_login(house: PeopleHouse) -> None:
    assert (await (await house.browser(house.alice)).get("/panel/login")).location == "/panel"


async def test_the_second_step_is_asked_for_on_a_page_of_its_own(house: PeopleHouse) -> None:
    """W-17."""
    seed = b"twenty octets of key"
    await house.store.second_factors.set_totp(house.alice.member_id, seed)
    browser = house.stranger()
    page = await log_in(browser, next="/panel/people")
    assert page.location == "/panel/login/second?next=%2Fpanel%2Fpeople"
    assert SESSION_COOKIE not in browser.cookies
    assert (await browser.follow(page)).status == 200
    wrong = await browser.post(page.location, {"code": "123456"})
    assert "This code is wrong" in wrong.words
    generator = pyotp.TOTP(pyotp.random_base32())
    generator.secret = "OR3WK3TUPEQG6Y3UMV2HGIDPMYQGWZLZ"
    done = await browser.post(page.location, {"code": generator.at(house.clock.now())})
    assert done.location == "/panel/people"
    assert (await browser.get("/panel/people")).status == 200


async def test_a_second_step_without_the_first_begins_again(house: PeopleHouse) -> None:
    page = await house.stranger().get("/panel/login/second")
    assert "Begin again" in page.words
    assert 'name="password"' in page.text


# -- signing up -----------------------------------------------------------------------------------


async def test_a_firm_signs_up_from_the_form_to_its_own_password(house: PeopleHouse) -> None:
    browser = house.stranger()
    browser.headers["Accept-Language"] = "pl"
    sent = await browser.follow(await browser.post("/panel/sign-up", SIGN_UP))
    assert "Sprawdź pocztę" in sent.words
    link = (await house.letters())[-1].link
    assert "Kwiaciarnia Róża" in (await browser.get(link)).words
    assert house.sms == []  # a program that checks links has opened nothing
    opened = await browser.post(link)
    assert "kwiaciarnia-roza" in opened.words
    ((number, text),) = house.sms
    assert number == "+48501234567"
    found = re.search(r"\w{4}-\w{4}-\w{4}", text)
    assert found
    page = await log_in(browser, "kwiaciarnia-roza", found[0])
    assert page.location == "/panel/profile/password"
    assert (await browser.get("/panel/people")).location == "/panel/profile/password"
    assert "Wybierz swoje hasło" in (await browser.follow(page)).words
    changed = await browser.post("/panel/profile/password", {"new": NEW, "again": NEW})
    assert changed.location == "/panel"
    profile = await browser.get("/panel/profile")
    assert "anna@kwiaciarnia.example" in profile.words
    company = await house.store.members.company(4)
    assert (company.nip, company.postcode) == ("5261040828", "90-001")
    assert company.terms_accepted_at == house.clock.now()


async def test_each_fault_of_the_form_says_what_to_change(house: PeopleHouse) -> None:
    wrong = SIGN_UP | {"nip": "1111111111", "postcode": "9", "phone": "1", "email": "anna@"}
    del wrong["terms"]
    page = await house.stranger().post("/panel/sign-up", wrong)
    assert page.status == 422
    for said in ("NIP does not add up", "postcode as 00-000", "no telephone", "no e-mail address"):
        assert said in page.words
    assert "Without the terms" in page.words
    assert await house.letters() == []


async def test_an_address_that_is_taken_sees_the_same_page(house: PeopleHouse) -> None:
    """S-31, W-18."""
    pages = [
        await house.stranger().post("/panel/sign-up", SIGN_UP | {"email": email})
        for email in ("alice@shop.example", "new@shop.example")
    ]
    assert pages[0].location == pages[1].location == "/panel/sign-up/sent"
    assert len(await house.letters()) == 2


async def test_the_operator_is_told_what_to_set(panel_template: Path, tmp_path: Path) -> None:
    async with PeopleHouse(panel_template, tmp_path / "closed", panel={}) as closed:
        page = await closed.stranger().get("/panel/sign-up")
        assert "panel.mail_account" in page.words
        assert "customer service" in (await closed.stranger().get("/panel/forgotten")).words
        assert "Open one for your firm" not in (await closed.stranger().get("/panel/login")).words


async def test_a_guessed_link_is_gone(house: PeopleHouse) -> None:
    for path in ("/panel/sign-up/guess", "/panel/reset/guess", "/panel/invitation/guess"):
        assert (await house.stranger().get(path)).status == 410


# -- a forgotten password -------------------------------------------------------------------------


async def test_a_link_in_a_letter_sets_a_password_and_logs_nobody_in(house: PeopleHouse) -> None:
    """W-17."""
    inside, browser = await house.browser(house.alice), house.stranger()
    await browser.post("/panel/forgotten", {"login": "alice@shop.example"})
    link = (await house.letters())[-1].link
    short = await browser.post(link, {"new": "short", "again": "short"})
    assert "at least 12 characters" in short.words
    done = await browser.post(link, {"new": NEW, "again": NEW})
    assert done.location == "/panel/login"
    assert SESSION_COOKIE not in browser.cookies
    assert (await inside.get("/panel/profile")).location.startswith("/panel/login")
    assert (await browser.get(link)).status == 410
    assert (await log_in(browser, password=NEW)).location == "/panel"


async def test_asking_tells_nothing(house: PeopleHouse) -> None:
    """S-31."""
    known = await house.stranger().post("/panel/forgotten", {"login": "alice@shop.example"})
    unknown = await house.stranger().post("/panel/forgotten", {"login": "nobody@shop.example"})
    assert known.text == unknown.text
    assert len(await house.letters()) == 1


async def test_a_link_is_dead_after_half_an_hour(house: PeopleHouse) -> None:
    await house.stranger().post("/panel/forgotten", {"login": "alice@shop.example"})
    link = (await house.letters())[-1].link
    house.clock.advance(timedelta(minutes=30))
    assert (await house.stranger().get(link)).status == 410
