"""R-57: a receiver that says 421 gets fewer connections, and no mail is lost for it."""

from __future__ import annotations

from tests.doubles.scripted_mx import ScriptedMx
from tests.system.conftest import Staged

QUICK = '[delivery]\nretries = ["1s"]\njitter = 0.0\nfirst_backoff = "1s"\nlongest_backoff = "1s"\n'


async def test_it_is_given_time_and_gets_everything(stage: Staged) -> None:
    busy = {"MAIL": "421 4.7.0 Too many connections"}
    mx = ScriptedMx(sessions=[busy] * 8)
    scene = await stage(QUICK, mx=mx)
    for n in range(20):
        await scene.send(f"bob{n}@mx.example.net")
    await scene.settled()
    assert scene.events["delivered"] == 20
    assert scene.events["bounced"] == 0
    assert len({copy.message_id for copy in mx.ledger}) == len(mx.ledger) == 20
    rules = {rule for *_, outcome, rule in scene.attempts if outcome == "deferred"}
    assert rules == {"closing"}
