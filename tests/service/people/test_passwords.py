"""Panel passwords: changed by their owner or by a link, never an SMTP password (W-05, W-17)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError
from tests.doubles.people_house import CLIENT, ELSEWHERE, PASSWORD, PeopleHouse

from sztafeta.account.member import Member
from sztafeta.account.password import PasswordFault
from sztafeta.bootstrap.people import new_smtp_account
from sztafeta.service.people import hashing
from sztafeta.service.people.log_in import Client, LoggedIn, LoginRefused, SecondStepNeeded
from sztafeta.service.people.panel_passwords import PanelPasswords
from sztafeta.service.people.passwords import Changed, PasswordRefusal
from sztafeta.store.schema import ticket
from sztafeta.store.statements import Rows, Steps

NEW = "fioletowy rower za stodołą"


async def session_of(house: PeopleHouse, member: Member) -> tuple[str, int]:
    """Open a session; give its token and number."""
    token = await house.sessions.open(member.member_id, address="127.0.0.1", user_agent="Firefox")
    visitor = await house.sessions.find(token, address="127.0.0.1")
    assert visitor is not None
    return token, visitor.session_id


async def can_log_in(house: PeopleHouse, member: Member, password: str) -> bool:
    answer = await house.people.log_in.by_password(member.email, password, CLIENT)
    return isinstance(answer, LoggedIn | SecondStepNeeded)


async def changed(house: PeopleHouse, old: str = PASSWORD, new: str = NEW) -> object:
    _, number = await session_of(house, house.alice)
    return await house.people.passwords.change(house.alice, number, old=old, new=new, client=CLIENT)


async def test_a_changed_password_is_in_force_and_the_old_one_is_not(house: PeopleHouse) -> None:
    assert isinstance(await changed(house), Changed)
    assert await can_log_in(house, house.alice, NEW)
    assert not await can_log_in(house, house.alice, PASSWORD)


async def test_a_change_ends_all_other_sessions_and_renews_this_one(house: PeopleHouse) -> None:
    """W-05."""
    other, _ = await session_of(house, house.alice)
    mine, number = await session_of(house, house.alice)
    answer = await house.people.passwords.change(
        house.alice, number, old=PASSWORD, new=NEW, client=CLIENT
    )
    assert isinstance(answer, Changed)
    find = house.sessions.find
    assert await find(other, address="127.0.0.1") is None
    assert await find(mine, address="127.0.0.1") is None
    assert await find(answer.token, address="127.0.0.1") is not None


async def test_a_change_is_told_by_mail(house: PeopleHouse) -> None:
    await changed(house)
    (letter,) = await house.letters()
    assert (letter.to, letter.subject) == (house.alice.email, "The panel password was changed")
    assert "127.0.0.1" in letter.text
    assert NEW not in letter.text


async def test_the_old_password_must_be_right_and_tries_are_bounded(house: PeopleHouse) -> None:
    """S-30: a stolen session is no way to guess."""
    answers = [await changed(house, old=f"wrong{number}") for number in range(6)]
    assert answers[0] is PasswordRefusal.WRONG_OLD
    assert answers[-1] is PasswordRefusal.WAIT


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        ("short", PasswordFault.TOO_SHORT),
        ("password12345", PasswordFault.COMMON),
        ("alice@shop.example", PasswordFault.ABOUT_YOU),
        (PASSWORD, PasswordFault.SAME),
    ],
)
async def test_weak_passwords_are_refused(
    house: PeopleHouse, new: str, fault: PasswordFault
) -> None:
    """W-17."""
    assert await changed(house, new=new) is fault


async def smtp_account(house: PeopleHouse, customer: str, password: str) -> None:
    account = new_smtp_account(house.settings, f"9.{customer}.smtp", customer)
    await house.store.accounts.create_smtp_account(
        account, password=password, now=house.clock.now()
    )


async def test_a_panel_password_is_never_that_of_an_smtp_account(house: PeopleHouse) -> None:
    """It would stand in a shop's configuration file."""
    await smtp_account(house, "shop", NEW)
    await smtp_account(house, "other", "inne haslo sklepowe")
    assert await changed(house) is PasswordFault.SMTP_PASSWORD
    assert isinstance(await changed(house, new="inne haslo sklepowe"), Changed)


async def test_an_smtp_account_can_ask_whether_a_password_is_the_panels(
    house: PeopleHouse,
) -> None:
    panels = PanelPasswords(members=house.store.members, hashing=hashing.Hashing())
    assert await panels.include(house.alice.customer_id, PASSWORD)
    assert not await panels.include(house.alice.customer_id, NEW)


# -- by a letter ----------------------------------------------------------------------------------


async def link_of(house: PeopleHouse, login: str = "alice@shop.example") -> str:
    """Ask for a reset; give the token of the link in the letter."""
    assert await house.people.passwords.ask_for_reset(login, CLIENT) is None
    return (await house.letters())[-1].link.rpartition("/")[2]


async def test_a_link_sets_a_password_once_and_logs_nobody_in(house: PeopleHouse) -> None:
    """W-17: single use."""
    token = await link_of(house)
    reset = house.people.passwords.reset
    answers = await asyncio.gather(reset(token, NEW, CLIENT), reset(token, NEW, CLIENT))
    assert sorted(map(type, answers), key=str) == sorted([Member, PasswordRefusal], key=str)
    assert await house.sessions.of_member(house.alice.member_id) == []
    assert await can_log_in(house, house.alice, NEW)


async def test_a_link_runs_out_after_thirty_minutes(house: PeopleHouse) -> None:
    """W-17."""
    token = await link_of(house)
    house.clock.advance(timedelta(minutes=30))
    assert await house.people.passwords.reset(token, NEW, CLIENT) is PasswordRefusal.GONE


async def test_a_weak_password_does_not_spend_the_link(house: PeopleHouse) -> None:
    token = await link_of(house)
    assert await house.people.passwords.reset(token, "short", CLIENT) is PasswordFault.TOO_SHORT
    assert isinstance(await house.people.passwords.reset(token, NEW, CLIENT), Member)


async def test_a_reset_ends_all_sessions_and_kills_the_other_links(house: PeopleHouse) -> None:
    """W-05, W-17."""
    session, _ = await session_of(house, house.alice)
    first, second = await link_of(house), await link_of(house)
    await house.people.passwords.reset(second, NEW, CLIENT)
    assert await house.sessions.find(session, address="127.0.0.1") is None
    assert await house.people.passwords.reset(first, NEW + "!", CLIENT) is PasswordRefusal.GONE


async def test_a_reset_leaves_the_second_step_on(house: PeopleHouse) -> None:
    """W-17: it does not switch the second factor off."""
    await house.store.second_factors.set_totp(house.alice.member_id, b"s" * 20)
    await house.people.passwords.reset(await link_of(house), NEW, CLIENT)
    answer = await house.people.log_in.by_password(house.alice.email, NEW, CLIENT)
    assert isinstance(answer, SecondStepNeeded)


async def test_a_reset_is_told_to_all_administrators(house: PeopleHouse) -> None:
    """W-17."""
    token = await link_of(house, "bob@shop.example")
    await house.people.passwords.reset(token, NEW, ELSEWHERE)
    told = [one for one in await house.letters() if "was changed" in one.subject]
    assert [one.to for one in told] == ["bob@shop.example", "alice@shop.example"]
    assert "bob@shop.example" in told[1].text


async def test_asking_for_a_stranger_answers_the_same_and_writes_to_nobody(
    house: PeopleHouse,
) -> None:
    """S-31: what a letter needs is done beside the answer."""
    assert await house.people.passwords.ask_for_reset("nobody@example.com", CLIENT) is None
    assert await house.letters() == []


async def test_nobody_gets_more_than_three_links_a_day(house: PeopleHouse) -> None:
    """W-18: no list bombing by our own letters."""
    for number in range(5):
        client = Client(address=f"198.51.{number}.1", user_agent="")
        await house.people.passwords.ask_for_reset("alice@shop.example", client)
    assert len(await house.letters()) == 3


async def test_one_address_asks_twenty_times_an_hour(house: PeopleHouse) -> None:
    ask = house.people.passwords.ask_for_reset
    answers = [await ask(f"user{number}@example.com", CLIENT) for number in range(21)]
    assert answers == [None] * 20 + [PasswordRefusal.WAIT]


async def test_tokens_are_not_in_the_store(house: PeopleHouse) -> None:
    """W-17: hashed at rest."""
    token = await link_of(house)
    assert (await house.people.passwords.member_of_link(token)) == house.alice

    def steps() -> Steps[Rows]:
        return (yield house.store.database.dialect.once(sa.select(ticket)))

    ((kept, *others),) = await house.store.database.read(steps)
    assert bytes(kept) == sha256(token.encode()).digest()
    assert token not in str(others)


async def test_a_guess_gets_nowhere(house: PeopleHouse) -> None:
    assert await house.people.passwords.reset("guess", NEW, CLIENT) is PasswordRefusal.GONE
    assert not isinstance(
        await house.people.log_in.by_password("guess", NEW, CLIENT), LoggedIn | SecondStepNeeded
    )
    assert isinstance(await house.people.log_in.by_password("guess", NEW, CLIENT), LoginRefused)


async def test_the_hash_of_nobody_costs_what_a_hash_costs_and_has_no_password() -> None:
    """S-31: compared where there is no hash; made by no work of its own."""
    assert extract_parameters(hashing._NOBODYS) == extract_parameters(hashing._HASHER.hash("x"))
    with pytest.raises(VerifyMismatchError):
        hashing._HASHER.verify(hashing._NOBODYS, "")
    assert not await hashing.Hashing().matches("", "")
