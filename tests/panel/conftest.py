"""A panel on a real SQLite store for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.doubles.panel_house import PanelHouse, furnish


@pytest.fixture(scope="session")
def panel_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Furnish a data folder once a session."""
    folder = tmp_path_factory.mktemp("panel") / "data"
    asyncio.run(furnish(folder))
    return folder


@pytest_asyncio.fixture
async def panel_house(panel_template: Path, tmp_path: Path) -> AsyncIterator[PanelHouse]:
    """Give a panel where Alice owns, Bob is a member without rights, and Charlie is a stranger."""
    async with PanelHouse(panel_template, tmp_path / "data") as house:
        yield house
