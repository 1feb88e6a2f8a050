"""One death for each line of the crash table (design §2), judged by the ledger.

Points inside the process are traps (tests/crash/traps.py). Points of a dialogue are reached from outside: the
test's own client or receiver kills the service when the dialogue stands there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.crash.campaign import Campaign, until
from tests.crash.conftest import Staged
from tests.crash.ledger import Told
from tests.system.client import Client, Message
from tests.system.history import is_sound
from tests.system.receiver import Phase, Received, Receiver
from tests.system.service import Service

UNTIL_IT_DIES = 10_000
"""How many commits a load makes is not ours to say: it goes on until the trap is reached."""
SMALL, BIG = 1_000, 200_000
"""Octets of a message that lies in its row, and of one that has a file of its own."""


async def _trapped(
    campaign: Campaign, point: str, *, skip: int = 3, size: int = SMALL, sessions: int = 4
) -> None:
    """Offer mail to a service that dies at a point."""

    async def load(service: Service) -> None:
        await campaign.offer(campaign.messages(UNTIL_IT_DIES, size=size), sessions=sessions)
        assert await service.ended() == -9, service.tail()

    await campaign.life(load, "--trap", point, "--skip", str(skip))


def _bodies(campaign: Campaign) -> list[Path]:
    """Find the files of big messages, finished or not."""
    return [path for path in campaign.house.data.glob("bodies/*/*/*") if path.is_file()]


MORE_THAN_BUFFERS_HOLD = 8_000_000

# -- before accept commits; after the commit, before the reply ------------------------------------


@pytest.mark.parametrize("size", [SMALL, BIG])
async def test_killed_before_the_commit_nothing_was_promised_and_nothing_is_sent(
    stage: Staged, size: int
) -> None:
    """R-03: no 250 for the batch in hand; what was acknowledged earlier is there.

    One session only: with several, the batch before may be on disk and its 250 not yet on the wire (R-02).
    """
    campaign = await stage()
    await _trapped(campaign, "accept.before_commit", size=size, sessions=1)
    assert len(campaign.unanswered()) == 1
    assert campaign.unanswered().isdisjoint(fate.key for fate in campaign.fates())
    assert bool(_bodies(campaign)) is (size == BIG)  # a file without a row: the sweep's
    await campaign.settle()
    assert campaign.violations() == {}
    assert is_sound(campaign.house.data)


@pytest.mark.parametrize("point", ["accept.after_commit", "accept.torn_reply"])
async def test_killed_between_commit_and_reply_the_message_is_sent_once_and_once_more_if_resent(
    stage: Staged, point: str
) -> None:
    """R-02: the client was told nothing and may resend (RFC 1047); both have its Message-ID.

    One session only: with several, another's 250 may be on the wire, unread, and its message on its way
    already: that one falls into the window of R-05, too.
    """
    campaign = await stage()
    await _trapped(campaign, point, sessions=1)
    kept = campaign.unanswered() & {fate.key for fate in campaign.fates()}
    assert kept
    await campaign.settle()
    assert campaign.violations() == {}
    unanswered = [one for one in campaign.offered if one.key in campaign.unanswered()]

    async def resend(_: Service) -> None:
        await campaign.offer(iter(unanswered))
        await until(campaign.is_settled)

    await campaign.life(resend)
    copies = [copy.key for copy in campaign.copies()]
    assert {key: copies.count(key) for key in kept} == dict.fromkeys(kept, 2)


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

    await campaign.life(first, "--trap", point)
    assert [offer.told for offer in campaign.offers] == [Told.NOTHING]
    campaign.offers.clear()
    await campaign.life(retries)
    await campaign.settle()
    assert answers[0] == answers[1]
    assert campaign.violations() == {}
    (fate,) = campaign.fates()
    assert (fate.state, fate.key) == ("delivered", message.key)


async def test_killed_after_the_reply_one_copy_is_delivered(stage: Staged) -> None:
    """R-01."""
    campaign = await stage()

    async def load(_: Service) -> None:
        await campaign.offer(campaign.messages(1), sessions=1)

    await campaign.life(load)
    await campaign.settle()
    assert campaign.violations() == {}
    assert [fate.state for fate in campaign.fates()] == ["delivered"]


# -- in the middle of the client's message ---------------------------------------------------------


async def _mid_data(client: Client, message: Message) -> None:
    await client.begin(message)
    await client.write(message.content()[: message.size - message.size // 4] + b"\r\n")


async def _mid_chunk(client: Client, message: Message) -> None:
    await client.open_transaction(message)
    await client.write(b"BDAT %d LAST\r\n" % len(message.content()))
    await client.write(message.content()[: message.size - message.size // 4])


async def _between_chunks(client: Client, message: Message) -> None:
    await client.open_transaction(message)
    chunk = message.content()[: message.size - message.size // 4]
    await client.write(b"BDAT %d\r\n" % len(chunk) + chunk)
    await client.expect("250")


@pytest.mark.parametrize("size", [SMALL, BIG])
@pytest.mark.parametrize("half", [_mid_data, _mid_chunk, _between_chunks])
async def test_killed_in_the_middle_of_a_message_nothing_is_left(
    stage: Staged, half: Callable[[Client, Message], object], size: int
) -> None:
    """R-04: 0 copies; the temporary file of a big message is gone at start."""
    campaign = await stage()
    (message,) = campaign.messages(1, size=size)

    async def offer_half(_: Service) -> None:
        async with campaign.house.client() as client:
            await half(client, message)  # type: ignore[misc]
            if size == BIG:
                await until(lambda: _bodies(campaign) != [])

    await campaign.life(offer_half)
    await campaign.settle()
    assert campaign.fates() == []
    assert campaign.copies() == []
    assert _bodies(campaign) == []


async def test_killed_after_a_refusal_nothing_is_sent(stage: Staged) -> None:
    """R-05: a bare LF is refused after the dot, and the service dies with that answer."""
    campaign = await stage()
    (message,) = campaign.messages(1)

    async def refused(_: Service) -> None:
        async with campaign.house.client() as client:
            await client.begin(message)
            await client.write(message.content() + b"bare\nline feed\r\n.\r\n")
            await client.expect("5")
        campaign.offers += message.offers(Told.NO)

    await campaign.life(refused)
    await campaign.settle()
    assert campaign.violations() == {}
    assert campaign.fates() == []


# -- around the claim, in the dialogue with the receiver, around the record -------------------------


@pytest.mark.parametrize(
    "point", ["deliver.before_claim", "deliver.after_claim", "deliver.after_record"]
)
async def test_killed_around_the_claim_or_after_the_record_there_is_no_second_copy(
    stage: Staged, point: str
) -> None:
    """R-07: after the claim, before connecting; and after the outcome is on disk."""
    campaign = await stage()

    async def load(service: Service) -> None:
        await campaign.offer(campaign.messages(1), sessions=1)
        assert await service.ended() == -9, service.tail()

    await campaign.life(load, "--trap", point)
    await campaign.settle()
    assert campaign.audit().violations() == {}
    assert {fate.state for fate in campaign.fates()} == {"delivered"}


@pytest.mark.parametrize(
    ("phase", "time", "copies"),
    [
        (Phase.CONNECTED, 1, 1),
        (Phase.MAIL, 1, 1),
        (Phase.RCPT, 1, 1),
        (Phase.RCPT, 2, 1),
        (Phase.IN_DATA, 1, 1),
        (Phase.DOT, 1, 2),  # the receiver keeps it, and its 250 finds nobody
    ],
)
async def test_killed_in_the_dialogue_every_recipient_is_tried_again_and_delivered(
    stage: Staged, phase: Phase, time: int, copies: int
) -> None:
    """R-07: after connect, after MAIL, after each RCPT, in the middle of DATA, after the dot."""
    campaign = await stage(ok=(receiver := Receiver()))
    recipients = ("a@ok.example.net", "b@ok.example.net")
    size = MORE_THAN_BUFFERS_HOLD if phase is Phase.IN_DATA else SMALL
    message = Message(key="<two@example.com>", recipients=recipients, size=size)

    async def until_phase(service: Service) -> None:
        receiver.on_phase = partial(_kill_at, service, phase, [time])
        await campaign.offer(iter([message]), sessions=1)
        assert await service.ended() == -9

    await campaign.life(until_phase)
    receiver.on_phase = lambda now, received: None
    await campaign.settle()
    assert campaign.violations() == {}
    assert len(receiver.got) == copies
    fates = [(fate.state, fate.attempts) for fate in campaign.fates()]
    assert fates == [("delivered", 2), ("delivered", 2)]


def _kill_at(
    service: Service, phase: Phase, left: list[int], now: Phase, _: Received | None
) -> None:
    """Kill when the dialogue comes to a phase for the last of so many times."""
    if now is phase and left[0]:
        left[0] -= 1
        if not left[0]:
            service.kill()


async def test_killed_after_the_receivers_250_there_is_exactly_one_copy_more(stage: Staged) -> None:
    """R-06: the one duplicate nobody can exclude; same Message-ID, two attempts, one `delivered`."""
    campaign = await stage()

    async def load(service: Service) -> None:
        await campaign.offer(campaign.messages(1), sessions=1)
        assert await service.ended() == -9, service.tail()

    await campaign.life(load, "--trap", "deliver.before_record")
    await campaign.settle()
    assert len(campaign.audit().duplicated) == 1
    assert campaign.violations() == {}
    (fate,) = campaign.fates()
    assert (fate.state, fate.attempts, fate.final_events) == ("delivered", 2, 1)


@pytest.mark.parametrize("point", ["bounce.before_commit", "bounce.after_commit"])
async def test_killed_while_a_notice_is_made_there_is_one_bounce_and_one_notice(
    stage: Staged, point: str
) -> None:
    """R-09: the state, the event and the notice are one commit."""
    refusing = Receiver(rcpt=lambda address: "550 5.1.1 no such user")
    campaign = await stage(refusing=refusing, back=(back := Receiver()))
    campaign.house.command("domain", "add", "back.example.net", "--customer", "shop")
    message = Message(
        key="<bounce@example.com>",
        recipients=("nobody@refusing.example.net",),
        sender="shop@back.example.net",
    )

    async def load(service: Service) -> None:
        await campaign.offer(iter([message]), sessions=1)
        assert campaign.acknowledged() == 1
        assert await service.ended() == -9, service.tail()

    await campaign.life(load, "--trap", point)
    states = {fate.key: fate.state for fate in campaign.fates()}
    assert len(states) == (1 if point == "bounce.before_commit" else 2)
    assert states[message.key] == ("sending" if point == "bounce.before_commit" else "bounced")
    await campaign.settle()
    bounced = [fate for fate in campaign.fates() if fate.key == message.key]
    assert [(fate.state, fate.final_events) for fate in bounced] == [("bounced", 1)]
    assert [(received.sender, received.recipients) for received in back.accepted] == [
        ("", ["shop@back.example.net"])
    ]
