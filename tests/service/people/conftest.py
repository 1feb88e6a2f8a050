"""A real store on SQLite, a clock that stands still, and Alice's firm in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.doubles.manual_clock import ManualClock
from tests.doubles.panel_house import furnish
from tests.doubles.people_house import PeopleHouse

from sztafeta.account.company import Company
from sztafeta.account.member import Area, Member, Right
from sztafeta.store.open import Store, open_store


@pytest.fixture(scope="session")
def panel_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Furnish a data folder once a session."""
    folder = tmp_path_factory.mktemp("people") / "data"
    asyncio.run(furnish(folder))
    return folder


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Give an opened store."""
    opened = await open_store(None, tmp_path / "data", i_know=True, free_share=0.0)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest_asyncio.fixture
async def alice(store: Store, clock: ManualClock) -> Member:
    """Register the firm of Alice, who owns it."""
    wish = Member(
        member_id=0,
        customer_id=0,
        customer_name="alice",
        account_name="alice",
        email="alice@example.com",
        name="Alice",
        phone="+48501234567",
        is_administrator=True,
    )
    company = Company(name="Alice sp. z o.o.", nip="5261040828")
    return await store.members.register(company, wish, password_hash="", now=clock.now())


@pytest_asyncio.fixture
async def bob(store: Store, clock: ManualClock, alice: Member) -> Member:
    """Add Bob, a member who may read messages."""
    wish = Member(
        member_id=0,
        customer_id=alice.customer_id,
        customer_name="alice",
        email="bob@example.com",
        name="Bob",
        rights={Area.MESSAGES: Right.READ},
    )
    return await store.members.create_member(wish, password_hash="", now=clock.now())


@pytest_asyncio.fixture
async def house(panel_template: Path, tmp_path: Path) -> AsyncIterator[PeopleHouse]:
    """Give a panel with letters and text messages, Alice, Bob and Charlie with passwords."""
    async with PeopleHouse(panel_template, tmp_path / "house") as opened:
        yield opened
