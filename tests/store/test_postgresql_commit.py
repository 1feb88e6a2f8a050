"""A COMMIT whose answer is lost: its outcome is found out, never guessed (R-31)."""

from __future__ import annotations

import asyncio

import pytest
from tests.contracts.houses import StoreHouse, accepted, leased
from tests.contracts.letters import claim
from tests.doubles.database_wire import Cut, DatabaseWire
from tests.store.conftest import OpenHouse

from sztafeta.delivery.state import State
from sztafeta.service.ports import StoreBusy


@pytest.mark.parametrize("cut", Cut)
async def test_a_message_is_kept_once_wherever_the_connection_dies(
    open_house: OpenHouse, database: str, cut: Cut
) -> None:
    """R-31: never a second row, never 250 without a row."""
    async with DatabaseWire(database) as wire:
        house = await open_house(wire.url)
        await accepted(house, house.writer.letter())
        wire.cut_at_next_commit(cut)
        letter = house.writer.letter("carol@example.net")
        assert set(await accepted(house, letter)) == {"example.net"}
        assert wire.cuts == 1
        assert await house.history.counts() == {State.QUEUED: 2}
        assert await house.first.queues.message(letter.message_id) is not None


@pytest.mark.parametrize("cut", Cut)
async def test_claims_and_outcomes_keep_their_answers(
    open_house: OpenHouse, database: str, cut: Cut
) -> None:
    async with DatabaseWire(database) as wire:
        house = await open_house(wire.url)
        await accepted(house, house.writer.letter())
        wire.cut_at_next_commit(cut)
        (queue,) = await leased(house)
        (due,) = await house.first.queues.due(queue, now=house.writer.now, limit=9, after=None)
        wire.cut_at_next_commit(cut)
        ours = await house.first.queues.claim([claim(due, queue)], now=house.writer.now)
        wire.cut_at_next_commit(cut)
        outcome = house.writer.settlement(due, queue)
        settled = await house.first.queues.settle([outcome], now=house.writer.now)
        assert ours == settled == {due.recipient_id}
        assert wire.cuts == 3
        assert await house.history.counts() == {State.DELIVERED: 1}


async def test_nobody_is_told_anything_until_the_server_can_be_asked(
    open_house: OpenHouse, database: str
) -> None:
    async with DatabaseWire(database) as wire:
        house = await open_house(wire.url)
        accepting = await cut_off(house, wire)
        assert not accepting.done()
        wire.is_up = True
        assert set(await accepting) == {"example.net"}
        assert await house.history.counts() == {State.QUEUED: 2}


async def test_what_is_not_known_when_the_process_ends_is_not_promised(
    open_house: OpenHouse, database: str
) -> None:
    async with DatabaseWire(database) as wire:
        house = await open_house(wire.url)
        accepting = await cut_off(house, wire)
        await house.close()
        with pytest.raises(StoreBusy, match="while it committed"):
            await accepting


async def cut_off(house: StoreHouse, wire: DatabaseWire) -> asyncio.Task[object]:
    """Lose the answer to an accept's COMMIT, and the server with it."""
    await accepted(house, house.writer.letter())
    wire.cut_at_next_commit(Cut.AFTER)
    wire.goes_down_at_the_cut = True
    accepting = asyncio.ensure_future(accepted(house, house.writer.letter()))
    await wire.until_turned_away(2)
    return accepting
