"""R-43: RCPT answered 250, 450, 550 and 452 in one transaction are four outcomes; 452 is no failure."""

from __future__ import annotations

from tests.doubles.scripted_mx import ScriptedMx
from tests.system.conftest import Staged

RCPT = ["250 2.1.5 Ok", "450 4.2.1 Greylisted", "550 5.1.1 No such user", "452 4.5.3 Too many"]


async def test_each_recipient_has_its_outcome_and_452_goes_at_once(stage: Staged) -> None:
    mx = ScriptedMx({"RCPT": [*RCPT, "250 2.1.5 Ok"]})
    scene = await stage(mx=mx)
    ok, grey, gone, many = (f"{name}@mx.example.net" for name in ("ok", "grey", "gone", "many"))
    await scene.send(ok, grey, gone, many)
    await scene.until(lambda: scene.events.total() == 9)  # the notice has its own pace
    states = scene.states
    states.pop("shop@example.com")
    assert states == {
        ok: "delivered",
        grey: "queued",
        gone: "bounced",
        many: "delivered",
    }
    assert scene.events == {"queued": 4, "delivered": 2, "deferred": 2, "bounced": 1}
    assert [copy.recipients for copy in mx.ledger] == [(ok,), (many,)]
    assert len(mx.sessions) == 1, "the other transaction was on the same connection"
    notice = await scene.notice()
    assert notice.count("Final-Recipient:") == 1
    assert f"Final-Recipient: rfc822; {gone}" in notice
