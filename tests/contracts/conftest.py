"""The contract suite runs on every store we have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.contracts.houses import (
    House,
    MemoryHouse,
    joined,
    postgresql_house,
    sqlite_house,
)
from tests.contracts.letters import Writer
from tests.doubles.memory_columns import MemoryTemplateUses
from tests.doubles.postgres import PostgreSQL

from sztafeta.service.ports import TemplateUseStore
from sztafeta.store.open import Store, open_store


@pytest_asyncio.fixture(params=["memory", "sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Give a store of each kind with one node that has joined."""
    writer = Writer()
    opened: House
    if request.param == "memory":
        opened = MemoryHouse(writer)
    elif request.param == "sqlite":
        opened = await sqlite_house(writer, tmp_path / "data")
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        opened = await postgresql_house(writer, tmp_path / "data", server.new_database())
    yield await joined(opened)
    await opened.close()


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def real_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Give an opened store of each database, for what has no double in memory."""
    opened = await _opened(request, tmp_path)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(params=["memory", "sqlite", "postgresql"])
async def template_uses(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[TemplateUseStore]:
    """Give the uses of templates that each kind of store keeps."""
    if request.param == "memory":
        yield MemoryTemplateUses()
        return
    opened = await _opened(request, tmp_path)
    yield opened.template_uses
    await opened.close()


async def _opened(request: pytest.FixtureRequest, folder: Path) -> Store:
    url = None
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.new_database()
    return await open_store(url, folder / "data", i_know=True, free_share=0.0)
