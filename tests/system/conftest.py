"""What the scenarios share: a house furnished once, and a stage to run the service on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.doubles.scripted_mx import ScriptedMx
from tests.system.receiver import Receiver
from tests.system.scene import Scene
from tests.system.service import Launcher, Service, cold_start, house_template, move_in

Staged = Callable[..., Awaitable[Scene]]
RETRY_SOON = '[delivery]\nretries = ["1s"]\njitter = 0.0\n'
RETRY_LATE = '[delivery]\nretries = ["5m"]\n'
"""Whoever is deferred stays so for the length of a test."""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Furnish one house for all."""
    return house_template(tmp_path_factory.getbasetemp() / "house")


@pytest.fixture
async def stage(template: Path, tmp_path: Path) -> AsyncIterator[Staged]:
    """Give a function that opens receivers by domain and starts a service that routes to them."""
    async with AsyncExitStack() as stack:

        async def make(
            settings: str = RETRY_LATE,
            *,
            launcher: Launcher = cold_start,
            **receivers: Receiver | ScriptedMx,
        ) -> Scene:
            author = Receiver()
            named = {"example.com": author} | {
                f"{name}.example.net": one for name, one in receivers.items()
            }
            for receiver in named.values():
                await stack.enter_async_context(receiver)
            routes = {domain: receiver.port for domain, receiver in named.items()}
            house = move_in(template, tmp_path / "house", routes=routes, settings=settings)
            service = await stack.enter_async_context(Service(house, launcher))
            return Scene(house, service, author)

        yield make
