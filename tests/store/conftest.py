"""Stores of the real kinds, each on a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.contracts.houses import StoreHouse, joined, postgresql_house, sqlite_house
from tests.contracts.letters import Writer
from tests.doubles.postgres import PostgreSQL

OpenHouse = Callable[..., Awaitable[StoreHouse]]


@pytest.fixture
async def open_house(tmp_path: Path) -> AsyncIterator[OpenHouse]:
    """Give a function that opens a store with one node: on PostgreSQL by its URL, else on SQLite."""
    async with AsyncExitStack() as stack:
        writer = Writer()

        async def opened(url: str | None = None, *, name: str = "first") -> StoreHouse:
            folder = tmp_path / name
            if url is None:
                house = await sqlite_house(writer, folder)
            else:
                house = await postgresql_house(writer, folder, url)
            stack.push_async_callback(house.close)
            await joined(house, name)
            return house

        yield opened


@pytest.fixture
def database(postgresql: PostgreSQL) -> str:
    """Give the URL of a fresh PostgreSQL database."""
    return postgresql.new_database()
