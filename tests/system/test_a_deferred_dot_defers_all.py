"""R-44, C-129: what is answered after the dot is for every recipient of the transaction."""

from __future__ import annotations

from tests.doubles.scripted_mx import Reset, ScriptedMx
from tests.system.conftest import RETRY_SOON, Staged

THREE = tuple(f"{name}@mx.example.net" for name in ("a", "b", "c"))


async def test_after_a_deferred_dot_all_are_tried_again_and_none_counts_as_delivered(
    stage: Staged,
) -> None:
    mx = ScriptedMx({"DOT": ["451 4.3.0 Dying", "250 2.0.0 Ok"]})
    scene = await stage(RETRY_SOON, mx=mx)
    await scene.send(*THREE)
    await scene.settled()
    assert scene.events == {"queued": 3, "deferred": 3, "delivered": 3}
    assert [copy.recipients for copy in mx.ledger] == [THREE, THREE]


async def test_after_a_silent_end_the_same_octets_are_sent_again(stage: Staged) -> None:
    """R-41: stored, then reset: the outcome is unknown, the Message-ID and the octets are the same."""
    mx = ScriptedMx({"DOT": Reset()}, sessions=[{"DOT": Reset()}, {}])
    scene = await stage(RETRY_SOON, mx=mx)
    key = await scene.send("a@mx.example.net")
    await scene.settled()
    first, second = mx.ledger
    assert first.message_id == second.message_id == key
    assert first.content.partition(b"X-Ledger")[2] == second.content.partition(b"X-Ledger")[2]
    assert next(rule for *_, rule in scene.attempts) == "outcome-unknown"


async def test_a_refused_dot_bounces_all_with_one_notice(stage: Staged) -> None:
    """C-129."""
    scene = await stage(mx=ScriptedMx({"DOT": "550 5.7.1 Spam"}))
    await scene.send(*THREE)
    notice = await scene.notice()
    assert notice.count("Final-Recipient:") == 3
    assert scene.events == {"queued": 3, "bounced": 3}
