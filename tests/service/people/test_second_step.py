"""The second step: codes once and near now, ten tries, recovery codes once (W-05, W-17)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyotp
import pytest
from tests.doubles.people_house import CLIENT, PASSWORD, PeopleHouse
from tests.service.people.test_passwords import session_of

from sztafeta.account.totp import make_seed, matching_step, read_seed, seed_address, seed_text
from sztafeta.service.people.log_in import (
    LoggedIn,
    LoginFault,
    LoginRefused,
    SecondStepNeeded,
)
from sztafeta.service.people.second_factors import SwitchedOn
from sztafeta.service.people.second_step import recovery_digest

SEED = b"twenty octets of key"
WRONG = LoginRefused(fault=LoginFault.WRONG)
GONE = LoginRefused(fault=LoginFault.GONE)


def code_at(at: datetime, seed: bytes = SEED) -> str:
    return pyotp.TOTP(seed_text(seed).replace(" ", "")).at(at)


async def switched_on(house: PeopleHouse) -> SwitchedOn:
    """Set the app up for Alice, and let its first code be a while ago."""
    _, number = await session_of(house, house.alice)
    made = await house.people.second_factors.switch_on(
        house.alice, number, seed=SEED, code=code_at(house.clock.now()), client=CLIENT
    )
    assert made is not None
    house.clock.advance(timedelta(minutes=5))
    return made


async def half_login(house: PeopleHouse) -> str:
    answer = await house.people.log_in.by_password(house.alice.email, PASSWORD, CLIENT)
    assert isinstance(answer, SecondStepNeeded), answer
    return answer.token


async def test_the_password_alone_opens_nothing(house: PeopleHouse) -> None:
    await switched_on(house)
    token = await half_login(house)
    assert await house.sessions.find(token, address=CLIENT.address) is None
    answer = await house.people.second_step.by_code(token, code_at(house.clock.now()), CLIENT)
    assert isinstance(answer, LoggedIn)
    assert await house.sessions.find(answer.token, address=CLIENT.address) is not None


async def test_a_code_works_once(house: PeopleHouse) -> None:
    """W-17: also for whoever looked over the shoulder."""
    await switched_on(house)
    code, by_code = code_at(house.clock.now()), house.people.second_step.by_code
    assert isinstance(await by_code(await half_login(house), code, CLIENT), LoggedIn)
    assert await by_code(await half_login(house), code, CLIENT) == WRONG


@pytest.mark.parametrize(("steps", "works"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(steps: int, works: bool) -> None:
    """W-17: ±1 step."""
    now = datetime.fromisoformat("2026-01-02T03:04:05+00:00")
    code = code_at(now + timedelta(seconds=30 * steps))
    assert (matching_step(SEED, code, now) is not None) is works


def test_a_seed_is_read_back_as_it_was_written() -> None:
    seed = make_seed()
    assert read_seed(seed_text(seed)) == seed
    assert read_seed("not a seed") is None
    assert read_seed("MFRGG===") is None
    address = seed_address(seed, account="a b@example.com", service="Sztafeta")
    assert address.startswith("otpauth://totp/Sztafeta:a%20b%40example.com?secret=")


async def test_a_half_finished_login_ends_after_ten_minutes(house: PeopleHouse) -> None:
    await switched_on(house)
    token = await half_login(house)
    house.clock.advance(timedelta(minutes=10))
    code = code_at(house.clock.now())
    assert await house.people.second_step.by_code(token, code, CLIENT) == GONE


async def test_ten_tries_end_a_half_finished_login(house: PeopleHouse) -> None:
    """W-17; the tries of the account are slowed down besides (S-30)."""
    await switched_on(house)
    token = await half_login(house)
    for _ in range(10):
        await house.people.second_step._tickets.count_try(token)
    code = code_at(house.clock.now())
    assert await house.people.second_step.by_code(token, code, CLIENT) == GONE


async def test_wrong_codes_slow_the_account_down(house: PeopleHouse) -> None:
    """S-30: a stolen password does not let codes be guessed."""
    await switched_on(house)
    await house.store.tallies.forget_tally(
        "login-from", f"member {house.alice.member_id} 127.0.0.1/32"
    )
    token = await half_login(house)
    answers = [await house.people.second_step.by_code(token, "000000", CLIENT) for _ in range(6)]
    assert answers[0] == WRONG
    assert isinstance(answers[-1], LoginRefused)
    assert answers[-1].fault is LoginFault.WAIT


async def test_a_recovery_code_lets_in_once(house: PeopleHouse) -> None:
    """W-17: hashed, single use."""
    made = await switched_on(house)
    assert len(set(made.recovery_codes)) == 10
    code, by_code = made.recovery_codes[0].upper(), house.people.second_step.by_code
    assert isinstance(await by_code(await half_login(house), code, CLIENT), LoggedIn)
    assert await by_code(await half_login(house), code, CLIENT) == WRONG
    assert await house.people.second_factors.codes_left(house.alice) == 9
    folder = house.settings.data_directory
    octets = b"".join(one.read_bytes() for one in folder.glob("sztafeta.sqlite*"))
    kept = made.recovery_codes[1]
    assert recovery_digest(kept.replace("-", "")) in octets
    assert kept.encode() not in octets
    assert kept.replace("-", "").encode() not in octets


async def test_the_seed_is_sealed_at_rest(house: PeopleHouse) -> None:
    await switched_on(house)
    folder = house.settings.data_directory
    octets = b"".join(one.read_bytes() for one in folder.glob("sztafeta.sqlite*"))
    assert SEED not in octets


async def test_another_apps_code_switches_nothing_on(house: PeopleHouse) -> None:
    _, number = await session_of(house, house.alice)
    code = code_at(house.clock.now(), b"another key of twent")
    made = await house.people.second_factors.switch_on(
        house.alice, number, seed=SEED, code=code, client=CLIENT
    )
    assert made is None
    assert not await house.people.second_factors.has_totp(house.alice)


async def test_a_change_of_the_second_step_ends_the_other_sessions_and_is_told(
    house: PeopleHouse,
) -> None:
    """W-05."""
    other, _ = await session_of(house, house.alice)
    made = await switched_on(house)
    assert await house.sessions.find(other, address=CLIENT.address) is None
    visitor = await house.sessions.find(made.token, address=CLIENT.address)
    assert visitor is not None
    token = await house.people.second_factors.switch_off(visitor.member, visitor.session_id, CLIENT)
    assert token is not None
    assert await house.sessions.find(made.token, address=CLIENT.address) is None
    assert await house.sessions.find(token, address=CLIENT.address) is not None
    assert await house.people.second_factors.codes_left(house.alice) == 0
    subjects = {one.subject for one in await house.letters()}
    assert subjects == {"The second step of your login was changed"}
