"""A furnished house for each campaign, with its receivers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.crash.campaign import RETRY_SOON, Campaign
from tests.crash.warm_start import WarmStart
from tests.system.receiver import Receiver
from tests.system.service import house_template, move_in

Staged = Callable[..., Awaitable[Campaign]]


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmStart]:
    """Import the service once for all."""
    with WarmStart() as warm:
        yield warm


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, warm: WarmStart) -> Path:
    """Furnish one house for all."""
    return house_template(tmp_path_factory.getbasetemp() / "house", warm.run)


@pytest.fixture
async def stage(template: Path, warm: WarmStart, tmp_path: Path) -> AsyncIterator[Staged]:
    """Give a function that opens receivers and moves into a house that routes to them."""
    async with AsyncExitStack() as stack:

        async def make(settings: str = RETRY_SOON, **receivers: Receiver) -> Campaign:
            opened = receivers or {"ok": Receiver()}
            named = {f"{name}.example.net": one for name, one in opened.items()}
            for receiver in named.values():
                await stack.enter_async_context(receiver)
            routes = {domain: receiver.port for domain, receiver in named.items()}
            house = move_in(template, tmp_path / "house", routes=routes, settings=settings)
            house.run = warm.run
            return Campaign(house, named, warm)

        yield make
