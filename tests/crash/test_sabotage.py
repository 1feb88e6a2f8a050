"""R-00: the campaigns can fail. Each mistake somebody could make turns the one that looks for it red."""

from __future__ import annotations

import asyncio
import shutil

import pytest
from tests.crash.campaign import RETRY_SOON, Campaign, launched, settled
from tests.crash.conftest import Staged
from tests.crash.ledger import Audit
from tests.crash.power_loss import after_the_cut
from tests.system.receiver import Phase, Received, Receiver
from tests.system.service import Service

COUNT = 20


async def _kill_after_the_replies(campaign: Campaign, *sabotage: str) -> Audit:
    """Kill as soon as every message is acknowledged."""

    async def load(_: Service) -> None:
        await campaign.offer(campaign.messages(COUNT))

    await campaign.life(load, launcher=launched(*sabotage))
    await campaign.settle()
    return campaign.audit()


async def test_a_reply_before_the_commit_loses_mail(stage: Staged) -> None:
    """R-00: reply before commit. Without the sabotage the same campaign is green."""
    honest = await _kill_after_the_replies(await stage())
    assert honest.lost == []


async def test_sabotaged_replies_turn_the_ledger_red(stage: Staged) -> None:
    """R-00: reply before commit."""
    found = await _kill_after_the_replies(await stage(), "--sabotage", "reply-before-commit")
    assert found.lost


async def _kill_at_the_dot(campaign: Campaign, *sabotage: str) -> Audit:
    """Kill when a receiver has a message and has answered nothing yet, after it kept it."""
    (receiver,) = campaign.receivers.values()

    async def until_kept(service: Service) -> None:
        def kill(now: Phase, _: Received | None) -> None:
            if now is Phase.ANSWERED:
                service.kill()

        receiver.on_phase = kill
        await campaign.offer(campaign.messages(1), sessions=1)
        await service.ended()

    await campaign.life(until_kept, launcher=launched(*sabotage))
    receiver.on_phase = lambda now, received: None
    await campaign.settle()
    return campaign.audit()


async def test_a_claim_that_is_not_written_before_the_dial_is_seen(stage: Staged) -> None:
    """R-00: the receiver saw two copies, the history knows of one attempt."""
    found = await _kill_at_the_dot(await stage(), "--sabotage", "claim-after-the-dial")
    assert found.uncounted


async def test_an_honest_claim_counts_every_attempt(stage: Staged) -> None:
    """R-06, R-07: the same campaign without the sabotage."""
    found = await _kill_at_the_dot(await stage())
    assert found.uncounted == []
    assert len(found.duplicated) <= 1


@pytest.mark.parametrize(("dot", "copies"), [("1s", 2), ("600s", 1)])
async def test_a_short_dot_timeout_makes_duplicates_without_any_fault(
    stage: Staged, dot: str, copies: int
) -> None:
    """R-00, R-40: the receiver keeps the message and takes 2 s to say so."""
    slow = Receiver(pause=2.0)
    settings = f'{RETRY_SOON}[delivery.timeouts]\ndot = "{dot}"\n'
    campaign = await stage(settings, slow=slow)
    async with Service(campaign.house) as service:
        await campaign.offer(campaign.messages(1), sessions=1)
        async with asyncio.timeout(20):
            async with slow._news:
                await slow._news.wait_for(lambda: len(slow.got) >= copies)
        if copies == 1:
            await settled(campaign.house.data)
        service.kill()
    found = campaign.audit()
    assert bool(found.violations(in_flight=0).get("duplicated")) is (copies > 1)


# -- power cuts ----------------------------------------------------------------------------------


async def _cut_the_power(campaign: Campaign, *sabotage: str, size: int = 1000) -> Audit:
    """Kill after the replies, and let the disk forget what was not synced."""
    house = campaign.house
    shadow = house.folder.with_name("shadow")

    async def load(_: Service) -> None:
        await campaign.offer(campaign.messages(COUNT, size=size))

    forget = ("--forget", str(house.data), str(shadow), *sabotage)
    await campaign.life(load, launcher=launched(*forget))
    shutil.rmtree(house.data)
    after_the_cut(shadow, house.data)
    await campaign.settle()
    return campaign.audit()


@pytest.mark.parametrize("size", [1_000, 100_000])
async def test_a_power_cut_after_the_250_loses_nothing(stage: Staged, size: int) -> None:
    """R-10, R-11: rows and big bodies are on the disk before the reply."""
    campaign = await stage()
    found = await _cut_the_power(campaign, size=size)
    assert campaign.acknowledged() == COUNT
    assert found.violations(in_flight=COUNT) == {}
    assert {fate.state for fate in campaign.fates()} == {"delivered"}


async def test_without_synchronous_a_power_cut_loses_mail(stage: Staged) -> None:
    """R-00: `synchronous=OFF`, accepted by an operator who did not know better."""
    found = await _cut_the_power(await stage(), "--sabotage", "synchronous-off")
    assert found.lost


async def test_without_a_synced_body_a_power_cut_damages_mail(stage: Staged) -> None:
    """R-00: no fsync of the body: it is held, never sent short; but the promise is broken."""
    campaign = await stage()
    house = campaign.house
    shadow = house.folder.with_name("shadow")

    async def load(_: Service) -> None:
        await campaign.offer(campaign.messages(1, size=100_000), sessions=1)

    campaign.receivers["ok.example.net"].dot = lambda received: "451 4.3.2 not yet"
    forget = ("--forget", str(house.data), str(shadow), "--sabotage", "body-not-synced")
    await campaign.life(load, launcher=launched(*forget))
    shutil.rmtree(house.data)
    after_the_cut(shadow, house.data)
    campaign.receivers["ok.example.net"].dot = lambda received: "250 2.0.0 kept"
    async with Service(house) as service:
        with pytest.raises(TimeoutError):
            await settled(house.data, seconds=4)
        service.kill()
    assert campaign.audit().altered == []
    assert [fate.state for fate in campaign.fates()] == ["held"]


async def test_the_gate_refuses_to_start_without_synchronous(stage: Staged) -> None:
    """R-19: what a `kill -9` cannot show is refused before the first message."""
    campaign = await stage()
    campaign.house.accept_unsafe_storage = False
    campaign.house.write_settings()
    service = Service(campaign.house, launched("--sabotage", "synchronous-off"))
    with pytest.raises(AssertionError, match="synchronous"):
        await service.start()
    assert await service.ended() != 0
