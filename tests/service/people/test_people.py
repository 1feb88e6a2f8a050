"""People: invited, given rights, removed; nobody gives what they do not have (W-03, W-05)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from tests.doubles.people_house import CLIENT, ELSEWHERE, PASSWORD, PeopleHouse
from tests.service.people.test_passwords import session_of

from sztafeta.account.granting import may_give
from sztafeta.account.member import Area, Member, Right
from sztafeta.account.password import PasswordFault
from sztafeta.service.people.log_in import LoggedIn
from sztafeta.service.people.people import PeopleFault


def member(**settings: object) -> Member:
    values = {
        "member_id": 9,
        "customer_id": 1,
        "customer_name": "shop",
        "email": "x@example.com",
        "name": "X",
    }
    return Member(**(values | settings))  # type: ignore[arg-type]


PEOPLE = {Area.PEOPLE: Right.WRITE, Area.MESSAGES: Right.READ}


@pytest.mark.parametrize(
    ("giver", "wanted", "may"),
    [
        (member(is_administrator=True), member(is_administrator=True), True),
        (member(rights=PEOPLE), member(is_administrator=True), False),
        (member(rights=PEOPLE), member(rights={Area.MESSAGES: Right.READ}), True),
        (member(rights=PEOPLE), member(rights={Area.MESSAGES: Right.WRITE}), False),
        (member(rights=PEOPLE), member(rights={Area.DOMAINS: Right.READ}), False),
        (member(rights=PEOPLE, smtp_accounts=frozenset({1})), member(), False),
        (
            member(rights=PEOPLE, smtp_accounts=frozenset({1, 2})),
            member(smtp_accounts=frozenset({2})),
            True,
        ),
        (
            member(rights=PEOPLE, smtp_accounts=frozenset({1})),
            member(smtp_accounts=frozenset({2})),
            False,
        ),
    ],
)
def test_nobody_gives_what_they_do_not_have(giver: Member, wanted: Member, may: bool) -> None:
    """W-03."""
    assert may_give(giver, wanted) is may


def wanted(house: PeopleHouse, **settings: object) -> Member:
    made = replace(house.bob, member_id=0, email="dora@shop.example", rights=PEOPLE)
    return replace(made, **settings)  # type: ignore[arg-type]


async def invited(house: PeopleHouse) -> str:
    """Invite Dora; give the token of her link."""
    assert await house.people.invitations.invite(house.alice, wanted(house), CLIENT) is None
    return (await house.letters())[-1].link.rpartition("/")[2]


async def accept(house: PeopleHouse, token: str, password: str = PASSWORD) -> object:
    return await house.people.invitations.accept(
        token, name="Dora", phone="", language="en", password=password, client=CLIENT
    )


async def test_an_invitation_makes_a_member_with_the_rights_that_were_given(
    house: PeopleHouse,
) -> None:
    token = await invited(house)
    joined = await accept(house, token)
    assert isinstance(joined, Member)
    assert (joined.customer_id, joined.rights) == (house.alice.customer_id, PEOPLE)
    login = await house.people.log_in.by_password("dora@shop.example", PASSWORD, CLIENT)
    assert isinstance(login, LoggedIn)
    assert await accept(house, token) is PeopleFault.GONE


async def test_a_weak_password_does_not_spend_the_invitation(house: PeopleHouse) -> None:
    token = await invited(house)
    assert await accept(house, token, "short") is PasswordFault.TOO_SHORT
    assert isinstance(await accept(house, token), Member)


async def test_an_invitation_cannot_exceed_the_inviters_rights(house: PeopleHouse) -> None:
    """W-03."""
    bob = await house.grant(house.bob, PEOPLE)
    more = wanted(house, rights={Area.DOMAINS: Right.WRITE})
    for one in (more, wanted(house, is_administrator=True)):
        assert await house.people.invitations.invite(bob, one, CLIENT) is PeopleFault.EXCEEDS
    assert await house.people.invitations.invite(bob, wanted(house), CLIENT) is None


async def test_an_invitation_runs_out_or_is_withdrawn(house: PeopleHouse) -> None:
    token = await invited(house)
    (one,) = await house.people.invitations.all_of(house.alice.customer_id)
    assert one.email == "dora@shop.example"
    withdraw = house.people.invitations.withdraw
    assert await withdraw(house.charlie, one.reference, CLIENT) is PeopleFault.NOT_THERE
    assert await withdraw(house.alice, one.reference, CLIENT) is None
    assert await accept(house, token) is PeopleFault.GONE
    later = await invited(house)
    house.clock.advance(timedelta(days=7))
    assert await accept(house, later) is PeopleFault.GONE


async def test_inviting_another_firms_member_answers_as_for_anybody(house: PeopleHouse) -> None:
    """S-31: an invitation does not tell who is a customer."""
    one = wanted(house, email=house.charlie.email)
    assert await house.people.invitations.invite(house.alice, one, CLIENT) is None
    (letter,) = await house.letters()
    assert letter.link == "/panel/login"
    own = wanted(house, email=house.bob.email)
    assert await house.people.invitations.invite(house.alice, own, CLIENT) is PeopleFault.TAKEN


async def test_a_change_of_rights_is_in_force_and_ends_the_sessions(house: PeopleHouse) -> None:
    """W-05."""
    token, _ = await session_of(house, house.bob)
    changed = replace(house.bob, rights={Area.DOMAINS: Right.WRITE})
    assert await house.people.people.change(house.alice, changed, CLIENT) is None
    assert await house.sessions.find(token, address=CLIENT.address) is None
    assert await house.store.members.member(house.bob.member_id) == changed


async def test_nobody_promotes_themselves(house: PeopleHouse) -> None:
    """W-03."""
    bob = await house.grant(house.bob, PEOPLE)
    change = house.people.people.change
    assert await change(bob, replace(bob, is_administrator=True), CLIENT) is PeopleFault.YOURSELF
    stripped = replace(house.alice, is_administrator=False)
    assert await change(bob, stripped, CLIENT) is PeopleFault.EXCEEDS
    assert (
        await house.people.people.remove(bob, house.alice.member_id, CLIENT) is PeopleFault.EXCEEDS
    )


async def test_charlie_changes_nobody_of_alice(house: PeopleHouse) -> None:
    """W-01: a foreign id is as one that nobody has."""
    people = house.people.people
    change = await people.change(house.charlie, replace(house.bob, name="!"), CLIENT)
    assert change is PeopleFault.NOT_THERE
    assert await people.remove(house.charlie, house.bob.member_id, CLIENT) is PeopleFault.NOT_THERE
    assert await people.find(house.charlie.customer_id, house.bob.member_id) is None


async def test_a_removed_member_is_out(house: PeopleHouse) -> None:
    token, _ = await session_of(house, house.bob)
    assert await house.people.people.remove(house.alice, house.bob.member_id, CLIENT) is None
    assert await house.sessions.find(token, address=CLIENT.address) is None
    assert await house.store.members.credentials(house.bob.email) is None


async def test_an_allow_list_never_locks_out_whoever_writes_it(house: PeopleHouse) -> None:
    set_networks, office = house.people.people.set_networks, (ip_network("198.51.100.0/24"),)
    assert await set_networks(house.alice, office, CLIENT) is PeopleFault.LOCKED_OUT
    token, _ = await session_of(house, house.alice)
    assert await set_networks(house.alice, office, ELSEWHERE) is None
    assert await house.sessions.find(token, address=CLIENT.address) is None
    assert await house.sessions.find(token, address=ELSEWHERE.address) is not None
    assert await set_networks(house.alice, (), ELSEWHERE) is None


async def test_nobody_is_invited_by_more_than_three_letters_a_day(house: PeopleHouse) -> None:
    """W-18: no list bombing by invitations; what was not written is not open."""
    answers = [
        await house.people.invitations.invite(house.alice, wanted(house), CLIENT) for _ in range(4)
    ]
    assert answers == [None, None, None, PeopleFault.NOT_WRITTEN]
    assert len(await house.letters()) == 3
    assert len(await house.people.invitations.all_of(house.alice.customer_id)) == 3
