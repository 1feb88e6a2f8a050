"""A house whose API speaks EmailLabs' dialects."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.doubles.api_house import ApiHouse

from sztafeta.api.compat.facades import FACADES


@pytest.fixture
async def house() -> AsyncIterator[ApiHouse]:
    """Open the API on a loopback port."""
    async with ApiHouse(FACADES).opened() as opened:
        yield opened
