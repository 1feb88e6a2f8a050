"""What the operator sees and does beside a running service: queue, history, metrics, health."""

from __future__ import annotations

import json

from tests.doubles.scripted_mx import ScriptedMx
from tests.system.conftest import Staged

GREY = {"RCPT": ["450 4.2.1 Greylisted", "250 2.1.5 Ok"]}


async def test_held_mail_waits_and_leaves_once_it_is_released(stage: Staged) -> None:
    mx = ScriptedMx(sessions=[GREY])
    scene = await stage(mx=mx)
    await scene.send("bob@mx.example.net")
    await scene.tried(1)
    assert await scene.command("queue", "hold", "--domain", "mx.example.net") == {"held": 1}
    await scene.command("queue", "retry", "--all")
    (queue,) = await scene.command("queue", "list")
    assert (queue["held"], queue["queued"], queue["sending"]) == (1, 0, 0)
    assert await scene.command("queue", "release", "--all") == {"released": 1}
    await scene.settled()
    assert scene.events == {
        "queued": 1,
        "deferred": 1,
        "held": 1,
        "released": 1,
        "delivered": 1,
    }


async def test_a_retry_is_made_at_once_and_a_cancel_is_the_end(stage: Staged) -> None:
    mx = ScriptedMx({"RCPT": "450 4.2.1 Greylisted"})
    scene = await stage(mx=mx)
    await scene.send("bob@mx.example.net")
    await scene.tried(1)
    assert await scene.command("queue", "retry", "--customer", "shop") == {"due_now": 1}
    await scene.tried(2)
    await scene.until(lambda: scene.states == {"bob@mx.example.net": "queued"})
    assert await scene.command("queue", "cancel", "--all", "--yes") == {"canceled": 1}
    assert scene.states == {"bob@mx.example.net": "canceled"}


async def test_a_failed_attempt_shows_its_dialogue_in_both_forms(stage: Staged) -> None:
    scene = await stage(mx=ScriptedMx({"RCPT": "550 5.1.1 No such user"}))
    await scene.send("bob@mx.example.net")
    await scene.notice()
    (bounced,) = (one for one in await scene.command("message", "list") if one["from"] != "<>")
    shown = await scene.command("message", "show", bounced["queue_id"])
    (recipient,) = shown["recipients"]
    (attempt,) = recipient["attempts"]
    assert recipient["state"] == "bounced"
    assert [event["event"] for event in recipient["events"]] == ["queued", "bounced"]
    assert (attempt["code"], attempt["status"], attempt["stage"]) == (550, "5.1.1", "rcpt")
    for line in ("C: RCPT TO:<bob@mx.example.net>", "S: 550 5.1.1 No such user"):
        assert line in attempt["transcript"]
        assert line in scene.house.command("message", "show", bounced["queue_id"])


async def test_metrics_and_health_count_what_happened(stage: Staged) -> None:
    scene = await stage(mx=ScriptedMx({"RCPT": ["250 2.1.5 Ok", "450 4.2.1 Greylisted"]}))
    await scene.send("a@mx.example.net", "b@mx.example.net")
    await scene.tried(2)
    health = json.loads(await scene.get("/health"))
    assert health["status"] == "ready"
    samples = dict(
        line.rsplit(" ", 1)
        for line in (await scene.get("/metrics")).splitlines()
        if line and not line.startswith("#")
    )
    attempts = {key: value for key, value in samples.items() if "attempts_total" in key}
    assert sum(float(value) for value in attempts.values()) == 2
    assert any('"delivered"' in key for key in attempts)
