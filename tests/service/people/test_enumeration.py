"""S-31: the time of an answer does not tell whether an address or a login is known (Welch's t-test)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from math import erfc, sqrt
from statistics import fmean, median, variance
from time import perf_counter
from typing import Final

import pytest
from tests.doubles.people_house import PeopleHouse

from sztafeta.account.company import Company
from sztafeta.service.people.log_in import Client
from sztafeta.service.people.sign_up import SignUpWish

KNOWN: Final = "alice@shop.example"
UNKNOWN: Final = "nobody@shop.example"
TRIES: Final = 1000
LEAST_P: Final = 0.01
MOST_APART: Final = 0.001
"""Seconds between the medians."""
CLIENT: Final = Client(address="192.0.2.1", user_agent="Test")
Ask = Callable[[PeopleHouse, str], Awaitable[object]]


def welch(one: list[float], other: list[float]) -> float:
    """Give the two-sided p of Welch's t-test; with this many tries t is as good as normal."""
    spread = sqrt(variance(one) / len(one) + variance(other) / len(other))
    return erfc(abs(fmean(one) - fmean(other)) / spread / sqrt(2))


def trimmed(times: list[float]) -> list[float]:
    """Leave the slowest twentieth out: what the machine did meanwhile."""
    return sorted(times)[: len(times) * 19 // 20]


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
    p, apart = welch(trimmed(known), trimmed(unknown)), abs(median(known) - median(unknown))
    assert apart < MOST_APART, f"{apart * 1e3:.2f} ms apart, p {p:.3f}"
    assert p > LEAST_P, f"{apart * 1e3:.3f} ms apart, p {p:.5f}"


def test_the_judge_sees_a_difference_and_none() -> None:
    """A check that cannot fail is a defect."""
    times = [0.001 * (1 + number % 7) for number in range(1000)]
    later = [one + 0.0005 for one in times]
    assert welch(times, list(reversed(times))) > 0.9
    assert welch(times, later) < LEAST_P
