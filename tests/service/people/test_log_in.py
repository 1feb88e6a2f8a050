"""Logging in: bounded, slowed down, the same for strangers and members (S-30, S-31, S-34, W-05)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

from tests.doubles.people_house import CLIENT, ELSEWHERE, PASSWORD, PeopleHouse

from sztafeta.service.people.hashing import Hashing, TooBusy
from sztafeta.service.people.log_in import Client, LoggedIn, LoginFault, LoginRefused
from sztafeta.service.ports import AuditQuery

ALICE = "alice@shop.example"
WRONG = LoginRefused(fault=LoginFault.WRONG)


async def attempt(
    house: PeopleHouse, login: str = ALICE, password: str = "wrong", client: Client = CLIENT
) -> object:
    return await house.people.log_in.by_password(login, password, client)


async def fault_of(
    house: PeopleHouse, password: str = "wrong", client: Client = CLIENT
) -> LoginFault:
    answer = await attempt(house, password=password, client=client)
    assert isinstance(answer, LoginRefused), answer
    return answer.fault


async def test_the_right_password_opens_a_session(house: PeopleHouse) -> None:
    answer = await attempt(house, "ALICE@shop.example", PASSWORD)
    assert isinstance(answer, LoggedIn)
    visitor = await house.sessions.find(answer.token, address=CLIENT.address)
    assert visitor is not None
    assert visitor.member == house.alice


async def test_each_login_has_a_session_of_its_own(house: PeopleHouse) -> None:
    """W-05: no session is fixed before the login."""
    tokens = {(await attempt(house, password=PASSWORD)).token for _ in range(3)}  # type: ignore[attr-defined]
    assert len(tokens) == 3


async def test_unknown_known_and_passwordless_logins_get_the_same_answer_for_the_same_work(
    house: PeopleHouse,
) -> None:
    """S-31, W-18: one comparison with a hash each, and one answer."""
    await house.store.members.set_password(
        house.bob.member_id, "", must_change=False, now=house.clock.now()
    )
    hashing: Hashing = house.people.log_in._hashing
    for login in (ALICE, "nobody@shop.example", "", "bob@shop.example"):
        before = hashing.checks
        assert await attempt(house, login) == WRONG
        assert hashing.checks == before + 1


async def test_a_member_who_is_switched_off_learns_it_with_the_right_password_alone(
    house: PeopleHouse,
) -> None:
    """S-31."""
    await house.store.members.change_member(replace(house.bob, is_enabled=False))
    assert await attempt(house, house.bob.email) == WRONG
    answer = await attempt(house, house.bob.email, PASSWORD)
    assert answer == LoginRefused(fault=LoginFault.SWITCHED_OFF)


async def test_the_allow_list_is_told_to_whoever_knows_the_password(house: PeopleHouse) -> None:
    networks = (ip_network("192.0.2.0/24"),)
    await house.store.members.set_panel_networks(house.alice.customer_id, networks)
    assert await fault_of(house) is LoginFault.WRONG
    assert await fault_of(house, PASSWORD) is LoginFault.NOT_FROM_HERE


async def test_an_account_that_is_guessed_at_waits_longer_and_longer(house: PeopleHouse) -> None:
    """S-30: a growing delay, and never a lockout: after a quarter of an hour at most one is tried."""
    waits = []
    for guess in range(30):
        client = Client(address=f"198.51.{guess}.7", user_agent="")  # a network each
        answer = await attempt(house, client=client)
        assert isinstance(answer, LoginRefused)
        while answer.fault is LoginFault.WAIT:
            waits.append(answer.wait)
            house.clock.advance(answer.wait)
            answer = await attempt(house, client=client)
            assert isinstance(answer, LoginRefused)
    assert waits[:3] == [timedelta(seconds=seconds) for seconds in (2, 4, 8)]
    assert waits == sorted(waits)
    assert max(waits) == timedelta(minutes=15)
    house.clock.advance(timedelta(minutes=15))
    assert isinstance(await attempt(house, password=PASSWORD, client=ELSEWHERE), LoggedIn)


async def test_an_unknown_account_waits_as_long_as_a_known_one(house: PeopleHouse) -> None:
    """S-31: the delay does not tell who is there."""
    answers = {}
    for login in (ALICE, "nobody@shop.example"):
        for guess in range(6):
            client = Client(address=f"198.51.{guess}.{len(login)}", user_agent="")
            answers[login] = await attempt(house, login, client=client)
    assert answers[ALICE] == answers["nobody@shop.example"]
    assert answers[ALICE] == LoginRefused(fault=LoginFault.WAIT, wait=timedelta(seconds=2))


async def test_the_owner_comes_in_from_the_usual_address_while_others_guess(
    house: PeopleHouse,
) -> None:
    """S-30: no denial by lockout."""
    assert isinstance(await attempt(house, password=PASSWORD), LoggedIn)
    for guess in range(12):
        await attempt(house, client=Client(address=f"198.51.{guess}.7", user_agent=""))
    assert await fault_of(house, PASSWORD, ELSEWHERE) is LoginFault.WAIT
    assert isinstance(await attempt(house, password=PASSWORD), LoggedIn)


async def test_an_address_that_guesses_at_many_accounts_waits(house: PeopleHouse) -> None:
    """S-30, W-18: ten failures a minute and fifty a day of one address."""
    for guess in range(10):
        assert await attempt(house, f"user{guess}@example.com", client=ELSEWHERE) == WRONG
    assert await fault_of(house, PASSWORD, ELSEWHERE) is LoginFault.WAIT
    house.clock.advance(timedelta(minutes=1))
    assert await fault_of(house, client=ELSEWHERE) is LoginFault.WRONG


async def test_a_network_of_addresses_waits_together(house: PeopleHouse) -> None:
    """S-30: three times the bound of one address for its /26."""
    for guess in range(30):
        client = Client(address=f"198.51.100.{guess}", user_agent="")
        assert await attempt(house, f"user{guess}@example.com", client=client) == WRONG
    neighbour = Client(address="198.51.100.60", user_agent="")
    assert await fault_of(house, PASSWORD, neighbour) is LoginFault.WAIT
    assert (
        await fault_of(house, client=Client(address="198.51.100.70", user_agent=""))
        is LoginFault.WRONG
    )


async def test_the_owner_is_told_of_ten_wrong_passwords_once(house: PeopleHouse) -> None:
    """S-30: alert to the owner."""
    for guess in range(12):
        await attempt(house, client=Client(address=f"198.51.{guess}.7", user_agent=""))
        house.clock.advance(timedelta(minutes=16))
    told = [one for one in await house.letters() if "guessing" in one.subject]
    assert [one.to for one in told] == [ALICE]
    assert "198.51." in told[0].text


async def test_logins_stand_in_the_audit_log(house: PeopleHouse) -> None:
    """W-26."""
    await attempt(house)
    await attempt(house, password=PASSWORD)
    await house.people.beside.finished()
    entries = await house.panel.desk.audit.entries(
        house.alice.customer_id, AuditQuery(action="login."), limit=9
    )
    assert {one.action for one in entries} == {"login.done", "login.failed"}


async def test_a_flood_of_passwords_is_refused_at_once() -> None:
    """S-34: a few threads, a bounded queue, and beyond it `busy`."""
    hashing = Hashing(threads=1, waiting=1)
    checks = [hashing.matches("x", "") for _ in range(5)]
    answers = await asyncio.gather(*checks, return_exceptions=True)
    assert [type(one) for one in answers].count(TooBusy) == 3
    assert await hashing.matches("x", "") is False
    hashing.close()


async def test_hashes_are_argon2id_of_19_mib(house: PeopleHouse) -> None:
    """W-17: argon2id, 19 MiB, two passes; and one spelling of what is typed the same way."""
    hashing: Hashing = house.people.log_in._hashing
    made = await hashing.hash("za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105")
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await hashing.matches("zaz\u0307o\u0301\u0142c\u0301 ge\u0328s\u0301la\u0328", made)
    assert not await hashing.matches("zazolc gesla", made)
