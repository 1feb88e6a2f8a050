"""A running API, and those who call it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.doubles.api_house import ApiHouse, Caller

from sztafeta.account.api_key import Mode


@pytest.fixture
async def house() -> AsyncIterator[ApiHouse]:
    """Give the API on a port of its own."""
    async with ApiHouse() as opened:
        yield opened


@pytest.fixture
async def alice(house: ApiHouse) -> Caller:
    """Give a live key of Alice's that may do everything."""
    return Caller(house, await house.key())


@pytest.fixture
async def tester(house: ApiHouse) -> Caller:
    """Give a test key of Alice's."""
    return Caller(house, await house.key(mode=Mode.TEST))


@pytest.fixture
async def charlie(house: ApiHouse) -> Caller:
    """Give a key of another customer's."""
    return Caller(house, await house.key(of="charlie"))
