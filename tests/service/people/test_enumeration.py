"""S-31: the time of an answer does not tell whether an address or a login is known (Welch's t-test)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import perf_counter
from typing import Final

import pytest
from tests.doubles.people_house import PeopleHouse
from tests.timing.welch import TRIES, assert_same

from sztafeta.account.company import Company
from sztafeta.service.people.log_in import Client
from sztafeta.service.people.sign_up import SignUpWish

KNOWN: Final = "alice@shop.example"
UNKNOWN: Final = "nobody@shop.example"
CLIENT: Final = Client(address="192.0.2.1", user_agent="Test")
Ask = Callable[[PeopleHouse, str], Awaitable[object]]


async def log_in(house: PeopleHouse, login: str) -> object:
    return await house.people.log_in.by_password(login, "wrong", CLIENT)


async def reset(house: PeopleHouse, login: str) -> object:
    return await house.people.passwords.ask_for_reset(login, CLIENT)


async def sign_up(house: PeopleHouse, email: str) -> object:
    company = Company(name="Firma sp. z o.o.", nip="5261040828")
    wish = SignUpWish(company=company, email=email, phone="+48501234567", name="Anna")
    return await house.people.sign_up.ask(wish, CLIENT)


async def timed(house: PeopleHouse, ask: Ask, login: str) -> tuple[object, float]:
    """Ask with all bounds forgotten and nothing going on beside it."""
    house.clock.advance(timedelta(days=2))
    started = perf_counter()
    answer = await ask(house, login)
    took = perf_counter() - started
    await house.people.beside.finished()
    return answer, took


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("ask", [log_in, reset, sign_up])
async def test_known_and_unknown_take_the_same_time(house: PeopleHouse, ask: Ask) -> None:
    """2 × 1,000 tries, interleaved: p > 0.01 and medians less than 1 ms apart."""
    known, unknown = [], []
    for _ in range(TRIES):
        answer, took = await timed(house, ask, KNOWN)
        known.append(took)
        other, took = await timed(house, ask, UNKNOWN)
        unknown.append(took)
        assert other == answer
    assert_same(known, unknown)
