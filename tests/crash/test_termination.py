"""SIGTERM: the doors close first, who is inside may finish, and nothing is lost or doubled (R-14)."""

from __future__ import annotations

import asyncio

import pytest
from tests.crash.conftest import Staged
from tests.crash.ledger import Told
from tests.system.receiver import Receiver


async def test_on_sigterm_ports_close_before_goodbye_and_an_open_message_is_finished(
    stage: Staged,
) -> None:
    """R-14: who hears the 421 finds the ports closed already; who is in DATA gets the 250."""
    campaign = await stage()
    house = campaign.house
    (message,) = campaign.messages(1)
    async with campaign.service() as service, house.client() as idle, house.client() as busy:
        await busy.begin(message)
        service.terminate()
        assert "4.3.2" in await idle.expect("421")
        for port in (house.smtp_port, house.other_port, house.tls_port):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
        campaign.offers += message.offers(await busy.finish(message))
        assert await service.ended() == 0, service.tail()
    assert campaign.acknowledged() == 1
    await campaign.settle()
    assert campaign.audit().violations() == {}


async def test_who_does_not_finish_is_cut_off_when_the_drain_is_over(stage: Staged) -> None:
    """R-14: the end comes; what was not promised is not kept."""
    campaign = await stage()
    file = campaign.house.settings_file
    file.write_text('drain = "500ms"\n' + file.read_text())
    (message,) = campaign.messages(1)
    async with campaign.service() as service, campaign.house.client() as stuck:
        await stuck.begin(message)
        service.terminate()
        assert await service.ended() == 0, service.tail()
        assert await stuck.finish(message) is Told.NOTHING
    assert campaign.fates() == []


async def test_terminated_under_load_nothing_is_lost_or_doubled(stage: Staged) -> None:
    """R-14: eight sessions and two receivers in the middle of their work."""
    campaign = await stage(ok=(ok := Receiver()), slow=Receiver(pause=0.2))
    async with campaign.service() as service:

        async def terminate() -> None:
            await ok.wait_for(20)
            service.terminate()
            assert await service.ended() == 0, service.tail()

        await asyncio.gather(campaign.offer(campaign.messages(5000), sessions=8), terminate())
    await campaign.settle()
    assert campaign.audit().violations() == {}
    assert campaign.acknowledged() >= 20
