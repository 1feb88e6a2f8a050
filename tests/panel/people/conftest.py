"""A panel whose operator has set who writes its letters and who sends its text messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from tests.doubles.people_house import PANEL, PeopleHouse


@pytest_asyncio.fixture
async def house(panel_template: Path, tmp_path: Path) -> AsyncIterator[PeopleHouse]:
    """Give it with passwords for Alice, Bob and Charlie."""
    async with PeopleHouse(panel_template, tmp_path / "data") as opened:
        yield opened


@pytest_asyncio.fixture
async def strict_house(panel_template: Path, tmp_path: Path) -> AsyncIterator[PeopleHouse]:
    """Give the same, where a second step is required of those who could do harm without one."""
    panel = {**PANEL, "require_second_step": True}
    async with PeopleHouse(panel_template, tmp_path / "data", panel=panel) as opened:
        yield opened
