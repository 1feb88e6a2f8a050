"""A new password is in force at once on every node, the former one dead within a second (issue 4, item 3).

Two nodes on one PostgreSQL; the password is changed by a third process, as the panel of any node would.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from tests.doubles.postgres import PostgreSQL
from tests.system.client import Client, Message, Refused
from tests.system.receiver import Receiver
from tests.system.service import LOGIN, House, Service, cold_run, furnish, move_in

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.bootstrap.store import opened_store
from sztafeta.config import load
from sztafeta.store.open import Store

DOMAIN = "receiver.example.net"
BAR = 1.0
"""Seconds."""
NEW = "abcde-fghij-klmno-pqrst-uvwxy"


@pytest.fixture(scope="module")
def furnished(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Furnish one house and its database for all."""
    folder, url = tmp_path_factory.mktemp("nodes") / "house", postgresql.new_database()
    furnish(folder, cold_run, database_url=url)
    return folder, url


@pytest_asyncio.fixture
async def houses(
    postgresql: PostgreSQL, furnished: tuple[Path, str], tmp_path: Path
) -> AsyncIterator[list[House]]:
    """Start two nodes on a database of their own."""
    folder, template = furnished
    url = postgresql.new_database(like=template)
    async with AsyncExitStack() as stack:
        witness = await stack.enter_async_context(Receiver())
        routes = {DOMAIN: witness.port}
        made = [
            move_in(folder, tmp_path / name, routes=routes, database_url=url, node_name=name)
            for name in ("one", "two")
        ]
        await asyncio.gather(*(stack.enter_async_context(Service(house)) for house in made))
        yield made


@pytest_asyncio.fixture
async def store(houses: list[House]) -> AsyncIterator[Store]:
    """Open the nodes' store beside them."""
    opened = await opened_store(load(houses[0].settings_file).settings, serves=False)
    yield opened
    await opened.close()


async def account_of(store: Store) -> SmtpAccount:
    account = await store.accounts.smtp_account(LOGIN)
    assert account is not None
    return account


async def is_let_in(house: House, password: str) -> bool:
    try:
        async with Client(house.smtp_port, login=LOGIN, password=password):
            return True
    except Refused:
        return False


async def send_on(client: Client, name: str) -> None:
    """Send mail over an open connection for ever."""
    for number in itertools.count():
        key, recipient = f"<{name}.{number}@example.com>", f"customer@{DOMAIN}"
        await client.submit(Message(key=key, recipients=(recipient,)))


async def death(client: Client, name: str) -> None:
    """Send mail until it is told that its login is no longer good."""
    with pytest.raises(Refused, match="Your login is no longer valid"):
        await send_on(client, name)


async def test_the_next_login_needs_the_new_password(houses: list[House], store: Store) -> None:
    began = time.perf_counter()
    await store.accounts.set_password(LOGIN, NEW)
    for house in houses:
        assert await is_let_in(house, NEW)
        assert not await is_let_in(house, house.password)
    took = time.perf_counter() - began
    print(f"four logins on two nodes after {took:.3f} s")
    assert took < BAR


async def test_connections_that_are_open_end(houses: list[House], store: Store) -> None:
    """S-35: nobody logs in anew, so each node finds out by itself."""
    async with AsyncExitStack() as stack:
        open_ones = [await stack.enter_async_context(house.client()) for house in houses]
        first = Message(key="<first@x>", recipients=(f"customer@{DOMAIN}",))
        for client in open_ones:
            await client.submit(first)
        began = time.perf_counter()
        await store.accounts.set_password(LOGIN, NEW)
        await asyncio.gather(*(death(one, str(at)) for at, one in enumerate(open_ones)))
        took = time.perf_counter() - began
    print(f"open connections on two nodes after {took:.3f} s")
    assert took < BAR


async def test_an_account_that_is_switched_off_is_dead_on_both(
    houses: list[House], store: Store
) -> None:
    """S-35."""
    began = time.perf_counter()
    await store.accounts.change_smtp_account(replace(await account_of(store), enabled=False))
    for house in houses:
        with pytest.raises(Refused, match=r"525 5\.7\.13"):
            async with house.client():
                pass
    assert time.perf_counter() - began < BAR
