"""Patience: whoever takes too long is cut short, and nobody else."""

from __future__ import annotations

import asyncio

import pytest

from sztafeta.service.patience import Patience


async def test_who_is_done_in_time_is_left_alone() -> None:
    with Patience(10).begin():
        await asyncio.sleep(0)


async def test_who_takes_too_long_is_told_so() -> None:
    with pytest.raises(TimeoutError), Patience(0).begin():
        await asyncio.Event().wait()


async def test_each_in_the_line_has_the_same_time_from_its_own_beginning() -> None:
    patience, ended = Patience(0), []

    async def wait(name: str) -> None:
        try:
            with patience.begin():
                await asyncio.Event().wait()
        except TimeoutError:
            ended.append(name)

    await asyncio.gather(wait("first"), wait("second"), wait("third"))
    assert ended == ["first", "second", "third"]


async def test_a_cancellation_by_somebody_else_stays_one() -> None:
    async def wait() -> None:
        with Patience(10).begin():
            await asyncio.Event().wait()

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_of_the_work_itself_comes_through() -> None:
    with pytest.raises(ValueError, match="ours"), Patience(10).begin():
        raise ValueError("ours")


async def test_the_line_holds_nobody_who_is_done() -> None:
    patience = Patience(10)
    for _ in range(3):
        with patience.begin():
            await asyncio.sleep(0)
    assert not patience._line
