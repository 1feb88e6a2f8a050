"""Administrator › My profile: data, password, sessions, second step (W-05, W-17)."""

from __future__ import annotations

import html
import re

import pyotp
from tests.doubles.people_house import PASSWORD, PeopleHouse

from sztafeta.bootstrap.people import new_smtp_account
from sztafeta.panel.door import SESSION_COOKIE

NEW = "fioletowy rower za stodołą"


async def change(house: PeopleHouse, new: str = NEW, old: str = PASSWORD) -> str:
    browser = await house.browser(house.alice)
    form = {"old": old, "new": new, "again": new}
    return (await browser.post("/panel/profile/password", form)).words


async def test_the_polish_words_of_the_way_to_the_password(house: PeopleHouse) -> None:
    """Its users look for Administrator › Mój profil › Zmień hasło."""
    browser = await house.browser(house.alice)
    browser.cookies["language"] = "pl"
    page = await browser.get("/panel/profile")
    assert re.search(r"Administrator\s+Mój profil", page.words)
    assert re.search(r'href="/panel/profile/password">Zmień hasło<', page.text)
    password = await browser.get("/panel/profile/password")
    assert "Administrator › Mój profil" in password.words
    assert "<h1>Zmień hasło</h1>" in password.text


async def test_a_changed_password_keeps_this_session_and_ends_the_others(
    house: PeopleHouse,
) -> None:
    """W-05."""
    other, browser = await house.browser(house.alice), await house.browser(house.alice)
    before = browser.cookies[SESSION_COOKIE]
    form = {"old": PASSWORD, "new": NEW, "again": NEW}
    page = await browser.follow(await browser.post("/panel/profile/password", form))
    assert "The panel password was changed" in page.words
    assert browser.cookies[SESSION_COOKIE] != before
    assert (await other.get("/panel/profile")).location.startswith("/panel/login")


async def test_the_password_of_an_smtp_account_is_refused_with_the_two_kinds_explained(
    house: PeopleHouse,
) -> None:
    account = new_smtp_account(house.settings, "9.shop.smtp", "shop")
    await house.store.accounts.create_smtp_account(account, password=NEW, now=house.clock.now())
    said = await change(house)
    assert "password of one of your SMTP accounts" in said
    assert "two kinds of passwords" in said


async def test_what_is_wrong_stands_at_its_field(house: PeopleHouse) -> None:
    assert "not your current password" in await change(house, old="wrong")
    assert "at least 12 characters" in await change(house, new="short")
    browser = await house.browser(house.alice)
    form = {"old": PASSWORD, "new": NEW, "again": "other"}
    assert "differ" in (await browser.post("/panel/profile/password", form)).words


async def test_ones_data_is_saved_and_answered_in_the_language_chosen(house: PeopleHouse) -> None:
    browser = await house.browser(house.alice)
    form = {"name": "Alicja", "phone": "501 234 567", "language": "pl"}
    page = await browser.follow(await browser.post("/panel/profile", form))
    assert "Dane zapisano." in page.words
    assert 'value="+48501234567"' in page.text


async def test_sessions_are_listed_and_ended_one_by_one_or_all(house: PeopleHouse) -> None:
    """W-05: list and revoke."""
    browser, other = await house.browser(house.alice), await house.browser(house.alice)
    third = await house.browser(house.alice)
    page = await browser.get("/panel/profile")
    assert page.text.count("Test browser") >= 3
    (first, *_) = re.findall(r'action="(/panel/profile/sessions/\d+/end)"', page.text)
    await browser.post(first)
    gone = [one for one in (other, third) if (await one.get("/panel/profile")).status == 303]
    assert len(gone) == 1
    await browser.post("/panel/profile/sessions/end")
    for one in (other, third):
        assert (await one.get("/panel/profile")).status == 303
    assert (await browser.get("/panel/profile")).status == 200


async def test_bob_ends_no_session_of_alice(house: PeopleHouse) -> None:
    """W-01."""
    await house.browser(house.alice)
    (session,) = await house.sessions.of_member(house.alice.member_id)
    bob = await house.browser(house.bob)
    page = await bob.post(f"/panel/profile/sessions/{session.session_id}/end")
    assert page.status == 404
    assert len(await house.sessions.of_member(house.alice.member_id)) == 1


async def test_an_app_is_set_up_by_picture_or_key_and_gives_recovery_codes(
    house: PeopleHouse,
) -> None:
    """W-17."""
    browser = await house.browser(house.alice)
    page = await browser.get("/panel/profile/app")
    assert "<svg" in page.text
    assert "style=" not in page.text
    found = re.search(r'name="seed"[^>]*value="([^"]+)"', page.text)
    assert found
    seed = html.unescape(found[1])
    wrong = await browser.post("/panel/profile/app", {"seed": seed, "code": "000000"})
    assert f'value="{found[1]}"' in wrong.text  # the picture that was scanned stays
    code = pyotp.TOTP(seed.replace(" ", "")).at(house.clock.now())
    codes = await browser.post("/panel/profile/app", {"seed": seed, "code": code})
    assert len(re.findall(r"\b[a-z]{4}-[a-z]{4}-[a-z]{4}\b", codes.text)) == 10
    profile = await browser.get("/panel/profile")
    assert "10 left" in profile.words
    refused = await browser.post("/panel/profile/app/off", {"password": "wrong"})
    assert "not your current password" in (await browser.follow(refused)).words
    await browser.post("/panel/profile/app/off", {"password": PASSWORD})
    assert not await house.people.second_factors.has_totp(house.alice)


async def test_an_smtp_account_does_not_get_a_panel_password(house: PeopleHouse) -> None:
    """The two kinds are apart from both sides."""
    panels = "Vx7kd-q2Lmz-88p-Rt"
    await house.set_password(house.bob, panels)
    account = new_smtp_account(house.settings, "9.shop.smtp", "shop")
    await house.store.accounts.create_smtp_account(
        account, password="x" * 24, now=house.clock.now()
    )
    browser = await house.browser(house.alice)
    form = {"how": "chosen", "password": panels, "overlap": "0"}
    page = await browser.post("/panel/smtp-accounts/9.shop.smtp/password", form)
    assert "logs in to the panel with this password" in page.words


async def test_an_administrator_writes_the_firms_data_and_its_nip_once(house: PeopleHouse) -> None:
    """Another NIP is another taxpayer."""
    alice = await house.browser(house.alice)
    form = {
        "company": "Sklep Róża S.A.",
        "nip": "526-104-08-28",
        "street": "ul. Różana 1",
        "postcode": "00950",
        "city": "Warszawa",
        "sends": "faktury",
    }
    page = await alice.follow(await alice.post("/panel/profile/company", form))
    assert "The firm's data was saved." in page.words
    await alice.post("/panel/profile/company", form | {"city": "Łódź", "nip": "7740001454"})
    told = await house.store.members.company(house.alice.customer_id)
    assert (told.nip, told.postcode, told.city) == ("5261040828", "00-950", "Łódź")
    assert "526-104-08-28" in (await alice.get("/panel/profile/company")).words
    wrong = await alice.post("/panel/profile/company", form | {"postcode": "x"})
    assert "postcode as 00-000" in wrong.words
    bob = await house.browser(house.bob)
    assert (await bob.get("/panel/profile/company")).status == 403
    assert "Firm's data changed" in (await alice.get("/panel/audit")).words
