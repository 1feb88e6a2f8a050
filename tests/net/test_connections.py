"""The wire of an outbound session: its clock, its back-pressure, its end; real hops are in test_dialer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from tests.doubles.fake_wire import FakeWire
from tests.doubles.manual_timers import ManualTimers
from tests.doubles.parcels import parcel_to

from sztafeta.delivery.verdict import Failure, FailureKind, Stage
from sztafeta.net.connections import SmtpConnection
from sztafeta.net.timeouts import ClientTimeouts
from sztafeta.service.ports import Dialogue, Parcel
from sztafeta.smtp.client import ClientSession
from sztafeta.smtp.reply import Reply

EHLO = b"250-mx.example.net\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 DSN\r\n"
ENVELOPE_TAKEN = b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 Go ahead\r\n"
TAKEN = b"250 2.0.0 Ok\r\n"
BLOCK = (b"x" * 70 + b"\r\n") * 910


@dataclass
class Watched:
    """Content in blocks, counted as they are pulled; it may break on the way."""

    count: int
    breaks_at: int | None = None
    pulled: int = field(default=0)

    @property
    def size(self) -> int:
        return self.count * len(BLOCK)

    def blocks(self) -> Iterator[bytes]:
        for number in range(self.count):
            if number == self.breaks_at:
                raise OSError("the disk is gone")
            self.pulled += 1
            yield BLOCK


def big(content: Watched) -> Parcel:
    return replace(parcel_to("bob@example.net"), content=content)


class Call:
    """A connection to a hop whose every word the test says."""

    def __init__(self) -> None:
        self.timers, self.wire = ManualTimers(), FakeWire()
        self.connection = SmtpConnection(
            ClientSession("relay.example.com", wants_tls=False),
            hop="mx.example.net[192.0.2.1]:25",
            timeouts=ClientTimeouts(),
            timers=self.timers,
        )

    async def greeted(self) -> Call:
        self.connection.connection_made(self.wire)
        greeting = asyncio.ensure_future(self.connection.greet())
        await self.turn()
        await self.hear(b"220 mx.example.net ESMTP\r\n")
        await self.hear(EHLO)
        await greeting
        self.wire.heard()
        return self

    async def turn(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def hear(self, octets: bytes) -> None:
        self.connection.data_received(octets)
        await self.turn()

    async def begin(self, parcel: Parcel | None = None) -> asyncio.Task[Dialogue]:
        """Start a transaction."""
        task = asyncio.ensure_future(self.connection.transact(parcel or parcel_to("b@example.net")))
        await self.turn()
        return task

    async def deliver(self) -> Dialogue:
        task = await self.begin()
        await self.hear(ENVELOPE_TAKEN)
        await self.hear(TAKEN)
        return await task


@pytest.fixture
async def call() -> Call:
    return await Call().greeted()


def failure_of(dialogue: Dialogue) -> Failure:
    said = dialogue.answers[0].said
    assert isinstance(said, Failure), said
    return said


# -- the clock -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heard", "seconds", "stage"),
    [
        (b"", 300, Stage.MAIL),
        (b"250 2.1.0 Ok\r\n", 300, Stage.RCPT),
        (b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n", 120, Stage.DATA),
        (ENVELOPE_TAKEN, 600, Stage.DOT),
    ],
)
async def test_each_step_has_its_own_time(
    call: Call, heard: bytes, seconds: int, stage: Stage
) -> None:
    """R-40, R-47, RFC 5321 §4.5.3.2: up to the last second, and not after it."""
    task = await call.begin()
    if heard:
        await call.hear(heard)
    call.timers.advance(seconds - 1)
    await call.turn()
    assert not task.done()
    call.timers.advance(1)
    dialogue = await task
    assert dialogue.answers[0].stage is stage
    assert failure_of(dialogue).kind is FailureKind.TIMEOUT
    assert call.wire.is_aborted
    assert not dialogue.reusable


async def test_an_answer_at_nine_and_a_half_minutes_is_a_delivery(call: Call) -> None:
    """R-40: exactly one attempt."""
    task = await call.begin()
    await call.hear(ENVELOPE_TAKEN)
    call.timers.advance(570)
    await call.hear(TAKEN)
    assert isinstance((await task).answers[0].said, Reply)


async def test_a_silent_banner_is_waited_for_five_minutes() -> None:
    """R-47: a banner at 4:50 is in time."""
    call = Call()
    call.connection.connection_made(call.wire)
    greeting = asyncio.ensure_future(call.connection.greet())
    await call.turn()
    call.timers.advance(290)
    await call.hear(b"220 mx.example.net ESMTP\r\n")
    assert call.wire.heard() == [b"EHLO relay.example.com"]
    call.timers.advance(300)
    assert (await greeting).heard is not None


async def test_a_tarpit_is_left_after_half_an_hour_however_it_answers(call: Call) -> None:
    """R-47: the total attempt cap."""
    recipients = [f"bob{n}@example.net" for n in range(20)]
    task = await call.begin(parcel_to(*recipients))
    await call.hear(b"250 2.1.0 Ok\r\n")
    for _ in range(7):
        call.timers.advance(240)
        await call.hear(b"250 2.1.5 Ok\r\n")
    assert not task.done()
    call.timers.advance(120)
    assert failure_of(await task).kind is FailureKind.TIMEOUT
    assert call.timers.time() == 7 * 240 + 120


async def test_a_kept_connection_begins_each_attempt_with_its_whole_time(call: Call) -> None:
    await call.deliver()
    call.timers.advance(29 * 60)
    task = await call.begin()
    call.timers.advance(299)
    await call.hear(ENVELOPE_TAKEN)
    call.timers.advance(599)
    await call.hear(TAKEN)
    assert isinstance((await task).answers[0].said, Reply)


# -- reuse -----------------------------------------------------------------------------------------


async def test_nothing_is_said_between_two_good_transactions(call: Call) -> None:
    """C-127: RFC 5321 §4.1.4 lets MAIL follow the end of data; RSET costs a round trip."""
    for _ in range(100):
        assert (await call.deliver()).reusable
    assert call.connection.transactions == 100
    assert not any(line.startswith(b"RSET") for line in call.wire.heard())


async def test_after_a_transaction_that_did_not_end_the_session_is_reset(call: Call) -> None:
    """C-127."""
    task = await call.begin()
    await call.hear(b"250 2.1.0 Ok\r\n550 5.1.1 No\r\n554 5.5.1 No valid recipients\r\n")
    assert (await task).answers[0].stage is Stage.RCPT
    call.wire.heard()
    await call.begin()
    assert call.wire.heard()[0] == b"RSET"


@pytest.mark.parametrize("word", [b"421 4.4.2 Idle for too long\r\n", b"?\r\n"])
async def test_a_word_between_two_messages_ends_the_reuse_and_is_no_attempt(
    call: Call, word: bytes
) -> None:
    """R-45."""
    await call.deliver()
    assert call.connection.is_usable()
    await call.hear(word)
    assert not call.connection.is_usable()
    assert (await (await call.begin())).stale


async def test_a_connection_lost_while_idle_is_no_attempt(call: Call) -> None:
    """R-45."""
    await call.deliver()
    call.connection.connection_lost(None)
    assert not call.connection.is_usable()
    assert (await (await call.begin())).stale


async def test_a_connection_lost_in_the_middle_of_the_first_message_is_an_attempt(
    call: Call,
) -> None:
    task = await call.begin()
    call.connection.connection_lost(ConnectionResetError())
    dialogue = await task
    assert not dialogue.stale
    assert failure_of(dialogue).kind is FailureKind.CLOSED


# -- big content -----------------------------------------------------------------------------------


async def test_no_block_is_pulled_while_the_hop_does_not_take_it(call: Call) -> None:
    content = Watched(100)
    task = await call.begin(big(content))
    call.connection.pause_writing()
    await call.hear(ENVELOPE_TAKEN)
    assert content.pulled <= 1
    call.connection.resume_writing()
    call.connection.pause_writing()
    seen = content.pulled
    await call.turn()
    assert content.pulled == seen < 100
    call.connection.resume_writing()
    for _ in range(30):
        await call.turn()
    assert content.pulled == 100
    await call.hear(TAKEN)
    assert isinstance((await task).answers[0].said, Reply)


async def test_a_hop_that_takes_no_block_is_left_after_three_minutes(call: Call) -> None:
    """R-47: a zero receive window in DATA."""
    task = await call.begin(big(Watched(100)))
    await call.hear(ENVELOPE_TAKEN)
    call.connection.pause_writing()
    await call.turn()
    call.timers.advance(180)
    dialogue = await task
    assert failure_of(dialogue).text == "the hop took too long over a block of the message"
    assert dialogue.answers[0].stage is Stage.DATA


@pytest.mark.parametrize("breaks_at", [0, 1, 5, 50])
async def test_content_that_cannot_be_read_is_our_fault_and_never_ends_with_a_dot(
    call: Call, breaks_at: int
) -> None:
    """R-28: the torn message is discarded by the hop."""
    task = await call.begin(big(Watched(100, breaks_at)))
    await call.hear(ENVELOPE_TAKEN)
    for _ in range(10):
        await call.turn()
    with pytest.raises(OSError, match="the disk is gone"):
        await task
    assert call.wire.is_aborted
    assert not call.wire.written.endswith(b"\r\n.\r\n")


async def test_a_hop_that_hangs_up_in_the_middle_of_data_stops_the_blocks(call: Call) -> None:
    content = Watched(1000)
    task = await call.begin(big(content))
    await call.hear(ENVELOPE_TAKEN)
    call.connection.connection_lost(None)
    assert failure_of(await task).kind is FailureKind.CLOSED
    seen = content.pulled
    await call.turn()
    assert content.pulled == seen < 1000


# -- the end ---------------------------------------------------------------------------------------


async def test_quit_is_said_and_its_answer_closes(call: Call) -> None:
    """C-128."""
    await call.deliver()
    call.wire.heard()
    await call.connection.quit()
    await call.connection.quit()
    assert call.wire.heard() == [b"QUIT"]
    assert not call.wire.is_aborted
    await call.hear(b"221 2.0.0 Bye\r\n")
    assert call.wire.is_aborted


async def test_a_hop_that_does_not_answer_quit_is_cut_off_after_five_seconds(call: Call) -> None:
    """C-128."""
    await call.connection.quit()
    call.timers.advance(4.9)
    assert not call.wire.is_aborted
    call.timers.advance(0.2)
    assert call.wire.is_aborted


async def test_the_cut_off_is_called_off_when_the_connection_closes(call: Call) -> None:
    await call.connection.quit()
    call.connection.eof_received()
    call.connection.connection_lost(None)
    call.timers.advance(60)
    assert not call.wire.is_aborted


async def test_quit_in_the_middle_of_a_dialogue_is_a_cut(call: Call) -> None:
    task = await call.begin()
    await call.connection.quit()
    assert call.wire.is_aborted
    call.connection.connection_lost(None)
    await task


async def test_a_connection_that_was_never_made_has_nothing_to_say() -> None:
    call = Call()
    await call.connection.quit()
    call.connection.abort()
    assert not call.connection.is_usable()
    assert call.wire.written == b""
    assert (await call.connection.greet()).heard is not None
