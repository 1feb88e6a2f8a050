"""Signals that come while the service starts, and after."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Iterator
from typing import Self

import pytest
from tests.doubles.delivery_house import TURNS

from sztafeta.cli.service import serve_until_told


class Starting:
    """A service that is sent signals: SIGHUP while it starts and when it runs, then SIGTERM."""

    def __init__(self) -> None:
        self.is_open = False
        self.open_at_reload: list[bool] = []

    async def __aenter__(self) -> Self:
        await self._receive(signal.SIGHUP)
        self.is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_open = False

    def reload(self) -> None:
        self.open_at_reload.append(self.is_open)

    async def broken(self) -> str:
        await self._receive(signal.SIGHUP)
        await self._receive(signal.SIGTERM)
        return await asyncio.get_running_loop().create_future()

    async def _receive(self, number: signal.Signals) -> None:
        os.kill(os.getpid(), number)
        for _ in range(TURNS):
            await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def process_as_before() -> Iterator[None]:
    """Serving changes what belongs to the whole process: a signal and the collector."""
    hangup, thresholds = signal.getsignal(signal.SIGHUP), gc.get_threshold()
    yield
    signal.signal(signal.SIGHUP, hangup)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


async def test_a_hangup_during_the_start_is_ignored_and_a_later_one_reloads() -> None:
    service = Starting()
    await serve_until_told(service)  # type: ignore[arg-type]
    assert service.open_at_reload == [True]
