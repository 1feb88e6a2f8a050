"""Signing up: confirmed by a link, first password by SMS, the same answer for everybody (S-31, W-18)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from tests.doubles.people_house import CLIENT, PASSWORD, PeopleHouse

from sztafeta.account.company import Company
from sztafeta.service.people.log_in import Client, LoggedIn
from sztafeta.service.people.passwords import Changed
from sztafeta.service.people.sign_up import SignUpAnswer, SignUpWish
from sztafeta.service.ports import SmsFailed

NEW = "fioletowy rower za stodołą"


def wish(email: str = "anna@kwiaciarnia.example", **more: str) -> SignUpWish:
    company = Company(name="Kwiaciarnia Róża sp. z o.o.", nip="5261040828", city="Łódź")
    return SignUpWish(
        company=company,
        email=email,
        phone=more.get("phone", "+48501234567"),
        name="Anna Nowak",
        language=more.get("language", "pl"),
    )


async def asked(house: PeopleHouse, one: SignUpWish | None = None) -> str:
    """Ask; give the token of the link in the letter."""
    assert await house.people.sign_up.ask(one or wish(), CLIENT) is SignUpAnswer.LETTER_SENT
    return (await house.letters())[-1].link.rpartition("/")[2]


def password_in(text: str) -> str:
    found = re.search(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", text)
    assert found, text
    return found[0]


async def test_a_firm_comes_in_by_letter_and_sms(house: PeopleHouse) -> None:
    token = await asked(house)
    assert await house.store.members.credentials("anna@kwiaciarnia.example") is None
    confirmed = await house.people.sign_up.confirm(token, CLIENT)
    assert confirmed.answer is SignUpAnswer.PASSWORD_SENT
    assert (confirmed.account_name, confirmed.phone) == (
        "kwiaciarnia-roza",
        "+48\xa0•••\xa0•••\xa0567",
    )
    ((number, text),) = house.sms
    assert number == "+48501234567"
    answer = await house.people.log_in.by_password("kwiaciarnia-roza", password_in(text), CLIENT)
    assert isinstance(answer, LoggedIn)
    assert answer.member.is_administrator
    assert answer.member.must_change_password
    company = await house.store.members.company(answer.member.customer_id)
    assert company == wish().company
    assert await house.store.accounts.smtp_account("1.kwiaciarnia-roza.smtp") is not None


async def test_the_first_password_is_changed_without_being_said_again(house: PeopleHouse) -> None:
    await house.people.sign_up.confirm(await asked(house), CLIENT)
    first = password_in(house.sms[0][1])
    login = await house.people.log_in.by_password("kwiaciarnia-roza", first, CLIENT)
    assert isinstance(login, LoggedIn)
    visitor = await house.sessions.find(login.token, address=CLIENT.address)
    assert visitor is not None
    change = house.people.passwords.change
    answer = await change(visitor.member, visitor.session_id, old="", new=NEW, client=CLIENT)
    assert isinstance(answer, Changed)
    after = await house.sessions.find(answer.token, address=CLIENT.address)
    assert after is not None
    assert not after.member.must_change_password


async def test_an_address_that_is_taken_gets_another_letter_and_the_same_answer(
    house: PeopleHouse,
) -> None:
    """S-31, W-18: the form does not tell who is there."""
    answers = [
        await house.people.sign_up.ask(wish(email), CLIENT)
        for email in ("alice@shop.example", "new@shop.example")
    ]
    assert answers == [SignUpAnswer.LETTER_SENT] * 2
    taken, fresh = await house.letters()
    assert (taken.subject, taken.link) == ("Masz już konto", "/panel/login")
    assert fresh.subject == "Potwierdź adres e-mail"


async def test_the_letter_is_in_the_persons_language_and_names_no_secret(
    house: PeopleHouse,
) -> None:
    await asked(house, wish(language="en"))
    (letter,) = await house.letters()
    assert letter.subject == "Confirm your e-mail address"
    assert "Kwiaciarnia Róża" in letter.text
    assert "501234" not in letter.text


async def test_values_in_letters_are_escaped(house: PeopleHouse) -> None:
    """W-08: a firm's name is somebody's text."""
    evil = Company(name="<img src=x onerror=alert(1)>")
    await asked(
        house, SignUpWish(company=evil, email="a@b.example", phone="+48501234567", name="A")
    )
    (letter,) = await house.letters()
    assert "<img" not in letter.html
    assert "&lt;img" in letter.html


async def test_an_sms_that_was_lost_comes_again_with_another_password(house: PeopleHouse) -> None:
    token = await asked(house)
    for _ in range(2):
        await house.people.sign_up.confirm(token, CLIENT)
    first, second = [password_in(text) for _, text in house.sms]
    by_password = house.people.log_in.by_password
    assert not isinstance(await by_password("kwiaciarnia-roza", first, CLIENT), LoggedIn)
    assert isinstance(await by_password("kwiaciarnia-roza", second, CLIENT), LoggedIn)


async def test_a_link_is_dead_once_the_password_is_ones_own(house: PeopleHouse) -> None:
    """Whoever finds the letter later sets nothing."""
    token = await asked(house)
    await house.people.sign_up.confirm(token, CLIENT)
    known = await house.store.members.credentials("kwiaciarnia-roza")
    assert known is not None
    await house.set_password(known.member, PASSWORD)
    assert (await house.people.sign_up.confirm(token, CLIENT)).answer is SignUpAnswer.GONE
    assert len(house.sms) == 1


async def test_a_link_runs_out_after_a_day(house: PeopleHouse) -> None:
    token = await asked(house)
    house.clock.advance(timedelta(hours=24))
    assert (await house.people.sign_up.confirm(token, CLIENT)).answer is SignUpAnswer.GONE


async def test_a_number_and_an_address_get_five_sms_an_hour(house: PeopleHouse) -> None:
    """W-18: SMS cost money and annoy."""
    token = await asked(house)
    answers = [(await house.people.sign_up.confirm(token, CLIENT)).answer for _ in range(6)]
    assert answers == [SignUpAnswer.PASSWORD_SENT] * 5 + [SignUpAnswer.WAIT]
    other = await asked(house, wish("b@kwiaciarnia.example", phone="+48601234567"))
    assert (await house.people.sign_up.confirm(other, CLIENT)).answer is SignUpAnswer.WAIT
    elsewhere = Client(address="198.51.100.1", user_agent="")
    again = await house.people.sign_up.confirm(other, elsewhere)
    assert again.answer is SignUpAnswer.PASSWORD_SENT


async def test_two_firms_of_one_name_have_two_accounts(house: PeopleHouse) -> None:
    names = []
    for email in ("a@a.example", "b@b.example"):
        confirmed = await house.people.sign_up.confirm(await asked(house, wish(email)), CLIENT)
        names.append(confirmed.account_name)
    assert names == ["kwiaciarnia-roza", "kwiaciarnia-roza-2"]


async def test_one_address_signs_up_ten_times_an_hour(house: PeopleHouse) -> None:
    """W-18."""
    ask = house.people.sign_up.ask
    answers = [await ask(wish(f"u{number}@example.com"), CLIENT) for number in range(11)]
    assert answers == [SignUpAnswer.LETTER_SENT] * 10 + [SignUpAnswer.WAIT]


async def test_an_sms_that_fails_is_said_and_can_be_sent_again(house: PeopleHouse) -> None:
    class Broken:
        async def send(self, number: str, text: str) -> None:
            raise SmsFailed("no credit left")

    token = await asked(house)
    gateway, house.people.sign_up._sms = house.people.sign_up._sms, Broken()
    assert (await house.people.sign_up.confirm(token, CLIENT)).answer is SignUpAnswer.SMS_FAILED
    assert "no credit left" in str(house.troubles.pop())
    house.people.sign_up._sms = gateway
    assert (await house.people.sign_up.confirm(token, CLIENT)).answer is SignUpAnswer.PASSWORD_SENT


async def test_without_letters_or_sms_nobody_signs_up(panel_template: Path, tmp_path: Path) -> None:
    async with PeopleHouse(panel_template, tmp_path / "closed", panel={}) as house:
        assert not house.people.sign_up.is_open
        assert await house.people.sign_up.ask(wish(), CLIENT) is SignUpAnswer.CLOSED
