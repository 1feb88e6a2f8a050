"""What waited while the service was down is taken up by as many connections as a site may have."""

from __future__ import annotations

from pathlib import Path

from tests.crash.ledger import Told
from tests.system.client import Message
from tests.system.receiver import Receiver, agreeable
from tests.system.service import House, Service, move_in

MESSAGES = 40
SITE_CONNECTIONS = 8


async def _leave_behind(house: House) -> None:
    """Fill the queue while the receiver takes nothing, and have all of it due at the next start."""
    async with Service(house) as service:
        async with house.client() as client:
            for number in range(MESSAGES):
                recipients = (f"customer{number}@example.net",)
                told = await client.send(Message(key=f"<{number}@a>", recipients=recipients))
                assert told is Told.YES
        service.terminate()
        assert await service.ended() == 0, service.tail()
    house.command("queue", "retry", "--all")


async def test_a_backlog_gets_all_the_connections_of_its_site(
    template: Path, tmp_path: Path
) -> None:
    """R-57: one read of the store brings many recipients and one call; one sender would be too few."""
    async with Receiver(rcpt=lambda _: "451 4.3.2 not yet") as receiver:
        settings = f'[delivery]\nretries = ["1h"]\nconnections_per_site = {SITE_CONNECTIONS}\n'
        routes = {"example.net": receiver.port}
        house = move_in(template, tmp_path / "house", routes=routes, settings=settings)
        await _leave_behind(house)
        receiver.rcpt, before = agreeable, receiver.connections
        async with Service(house):
            await receiver.wait_for(MESSAGES)
        assert receiver.connections - before == SITE_CONNECTIONS
