"""The roller's loop: it goes on while there is more, rests otherwise, and survives what goes wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.doubles.manual_clock import ManualClock

from sztafeta.workers.roller import FORGET_EVERY, Roller


class Work:
    """What a roller would do, written down."""

    def __init__(self) -> None:
        self.rounds, self.forgotten = 0, 0
        self.failures: list[Exception] = []
        self.left = 3
        self.is_done = asyncio.Event()

    async def look(self) -> bool:
        self.rounds += 1
        if self.failures:
            raise self.failures.pop(0)
        self.left -= 1
        if self.left <= 0:
            self.is_done.set()
        return self.left > 0

    async def forget(self) -> None:
        self.forgotten += 1


def roller_of(work: Work, troubles: list[str], clock: ManualClock) -> Roller:
    return Roller(
        rolling=work,
        clock=clock,
        look_every=timedelta(milliseconds=1),
        on_trouble=lambda what, why: troubles.append(f"{what}: {why}"),
    )


async def test_it_goes_on_while_there_is_more() -> None:
    work, troubles = Work(), list[str]()
    one = roller_of(work, troubles, ManualClock())
    running = asyncio.ensure_future(one.run())
    await asyncio.wait_for(work.is_done.wait(), 5)
    one.stop()
    await running
    assert (work.rounds, work.forgotten, troubles) == (3, 1, [])


async def test_it_forgets_now_and_then() -> None:
    work, clock = Work(), ManualClock()
    one = roller_of(work, [], clock)
    await one.look()
    await one.look()
    assert work.forgotten == 1
    clock.advance(FORGET_EVERY)
    await one.look()
    assert work.forgotten == 2


async def test_a_round_that_fails_is_told_and_the_next_one_is_tried() -> None:
    work, troubles = Work(), list[str]()
    work.failures, work.left = [OSError("gone")], 1
    one = roller_of(work, troubles, ManualClock())
    running = asyncio.ensure_future(one.run())
    await asyncio.wait_for(work.is_done.wait(), 5)
    one.stop()
    await running
    assert troubles == ["statistics could not be brought up to date: gone"]
