"""One death for each line of the crash table (design §2), judged by the ledger.

Points inside the process are traps (tests/crash/traps.py). Points of a dialogue are reached from outside: the
test's own client or receiver kills the service when the dialogue stands there.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.crash.campaign import Campaign, launched
from tests.crash.conftest import Staged
from tests.crash.ledger import Told
from tests.system.client import Message
from tests.system.receiver import Phase, Received, Receiver
from tests.system.service import Service

COUNT = 12


async def _trapped(campaign: Campaign, point: str, *, skip: int = 3) -> None:
    """Offer mail to a service that dies at a point, then settle in a new life."""

    async def load(service: Service) -> None:
        await campaign.offer(campaign.messages(COUNT))
        assert await service.ended() == -9, service.tail()

    await campaign.life(load, launcher=launched("--trap", point, "--skip", str(skip)))
    await campaign.settle()


async def test_killed_before_the_commit_nothing_was_promised_and_nothing_is_sent(
    stage: Staged,
) -> None:
    """R-03: no 250 for the batch in hand; what was acknowledged earlier is there."""
    campaign = await stage()
    await _trapped(campaign, "accept.before_commit")
    assert campaign.audit().violations() == {}
    unanswered = {offer.key for offer in campaign.offers if offer.told is Told.NOTHING}
    assert unanswered
    assert unanswered.isdisjoint(fate.key for fate in campaign.fates())


@pytest.mark.parametrize("point", ["accept.after_commit", "accept.torn_reply"])
async def test_killed_between_commit_and_reply_the_message_is_there_once(
    stage: Staged, point: str
) -> None:
    """R-02: the client was told nothing and may resend; until it does there is one copy."""
    campaign = await stage()
    await _trapped(campaign, point)
    assert campaign.audit().violations() == {}
    unanswered = {offer.key for offer in campaign.offers if offer.told is Told.NOTHING}
    assert unanswered & {fate.key for fate in campaign.fates()}


@pytest.mark.parametrize("point", ["accept.before_commit", "accept.after_commit"])
@pytest.mark.parametrize("size", [1_000, 200_000])
async def test_killed_around_the_commit_a_retry_with_its_key_finds_one_message(
    stage: Staged, point: str, size: int
) -> None:
    """R-13: same key, same octets, one message, same id, however often the client asks."""
    campaign = await stage()
    (message,) = campaign.messages(1, size=size)
    message = replace(message, idempotency_key="order-5")

    async def first(service: Service) -> None:
        await campaign.offer(iter([message]), sessions=1)
        assert await service.ended() == -9, service.tail()

    answers: list[str] = []

    async def retries(_: Service) -> None:
        for _ in range(2):
            async with campaign.house.client() as client:
                answers.append(await client.submit(message))
        campaign.offers += message.offers(Told.YES)

    await campaign.life(first, launcher=launched("--trap", point))
    assert [offer.told for offer in campaign.offers] == [Told.NOTHING]
    campaign.offers.clear()
    await campaign.life(retries)
    await campaign.settle()
    assert answers[0] == answers[1]
    assert campaign.audit().violations(in_flight=campaign.in_flight) == {}
    (fate,) = campaign.fates()
    assert (fate.state, fate.key) == ("delivered", message.key)


async def test_killed_after_the_reply_one_copy_is_delivered(stage: Staged) -> None:
    """R-01."""
    campaign = await stage(ok=Receiver())

    async def load(_: Service) -> None:
        await campaign.offer(campaign.messages(1), sessions=1)

    await campaign.life(load)
    await campaign.settle()
    assert campaign.audit().violations(in_flight=campaign.in_flight) == {}
    assert [fate.state for fate in campaign.fates()] == ["delivered"]


@pytest.mark.parametrize("size", [1_000, 200_000])
async def test_killed_in_the_middle_of_data_nothing_is_left(stage: Staged, size: int) -> None:
    """R-04: 0 copies; the temporary file of a big message is gone at start."""
    campaign = await stage()
    (message,) = campaign.messages(1, size=size)

    async def half(_: Service) -> None:
        async with campaign.house.client() as client:
            await client.begin(message)
            await client.write(message.content()[: size - size // 4])
            await client.write(b"\r\n")

    await campaign.life(half)
    await campaign.settle()
    assert campaign.fates() == []
    assert campaign.copies() == []
    assert list(campaign.house.data.rglob("*.part")) == []


async def test_killed_after_a_refusal_nothing_is_sent(stage: Staged) -> None:
    """R-05: a bare LF is refused after the dot, and the service dies with that answer."""
    campaign = await stage()
    (message,) = campaign.messages(1)

    async def refused(_: Service) -> None:
        async with campaign.house.client() as client:
            await client.begin(message)
            await client.write(message.content() + b"bare\nline feed\r\n.\r\n")
            assert (await client.expect("5")).startswith("5")
        campaign.offers += message.offers(Told.NO)

    await campaign.life(refused)
    await campaign.settle()
    assert campaign.audit().violations() == {}
    assert campaign.fates() == []


@pytest.mark.parametrize(
    "point", ["deliver.before_claim", "deliver.after_claim", "deliver.after_record"]
)
async def test_killed_around_the_claim_or_after_the_record_there_is_no_second_copy(
    stage: Staged, point: str
) -> None:
    """R-07: after the claim, before connecting; and after the outcome is on disk."""
    campaign = await stage()
    await _trapped(campaign, point, skip=1)
    found = campaign.audit()
    assert found.violations(in_flight=campaign.in_flight) == {}
    if point != "deliver.after_record":  # other recipients were on the wire then
        assert len(found.duplicated) <= campaign.in_flight
    assert {fate.state for fate in campaign.fates()} == {"delivered"}


@pytest.mark.parametrize(
    "phase", [Phase.CONNECTED, Phase.MAIL, Phase.RCPT, Phase.IN_DATA, Phase.DOT]
)
async def test_killed_before_the_receiver_took_it_one_copy_is_delivered(
    stage: Staged, phase: Phase
) -> None:
    """R-07: after connect, after MAIL, after RCPT, in the middle of DATA, after the dot."""
    campaign = await stage(ok=(receiver := Receiver()))

    async def until_phase(service: Service) -> None:
        def kill(now: Phase, _: Received | None) -> None:
            if now is phase:
                service.kill()

        receiver.on_phase = kill
        await campaign.offer(campaign.messages(1), sessions=1)
        await service.ended()

    await campaign.life(until_phase)
    receiver.on_phase = lambda now, received: None
    await campaign.settle()
    assert campaign.audit().violations(in_flight=campaign.in_flight) == {}
    (fate,) = campaign.fates()
    assert (fate.state, fate.attempts) == ("delivered", 2)


async def test_killed_after_the_receivers_250_there_is_exactly_one_copy_more(stage: Staged) -> None:
    """R-06: the one duplicate nobody can exclude; same Message-ID, two attempts, one `delivered`."""
    campaign = await stage()

    async def load(service: Service) -> None:
        await campaign.offer(campaign.messages(1), sessions=1)
        assert await service.ended() == -9, service.tail()

    await campaign.life(load, launcher=launched("--trap", "deliver.before_record"))
    await campaign.settle()
    found = campaign.audit()
    assert len(found.duplicated) == 1
    assert found.violations(in_flight=1) == {}
    (fate,) = campaign.fates()
    assert (fate.state, fate.attempts, fate.final_events) == ("delivered", 2, 1)


@pytest.mark.parametrize("point", ["bounce.before_commit", "bounce.after_commit"])
async def test_killed_while_a_notice_is_made_there_is_one_bounce_and_one_notice(
    stage: Staged, point: str
) -> None:
    """R-09: the state, the event and the notice are one commit."""
    refusing = Receiver(rcpt=lambda address: "550 5.1.1 no such user")
    campaign = await stage(refusing=refusing, back=(back := Receiver()))
    message = Message(
        key="<bounce@example.com>",
        recipients=("nobody@refusing.example.net",),
        sender="shop@back.example.net",
    )

    async def load(service: Service) -> None:
        await campaign.offer(iter([message]), sessions=1)
        assert await service.ended() == -9, service.tail()

    await campaign.life(load, launcher=launched("--trap", point))
    await campaign.settle()
    bounced = [fate for fate in campaign.fates() if fate.key == message.key]
    assert [(fate.state, fate.final_events) for fate in bounced] == [("bounced", 1)]
    assert [(received.sender, received.recipients) for received in back.accepted] == [
        ("", ["shop@back.example.net"])
    ]


async def test_terminated_under_load_nothing_is_lost_or_doubled(stage: Staged) -> None:
    """R-14: listeners close, open sessions finish or get 421, the end comes within 30 s."""
    campaign = await stage(ok=Receiver(), slow=Receiver(pause=0.2))
    async with Service(campaign.house) as service:

        def enough() -> bool:
            return len(campaign.receivers["ok.example.net"].accepted) > 20

        async def terminate() -> None:
            await campaign.receivers["ok.example.net"].wait_until(enough)
            service.terminate()
            assert await service.ended() == 0, service.tail()

        await asyncio.gather(campaign.offer(campaign.messages(5000), sessions=8), terminate())
    await campaign.settle()
    assert campaign.audit().violations() == {}
    assert campaign.acknowledged() >= 20
