"""R-00: the campaigns can fail. Each mistake somebody could make turns the one that looks for it red.

Every campaign is run twice, honest and sabotaged; the honest run stands beside its mutant.
"""

from __future__ import annotations

import shutil
import signal

import pytest
from tests.crash.campaign import RETRY_SOON, Campaign, until
from tests.crash.conftest import Staged
from tests.crash.power_loss import after_the_cut
from tests.system.receiver import Phase, Received, Receiver, Reset, kept
from tests.system.service import Service

COUNT = 20
SMALL, BIG = 1_000, 100_000
"""Octets of a message that lies in its row, and of one that has a file of its own."""
HONEST = ""


def _sabotage(name: str) -> tuple[str, ...]:
    return ("--sabotage", name) if name else ()


# -- kill -9 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sabotage", "is_red"), [(HONEST, False), ("reply-before-commit", True)])
async def test_a_reply_before_the_commit_loses_mail(
    stage: Staged, sabotage: str, *, is_red: bool
) -> None:
    """R-00: reply before commit; killed as soon as every message is acknowledged."""
    campaign = await stage()

    async def load(_: Service) -> None:
        await campaign.offer(campaign.messages(COUNT))

    await campaign.life(load, *_sabotage(sabotage))
    await campaign.settle()
    assert campaign.acknowledged() == COUNT
    assert set(campaign.violations()) == ({"lost"} if is_red else set())


@pytest.mark.parametrize(("sabotage", "is_red"), [(HONEST, False), ("claim-after-the-dial", True)])
async def test_a_claim_that_is_not_written_before_the_dial_is_not_counted(
    stage: Staged, sabotage: str, *, is_red: bool
) -> None:
    """R-00: the receivers saw more copies than the history knows attempts."""
    campaign = await stage(ok=(receiver := Receiver()))

    async def until_kept(service: Service) -> None:
        def kill(now: Phase, _: Received | None) -> None:
            if now is Phase.DOT:
                service.kill()

        receiver.on_phase = kill
        await campaign.offer(campaign.messages(1), sessions=1)
        assert await service.ended() == -9

    await campaign.life(until_kept, *_sabotage(sabotage))
    receiver.on_phase = lambda now, received: None
    await campaign.settle()
    assert ("uncounted" in campaign.violations()) is is_red
    assert ("duplicated" in campaign.violations()) is is_red  # nothing says that it was in flight


@pytest.mark.parametrize(("sabotage", "is_red"), [(HONEST, False), ("lease-not-fenced", True)])
async def test_a_frozen_process_that_wakes_up_does_not_undo_what_its_successor_did(
    stage: Staged, sabotage: str, *, is_red: bool
) -> None:
    """R-00, R-32: lease not fenced. The frozen one was told 451, its successor 250."""
    campaign = await stage(ok=(receiver := Receiver()))
    answers = iter(["451 4.3.2 not now"])
    receiver.dot = lambda received: next(answers, "250 2.0.0 kept")
    async with campaign.service(*_sabotage(sabotage)) as frozen:

        def freeze(now: Phase, _: Received | None) -> None:
            if now is Phase.DOT and len(receiver.got) == 0:
                frozen.send_signal(signal.SIGSTOP)

        receiver.on_phase = freeze
        await campaign.offer(campaign.messages(1), sessions=1)
        await receiver.wait_until(lambda: len(receiver.got) == 1)
        receiver.may_answer.clear()
        async with campaign.service_beside("--sabotage", "lock-ignored") as successor:
            await until(lambda: receiver.waiting == 1)
            frozen.send_signal(signal.SIGCONT)
            frozen.terminate()  # what it has to write is written when it has ended
            await frozen.ended()
            receiver.may_answer.set()
            await receiver.wait_for(1)
            successor.terminate()
            assert await successor.ended() == 0, successor.tail()
    await campaign.settle()
    assert campaign.in_flight == {}
    assert set(campaign.violations()) == ({"duplicated"} if is_red else set())


# -- no fault at all ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("dot", "is_red"), [("600s", False), ("100ms", True)])
async def test_a_short_dot_timeout_makes_duplicates_without_any_fault(
    stage: Staged, dot: str, *, is_red: bool
) -> None:
    """R-00, R-40: the receiver keeps the message and takes its time to say so."""
    settings = f'{RETRY_SOON}[delivery.timeouts]\ndot = "{dot}"\n'
    campaign = await stage(settings, slow=(slow := Receiver()))
    slow.may_answer.clear()
    async with campaign.service() as service:
        await campaign.offer(campaign.messages(1), sessions=1)
        await until(lambda: slow.waiting == (2 if is_red else 1))
        slow.may_answer.set()
        await until(campaign.is_settled)
        service.terminate()
        assert await service.ended() == 0, service.tail()
    assert set(campaign.violations()) == ({"duplicated"} if is_red else set())


async def test_a_receiver_that_keeps_a_message_and_hangs_up_gets_the_same_again(
    stage: Staged,
) -> None:
    """R-41: same Message-ID and octets, and no attempt that nobody counted."""
    campaign = await stage(rude=(rude := Receiver()))
    hang_up = iter([True])

    def dot(received: Received) -> str:
        if next(hang_up, False):
            raise Reset
        return kept(received)

    rude.dot = dot
    async with campaign.service() as service:
        await campaign.offer(campaign.messages(1), sessions=1)
        await until(campaign.is_settled)
        service.terminate()
        assert await service.ended() == 0, service.tail()
    assert campaign.violations() == {}
    assert len(campaign.audit().duplicated) == 1
    first, second = rude.got
    assert first.raw.partition(b"\r\n\r\n")[2] == second.raw.partition(b"\r\n\r\n")[2]
    assert [fate.attempts for fate in campaign.fates()] == [2]


# -- power cuts --------------------------------------------------------------------------------------


async def _cut_the_power(campaign: Campaign, size: int, *sabotage: str) -> None:
    """Kill after the replies, let the disk forget what was not synced, and start again."""
    house = campaign.house
    shadow = house.folder.with_name("shadow")

    async def load(_: Service) -> None:
        await campaign.offer(campaign.messages(COUNT, size=size))

    for receiver in campaign.receivers.values():
        receiver.may_answer.clear()  # no message leaves before the cut
    await campaign.life(load, "--forget", str(house.data), str(shadow), *sabotage)
    shutil.rmtree(house.data)
    after_the_cut(shadow, house.data)
    for receiver in campaign.receivers.values():
        receiver.may_answer.set()


@pytest.mark.parametrize("size", [SMALL, BIG])
async def test_a_power_cut_after_the_250_loses_nothing(stage: Staged, size: int) -> None:
    """R-10, R-11: rows and big bodies are on the disk before the reply."""
    campaign = await stage()
    await _cut_the_power(campaign, size)
    await campaign.settle()
    assert campaign.acknowledged() == COUNT
    assert campaign.violations() == {}
    assert {fate.state for fate in campaign.fates()} == {"delivered"}


async def test_without_synchronous_a_power_cut_loses_mail(stage: Staged) -> None:
    """R-00: `synchronous=OFF`, accepted by an operator who did not know better."""
    campaign = await stage()
    await _cut_the_power(campaign, SMALL, "--sabotage", "synchronous-off")
    await campaign.settle()
    assert "lost" in campaign.violations()


@pytest.mark.parametrize("sabotage", ["body-not-synced", "folder-not-synced"])
async def test_without_a_synced_body_or_folder_a_power_cut_damages_mail(
    stage: Staged, sabotage: str
) -> None:
    """R-00: what is damaged is held and never sent short (R-11, R-28); but the promise is broken."""
    campaign = await stage()
    await _cut_the_power(campaign, BIG, "--sabotage", sabotage)
    async with campaign.service() as service:
        await until(lambda: all(fate.state == "held" for fate in campaign.fates()))
        service.terminate()
        assert await service.ended() == 0, service.tail()
    assert campaign.acknowledged() == len(campaign.fates()) == COUNT
    assert campaign.audit().altered == []


async def test_the_gate_refuses_to_start_without_synchronous(stage: Staged) -> None:
    """R-19: what a `kill -9` cannot show is refused before the first message."""
    campaign = await stage()
    campaign.house.accept_unsafe_storage = False
    campaign.house.write_settings()
    service = campaign.service("--sabotage", "synchronous-off")
    with pytest.raises(AssertionError, match="synchronous"):
        await service.start()
    assert await service.ended() != 0
