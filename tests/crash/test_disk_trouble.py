"""A disk that fills up, fails to sync or fails to write, under the running service (R-18 … R-25)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.crash.campaign import Campaign, until
from tests.crash.conftest import Staged
from tests.crash.ledger import Told
from tests.crash.sick_disk import Illness
from tests.system.client import Client, Refused
from tests.system.history import is_sound
from tests.system.receiver import Phase, Received, Receiver
from tests.system.service import Service

SMALL, BIG = 1_000, 200_000
"""Octets of a message that lies in its row, and of one that has a file of its own."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk under one house."""

    campaign: Campaign

    @property
    def _bulletin(self) -> Path:
        return self.campaign.house.folder / "illness"

    def service(self, *sabotage: str) -> Service:
        """Give a life of the service on this disk."""
        data = str(self.campaign.house.data)
        return self.campaign.service("--sick", data, str(self._bulletin), *sabotage)

    def falls_ill(self, illness: Illness) -> None:
        """Be full, or broken."""
        self._bulletin.write_text(illness)

    def recovers(self) -> None:
        """Be well again."""
        self._bulletin.unlink()


async def _offer(campaign: Campaign, client: Client, *, size: int = SMALL) -> Told:
    (message,) = campaign.messages(1, size=size)
    told = await client.send(message)
    campaign.offers += message.offers(told)
    return told


def _files(campaign: Campaign) -> list[Path]:
    return [path for path in campaign.house.data.glob("bodies/*/*/*") if path.is_file()]


async def _health(campaign: Campaign) -> int:
    """Ask whether the service is ready; 0 when nobody answers."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", campaign.house.http_port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        status = (await reader.readline()).split()
        writer.close()
    except ConnectionError:
        return 0
    return int(status[1]) if status else 0


# -- full ----------------------------------------------------------------------------------------------


async def _refusal_at_mail(client: Client) -> str:
    """Say MAIL; give the refusal, or nothing."""
    try:
        await client.command("MAIL FROM:<shop@example.com>", "250")
    except Refused as refused:
        return str(refused)
    await client.reset()
    return ""


async def test_a_full_disk_is_told_at_mail_and_mail_is_taken_again_when_there_is_room(
    stage: Staged,
) -> None:
    """R-20, R-22: 452 4.3.1; no restart is needed."""
    campaign = await stage()
    disk = Disk(campaign)
    async with disk.service() as service, campaign.house.client() as client:
        disk.falls_ill(Illness.FULL)
        while not (refusal := await _refusal_at_mail(client)):
            pass  # the disk is looked at once a second
        assert refusal.startswith("452 4.3.1 ")
        assert await _offer(campaign, client) is Told.NO
        assert await _health(campaign) == 503
        disk.recovers()
        while await _refusal_at_mail(client):
            pass
        assert await _offer(campaign, client) is Told.YES
        assert await _health(campaign) == 200
        await until(campaign.is_settled)
        service.terminate()
        assert await service.ended() == 0, service.tail()
    assert campaign.audit().violations() == {}


@pytest.mark.parametrize("size", [SMALL, BIG])
async def test_a_disk_that_fills_up_in_between_is_told_after_the_dot_and_nothing_half_is_kept(
    stage: Staged, size: int
) -> None:
    """R-20: neither a row nor a file; the next message is taken when there is room."""
    campaign = await stage()
    disk = Disk(campaign)
    (message,) = campaign.messages(1, size=size)
    async with disk.service() as service, campaign.house.client() as client:
        await client.begin(message)
        disk.falls_ill(Illness.FILLING)
        with pytest.raises(Refused, match=r"^452 4\.3\.1 "):
            await client.end(message)
        campaign.offers += message.offers(Told.NO)
        assert campaign.fates() == []
        assert _files(campaign) == []
        disk.recovers()
        assert await _offer(campaign, client, size=size) is Told.YES
        await until(campaign.is_settled)
        service.terminate()
        assert await service.ended() == 0, service.tail()
    assert campaign.audit().violations() == {}
    assert is_sound(campaign.house.data)


async def test_what_a_receiver_said_while_the_disk_was_full_is_recorded_when_there_is_room(
    stage: Staged,
) -> None:
    """R-21: the outcome waits; it is not forgotten, so there is no second copy."""
    campaign = await stage(ok=(receiver := Receiver()))
    disk = Disk(campaign)

    def fill(now: Phase, _: Received | None) -> None:
        if now is Phase.DOT:
            disk.falls_ill(Illness.FILLING)

    receiver.on_phase = fill
    async with disk.service() as service, campaign.house.client() as client:
        assert await _offer(campaign, client) is Told.YES
        await receiver.wait_for(1)
        await until(lambda: "cannot record outcomes" in service.tail())
        assert [fate.state for fate in campaign.fates()] == ["sending"]
        disk.recovers()
        await until(campaign.is_settled)
        service.terminate()
        assert await service.ended() == 0, service.tail()
    assert campaign.audit().violations() == {}
    assert [fate.attempts for fate in campaign.fates()] == [1]


# -- broken --------------------------------------------------------------------------------------------


async def _broken(campaign: Campaign, illness: Illness, size: int, *sabotage: str) -> list[Told]:
    """Offer a message, break the disk once, offer two more; give what the client was told."""
    disk = Disk(campaign)
    receiver = campaign.receivers["ok.example.net"]
    receiver.may_answer.clear()  # a delivery under way must not keep a broken service
    told: list[Told] = []
    house = campaign.house
    async with (
        disk.service(*sabotage) as service,
        house.client() as witness,
        house.client() as client,
    ):
        told.append(await _offer(campaign, client))
        await until(lambda: receiver.connections > 0)
        disk.falls_ill(illness)
        told.append(await _offer(campaign, client, size=size))
        told.append(await _offer(campaign, witness, size=size))
        if not sabotage:
            while service.is_running:
                assert await _health(campaign) != 200
            assert await service.ended() == 1, service.tail()
    campaign.in_flight.update(fate.name for fate in campaign.fates() if fate.state == "sending")
    receiver.may_answer.set()
    return told


@pytest.mark.parametrize("illness", [Illness.NO_SYNC, Illness.NO_WRITE])
@pytest.mark.parametrize("size", [SMALL, BIG])
async def test_after_a_failed_sync_or_write_nothing_is_promised_and_the_service_ends(
    stage: Staged, illness: Illness, size: int
) -> None:
    """R-24, R-25: no 250, no later 250, never ready again, exit code 1 although work is under way."""
    campaign = await stage()
    told = await _broken(campaign, illness, size)
    assert told[0] is Told.YES
    assert Told.YES not in told[1:]
    assert is_sound(campaign.house.data)
    await campaign.settle()
    assert campaign.violations() == {}


async def test_without_the_latch_mail_is_promised_after_a_failed_sync(stage: Staged) -> None:
    """R-00, R-24: SQLite alone goes on, and the next sync says that all is well."""
    campaign = await stage()
    told = await _broken(campaign, Illness.NO_SYNC, SMALL, "--sabotage", "latch-forgotten")
    assert told[2] is Told.YES


async def test_a_second_process_on_the_same_data_is_refused_and_the_first_goes_on(
    stage: Staged,
) -> None:
    """R-18: one clear line, exit code 1."""
    campaign = await stage()
    async with campaign.service(), campaign.house.client() as client:
        second = campaign.service_beside()
        with pytest.raises(AssertionError, match="in use by another sztafeta process"):
            await second.start()
        assert await second.ended() == 1
        assert await _offer(campaign, client) is Told.YES
