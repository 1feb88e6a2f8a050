"""Passkeys: challenges work once, and what does not fit proves nothing (W-17).

That a real browser's passkey opens the panel is shown in `tests/acceptance/test_passkeys.py`.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.doubles.people_house import CLIENT, PeopleHouse

from sztafeta.service.people.log_in import LoginFault, LoginRefused
from sztafeta.service.people.passkeys import Passkeys
from sztafeta.service.ports import Passkey, TicketKind

WRONG = LoginRefused(fault=LoginFault.WRONG)
ANSWERS = ["", "null", "[]", "{}", '{"id": "a2V5"}', '{"id": 7, "response": {}}', "{" * 900]


async def with_key(house: PeopleHouse) -> None:
    key = Passkey(
        credential_id=b"key",
        member_id=house.alice.member_id,
        name="laptop",
        public_key=b"no key at all",
        sign_count=0,
        created_at=house.clock.now(),
    )
    await house.store.second_factors.add_passkey(key)


@pytest.mark.parametrize("answer", ANSWERS)
async def test_an_answer_that_does_not_fit_proves_nothing(house: PeopleHouse, answer: str) -> None:
    await with_key(house)
    challenge = await house.people.passkeys.ask()
    by_passkey = house.people.second_step.by_passkey
    assert await by_passkey(challenge.token, answer, CLIENT) == WRONG
    made = await house.people.passkeys.ask_for_new(house.alice)
    assert await house.people.passkeys.keep(house.alice, made.token, answer, "x") is None


async def test_a_challenge_is_taken_once_and_runs_out(house: PeopleHouse) -> None:
    passkeys, challenge = house.people.passkeys, await house.people.passkeys.ask()
    assert await passkeys._tickets.take(challenge.token, TicketKind.PASSKEY) is not None
    assert await passkeys._tickets.take(challenge.token, TicketKind.PASSKEY) is None
    later = await passkeys.ask()
    house.clock.advance(timedelta(minutes=10))
    assert await passkeys._tickets.take(later.token, TicketKind.PASSKEY) is None


async def test_a_challenge_asks_for_this_host_and_a_verified_person(house: PeopleHouse) -> None:
    await with_key(house)
    asked = json.loads((await house.people.passkeys.ask(house.alice.member_id)).options)
    assert asked["rpId"] == "panel.example.org"
    assert asked["userVerification"] == "required"
    assert [one["id"] for one in asked["allowCredentials"]] == ["a2V5"]
    new = json.loads((await house.people.passkeys.ask_for_new(house.alice)).options)
    assert [one["id"] for one in new["excludeCredentials"]] == ["a2V5"]


async def test_bob_cannot_keep_a_passkey_that_alice_was_asked_for(house: PeopleHouse) -> None:
    made = await house.people.passkeys.ask_for_new(house.alice)
    assert await house.people.passkeys.keep(house.bob, made.token, "{}", "x") is None


async def test_wrong_passkeys_are_bounded_by_address(house: PeopleHouse) -> None:
    """S-30."""
    answers = []
    for _ in range(12):
        challenge = await house.people.passkeys.ask()
        answers.append(await house.people.second_step.by_passkey(challenge.token, "{}", CLIENT))
    assert answers[0] == WRONG
    assert isinstance(answers[-1], LoginRefused)
    assert answers[-1].fault is LoginFault.WAIT


@pytest.mark.parametrize(
    ("base_url", "can"),
    [
        ("https://panel.example.org", True),
        ("http://localhost:8027", True),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080", False),
    ],
)
def test_passkeys_need_a_host_name(base_url: str, can: bool) -> None:
    passkeys = Passkeys(
        factors=None,  # type: ignore[arg-type]
        tickets=None,  # type: ignore[arg-type]
        clock=None,  # type: ignore[arg-type]
        base_url=base_url,
        service_name="Sztafeta",
    )
    assert passkeys.can_be_used is can
