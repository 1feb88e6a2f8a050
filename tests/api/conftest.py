"""A running API, and those who call it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.doubles.native_house import Caller, NativeHouse

from sztafeta.account.api_key import Mode


@pytest.fixture
async def house() -> AsyncIterator[NativeHouse]:
    """Give the API on a port of its own."""
    async with NativeHouse() as opened:
        yield opened


@pytest.fixture
async def alice(house: NativeHouse) -> Caller:
    """Give a live key of Alice's that may do everything."""
    return Caller(house, await house.key())


@pytest.fixture
async def tester(house: NativeHouse) -> Caller:
    """Give a test key of Alice's."""
    return Caller(house, await house.key(mode=Mode.TEST))


@pytest.fixture
async def charlie(house: NativeHouse) -> Caller:
    """Give a key of another customer's."""
    return Caller(house, await house.key(of="charlie"))
