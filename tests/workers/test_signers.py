"""The signers: every wish gets its own answer, an error hurts one alone, stopping makes what was asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from sztafeta.workers.signers import TAKEN_AT_ONCE, Signers


@pytest.fixture
async def signers() -> AsyncIterator[Signers]:
    one = Signers(2)
    yield one
    one.stop()


async def test_every_wish_gets_its_own_signature(signers: Signers) -> None:
    wishes = [signers.begin(lambda number=number: b"%d" % number) for number in range(100)]
    assert await asyncio.gather(*wishes) == [b"%d" % number for number in range(100)]


async def test_an_error_is_given_to_the_one_who_asked(signers: Signers) -> None:
    def broken() -> bytes:
        raise ValueError("the key cannot be used")

    wishes = [signers.begin(broken), signers.begin(lambda: b"good")]
    bad, good = await asyncio.gather(*wishes, return_exceptions=True)
    assert isinstance(bad, ValueError)
    assert good == b"good"


async def test_what_nobody_wants_any_more_is_not_made() -> None:
    signers, gate, made = Signers(1), threading.Event(), []

    def held() -> bytes:
        gate.wait()
        return b"first"

    first = signers.begin(held)
    second = signers.begin(lambda: made.append(1) or b"second")
    second.cancel()
    gate.set()
    assert await first == b"first"
    signers.stop()
    assert made == []


async def test_stopping_makes_what_was_asked_for() -> None:
    signers = Signers(2)
    wishes = [signers.begin(lambda: b"x") for _ in range(3 * TAKEN_AT_ONCE)]
    signers.stop()
    assert await asyncio.gather(*wishes) == [b"x"] * len(wishes)
