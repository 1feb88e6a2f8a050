"""A change of e-mail address: by the password and a link, told to the old address (W-05, S-31)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.doubles.people_house import CLIENT, PASSWORD, PeopleHouse
from tests.service.people.test_passwords import can_log_in, session_of

from sztafeta.account.member import Area, Right
from sztafeta.service.people.email_change import EmailFault
from sztafeta.service.people.passwords import Changed, PasswordRefusal

NEW = "Alicja@nowa.example"


async def asked(house: PeopleHouse, new: str = NEW) -> str:
    """Ask for a change of Alice's address; give the token of the link."""
    ask = house.people.email_change.ask
    assert await ask(house.alice, new, password=PASSWORD, client=CLIENT) is None
    to_new = [one for one in await house.letters() if one.to == new]
    return to_new[-1].link.rpartition("/")[2]


async def confirmed(house: PeopleHouse, token: str) -> Changed | EmailFault:
    _, number = await session_of(house, house.alice)
    return await house.people.email_change.confirm(house.alice, number, token, CLIENT)


async def address_of(house: PeopleHouse) -> str:
    member = await house.store.members.member(house.alice.member_id)
    assert member is not None
    return member.email


async def test_the_address_changes_by_the_link_and_not_before(house: PeopleHouse) -> None:
    token = await asked(house)
    assert await house.people.email_change.new_address(house.alice, token) == NEW
    assert await address_of(house) == "alice@shop.example"
    assert isinstance(await confirmed(house, token), Changed)
    assert await address_of(house) == NEW.lower()
    known = await house.store.members.credentials(NEW)
    assert known is not None
    assert await can_log_in(house, known.member, PASSWORD)
    assert not await can_log_in(house, house.alice, PASSWORD)


async def test_the_old_address_is_told_when_it_is_asked_for_and_when_it_is_done(
    house: PeopleHouse,
) -> None:
    await confirmed(house, await asked(house))
    letters = await house.letters()
    told = [one for one in letters if one.to == "alice@shop.example"]
    assert [one.subject for one in told] == [
        "A change of your e-mail address was asked for",
        "Your e-mail address was changed",
    ]
    assert all(NEW in one.text and CLIENT.address in one.text for one in told)
    (link,) = [one for one in letters if one.to == NEW]
    assert "Alice" not in link.text  # it may be a stranger's


async def test_a_change_is_in_the_audit_log(house: PeopleHouse) -> None:
    await confirmed(house, await asked(house))
    entry = (await house.audit(house.alice))[0]
    assert entry.action == "profile.email-changed"
    assert entry.details == {
        "before": {"email": "alice@shop.example"},
        "after": {"email": NEW.lower()},
    }


async def test_a_change_ends_all_other_sessions_and_what_went_to_the_old_address(
    house: PeopleHouse,
) -> None:
    """W-05: a link for a new password that lies in the old inbox is dead."""
    await house.people.passwords.ask_for_reset("alice@shop.example", CLIENT)
    reset = (await house.letters())[-1].link.rpartition("/")[2]
    other, _ = await session_of(house, house.alice)
    mine, number = await session_of(house, house.alice)
    token = await asked(house)
    answer = await house.people.email_change.confirm(house.alice, number, token, CLIENT)
    assert isinstance(answer, Changed)
    for ended in (other, mine):
        assert await house.sessions.find(ended, address=CLIENT.address) is None
    assert await house.sessions.find(answer.token, address=CLIENT.address) is not None
    assert await house.people.passwords.member_of_link(reset) is None


async def test_an_address_that_is_taken_gets_another_letter_and_the_same_answer(
    house: PeopleHouse,
) -> None:
    """S-31."""
    ask = house.people.email_change.ask
    answers = [
        await ask(house.alice, new, password=PASSWORD, client=CLIENT)
        for new in ("Charlie@other.example", NEW)
    ]
    assert answers == [None, None]
    letters = {one.to: one for one in await house.letters()}
    taken = letters["Charlie@other.example"]
    assert taken.subject == "This address has an account already"
    assert taken.link == "/panel/login"
    assert letters[NEW].subject == "Confirm your new e-mail address"


async def test_an_address_that_is_taken_meanwhile_stays_with_whoever_has_it(
    house: PeopleHouse,
) -> None:
    token = await asked(house)
    await house.store.members.change_member(replace(house.charlie, email=NEW))
    assert await confirmed(house, token) is EmailFault.GONE
    assert await address_of(house) == "alice@shop.example"


async def test_the_link_of_somebody_else_is_nobodys(house: PeopleHouse) -> None:
    """W-01: a mistyped address gives a stranger nothing."""
    token = await asked(house)
    change = house.people.email_change
    for member in (house.bob, house.charlie):
        _, number = await session_of(house, member)
        assert await change.new_address(member, token) is None
        assert await change.confirm(member, number, token, CLIENT) is EmailFault.GONE
    assert isinstance(await confirmed(house, token), Changed)


async def test_a_link_works_once(house: PeopleHouse) -> None:
    token = await asked(house)
    answers = await asyncio.gather(confirmed(house, token), confirmed(house, token))
    assert [type(one) for one in answers].count(Changed) == 1
    assert EmailFault.GONE in answers


async def test_a_link_runs_out_after_thirty_minutes(house: PeopleHouse) -> None:
    token = await asked(house)
    house.clock.advance(timedelta(minutes=30))
    assert await confirmed(house, token) is EmailFault.GONE


async def test_only_the_newest_link_works(house: PeopleHouse) -> None:
    first, second = await asked(house), await asked(house, "other@nowa.example")
    assert await confirmed(house, first) is EmailFault.GONE
    assert isinstance(await confirmed(house, second), Changed)
    assert await address_of(house) == "other@nowa.example"


async def test_another_password_ends_the_link(house: PeopleHouse) -> None:
    """Whoever is told of a change that is not theirs sets a new password, and it is over."""
    token = await asked(house)
    _, number = await session_of(house, house.alice)
    change, new = house.people.passwords.change, "fioletowy rower za stodołą"
    await change(house.alice, number, old=PASSWORD, new=new, client=CLIENT)
    assert await confirmed(house, token) is EmailFault.GONE


async def test_the_password_must_be_right_and_tries_are_bounded(house: PeopleHouse) -> None:
    """S-30: a stolen session does not take the account over."""
    ask = house.people.email_change.ask
    answers = [
        await ask(house.alice, NEW, password=f"wrong{number}", client=CLIENT) for number in range(6)
    ]
    assert answers[0] is PasswordRefusal.WRONG_OLD
    assert answers[-1] is PasswordRefusal.WAIT
    assert await house.letters() == []


async def test_a_member_asks_five_times_an_hour(house: PeopleHouse) -> None:
    """W-18: each writes to somebody."""
    ask = house.people.email_change.ask
    answers = [
        await ask(house.alice, f"a{number}@x.example", password=PASSWORD, client=CLIENT)
        for number in range(6)
    ]
    assert answers == [None] * 5 + [EmailFault.WAIT]


@pytest.mark.parametrize("same", ["alice@shop.example", "Alice@Shop.example"])
async def test_the_present_address_is_no_change(house: PeopleHouse, same: str) -> None:
    ask = house.people.email_change.ask
    assert await ask(house.alice, same, password=PASSWORD, client=CLIENT) is EmailFault.SAME


async def test_rights_that_were_given_meanwhile_stay(house: PeopleHouse) -> None:
    """The member of an older page does not write over them."""
    ask = house.people.email_change.ask
    assert await ask(house.bob, NEW, password=PASSWORD, client=CLIENT) is None
    token = next(one for one in await house.letters() if one.to == NEW).link.rpartition("/")[2]
    _, number = await session_of(house, house.bob)
    await house.grant(house.bob, {Area.MESSAGES: Right.READ})
    await house.people.email_change.confirm(house.bob, number, token, CLIENT)
    bob = await house.store.members.member(house.bob.member_id)
    assert bob is not None
    assert (bob.email, bob.rights) == (NEW.lower(), {Area.MESSAGES: Right.READ})
