"""An SMTP account's mail leaves from the address that was chosen for it (issue 4, item 3)."""

from __future__ import annotations

from tests.system.conftest import RETRY_LATE, Staged
from tests.system.receiver import Receiver
from tests.system.scene import Scene
from tests.system.service import LOGIN

SHARED, DEDICATED = "127.0.0.2", "127.0.0.3"
EGRESS = f'{RETRY_LATE}[egress]\nipv4 = "{SHARED}"\n'
SOURCE = f'[[dedicated_sources]]\nname = "shop-1"\ncustomer = "shop"\nipv4 = "{DEDICATED}"\n'


def choose(scene: Scene, source: str) -> None:
    scene.house.command("account", "set", LOGIN, "--egress", source)


async def sent(scene: Scene, mx: Receiver) -> str:
    """Send a message; say where it came from."""
    count = len(mx.accepted) + 1
    await scene.send("bob@mx.example.net")
    await mx.wait_for(count)
    return mx.callers[-1]


async def test_mail_leaves_from_the_address_that_was_chosen(stage: Staged) -> None:
    mx = Receiver()
    scene = await stage(EGRESS + SOURCE, mx=mx)
    assert await sent(scene, mx) == SHARED
    choose(scene, "shop-1")
    assert await sent(scene, mx) == DEDICATED
    await scene.settled()
    assert mx.callers == [SHARED, DEDICATED], "a kept connection is not lent to another source"


async def test_an_address_that_was_taken_away_loses_nothing(stage: Staged) -> None:
    """What waits and what comes later leave from the shared address, and the log says so."""
    is_open = False
    mx = Receiver(rcpt=lambda _: "250 2.1.5 Ok" if is_open else "450 4.2.0 later")
    scene = await stage(EGRESS + SOURCE, mx=mx)
    choose(scene, "shop-1")
    await scene.send("bob@mx.example.net")
    await scene.tried(1)
    scene.service.terminate()
    await scene.service.ended()
    is_open, scene.house.settings = True, EGRESS
    scene.house.write_settings()
    await scene.service.start()
    scene.house.command("queue", "retry", "--all")
    await mx.wait_for(1)
    assert await sent(scene, mx) == SHARED
    assert set(mx.callers) == {DEDICATED, SHARED}
    assert mx.callers[0] == DEDICATED
    assert f"{LOGIN} has chosen the source shop-1" in scene.service.log.read_text()
