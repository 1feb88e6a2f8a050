"""R-50, R-51: mail for a domain that does not answer lets all other mail pass it."""

from __future__ import annotations

import asyncio

from tests.doubles.scripted_mx import Hang, ScriptedMx
from tests.system.conftest import Staged
from tests.system.receiver import Receiver


async def test_mail_behind_a_dead_domain_is_delivered_while_it_waits(stage: Staged) -> None:
    """As order, not as time: the dead domain's senders never get an answer before we are done."""
    never = asyncio.Event()
    dead, alive = ScriptedMx({"BANNER": Hang(never)}), Receiver()
    scene = await stage(dead=dead, alive=alive)
    for n in range(100):
        await scene.send(f"bob{n}@dead.example.net")
    for n in range(10):
        await scene.send(f"bob{n}@alive.example.net")
    await scene.until(lambda: scene.events["delivered"] == 10)
    assert len(alive.accepted) == 10
    assert len(dead.sessions) <= 20, "a site gets its share of connections and no more"
    never.set()


async def test_a_host_that_turns_us_away_is_soon_left_alone(stage: Staged) -> None:
    dead, alive = ScriptedMx({"BANNER": "421 4.3.2 Down"}), Receiver()
    scene = await stage(dead=dead, alive=alive)
    for n in range(50):
        await scene.send(f"bob{n}@dead.example.net")
    await scene.send("bob@alive.example.net")
    await scene.until(lambda: scene.events["delivered"] == 1)
    assert len(dead.sessions) <= 5 + 20, "five troubles in a row, and who was under way"
    assert scene.events["deferred"] <= len(dead.sessions), "who only waits is not counted as tried"
