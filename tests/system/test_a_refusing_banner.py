"""R-45, R-46, C-113: a hop that does not let us in at all, for now or for good."""

from __future__ import annotations

import pytest
from tests.doubles.scripted_mx import ScriptedMx
from tests.system.conftest import RETRY_SOON, Staged


@pytest.mark.parametrize("banner", ["554 5.3.2 No service", "521 5.3.2 No mail here"])
async def test_when_every_hop_refuses_for_good_the_mail_bounces(stage: Staged, banner: str) -> None:
    mx = ScriptedMx({"BANNER": banner})
    scene = await stage(mx=mx)
    await scene.send("bob@mx.example.net")
    notice = await scene.notice()
    assert scene.events == {"queued": 1, "bounced": 1}
    assert f"Diagnostic-Code: smtp; {banner}" in notice
    assert mx.sessions[0].count("MAIL") == 0


@pytest.mark.parametrize("step", ["BANNER", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
async def test_421_is_temporary_wherever_it_comes(stage: Staged, step: str) -> None:
    backoff = RETRY_SOON + 'first_backoff = "1s"\n'
    mx = ScriptedMx(sessions=[{step: "421 4.3.2 Going down"}])
    scene = await stage(backoff, mx=mx)
    await scene.send("bob@mx.example.net")
    await scene.settled()
    assert scene.events == {"queued": 1, "deferred": 1, "delivered": 1}
    assert len(mx.sessions) == 2, "the connection was dropped"
