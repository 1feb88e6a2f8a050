"""`kill -9` at random times under load, with receivers in four moods, judged by the ledger."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.crash.campaign import Campaign
from tests.crash.conftest import Staged
from tests.system.history import is_sound
from tests.system.receiver import Receiver, moody, rude
from tests.system.service import Service

MESSAGES_A_LIFE = 120
LONGEST_LIFE = 1.0
"""Seconds of load before the kill, at most."""


async def _kill_at_random(campaign: Campaign, *, kills: int, seed: int) -> None:
    dice = random.Random(seed)

    async def load(service: Service) -> None:
        life = dice.uniform(0.02, LONGEST_LIFE)
        asyncio.get_running_loop().call_later(life, service.kill)
        await campaign.offer(campaign.messages(MESSAGES_A_LIFE), sessions=8)
        await service.ended()

    for _ in range(kills):
        await campaign.life(load)


async def _run(stage: Staged, *, kills: int, seed: int) -> None:
    campaign = await stage(
        ok=Receiver(),
        slow=Receiver(pause=0.3),
        moody=Receiver(dot=moody(seed)),
        rude=Receiver(dot=rude(seed)),
    )
    await _kill_at_random(campaign, kills=kills, seed=seed)
    await campaign.settle()
    assert campaign.acknowledged() > 0
    assert campaign.violations() == {}
    assert {fate.state for fate in campaign.fates()} == {"delivered"}
    assert is_sound(campaign.house.data)


async def test_five_random_kills_lose_nothing(stage: Staged) -> None:
    """Campaign K: lost, invented, forbidden, altered, silent = 0; no duplicate that was not in flight."""
    await _run(stage, kills=5, seed=5)


@pytest.mark.campaign
async def test_fifty_random_kills_lose_nothing(stage: Staged) -> None:
    """Campaign K at full size."""
    await _run(stage, kills=50, seed=50)
