"""A message on its way in: small in memory, big on the spool, and whatever fails is told at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.doubles.submission_house import KeptMail, account

from sztafeta.delivery.timing import Timing
from sztafeta.mail.address import parse_mailbox
from sztafeta.mail.envelope import Envelope
from sztafeta.mail.message import MAX_HEADER
from sztafeta.service.composing import Composed, Source, Submission
from sztafeta.service.incoming import NO_ROOM, Incoming
from sztafeta.service.ports import Content, Spool, StorageFull
from sztafeta.service.rejection import Rejection

SUBMISSION = Submission(
    account=account("1.alice.smtp", 1),
    envelope=Envelope(reverse_path=parse_mailbox("alice@example.com")),
    forward_paths=(),
    source=Source(listener="s", address="192.0.2.7", client_name="c", extended=True, tls=""),
)
HEADER = b"From: alice@example.com\r\n\r\n"
BIG = b"0123456789abcdef\r\n" * 5000


class Slow(KeptMail):
    """Bodies that are kept once the gate opens, or not at all."""

    removed: bool = False
    keep_failure: Exception | None = None

    async def keep(self, spool: Spool) -> Content:
        if self.gate is not None:
            await self.gate.wait()
        if self.keep_failure is not None:
            raise self.keep_failure
        return await super().keep(spool)

    def remove(self, message_id: int) -> None:
        self.removed = True


def compose(received: bytes) -> Composed | Rejection:
    """Put a field before the header."""
    return Composed(
        header=b"X: y\r\n" + HEADER,
        body_at=received.index(b"\r\n\r\n") + 4,
        header_message_id="<1@example.com>",
        subject="",
        signing_domain=None,
        timing=Timing(None, datetime(2026, 1, 4, tzinfo=UTC)),
    )


def incoming(bodies: KeptMail, how: Callable[[bytes], Composed | Rejection] = compose) -> Incoming:
    return Incoming(SUBMISSION, 7, how, bodies)


async def content_of(one: Incoming) -> bytes:
    composed = one.composed()
    assert isinstance(composed, Composed)
    return b"".join((await one.keep(composed)).blocks())


@pytest.mark.parametrize("piece", [1, 10, 1 << 20])
async def test_a_small_message_stays_in_memory(piece: int) -> None:
    bodies = Slow()
    one = incoming(bodies)
    octets = HEADER + b"hello\r\n"
    for at in range(0, len(octets), piece):
        one.add(octets[at : at + piece])
    assert await content_of(one) == b"X: y\r\n" + HEADER + b"hello\r\n"
    assert bodies.spools == []


@pytest.mark.parametrize("piece", [1000, 1 << 20])
async def test_a_big_message_goes_to_the_spool_as_it_comes(piece: int) -> None:
    bodies = Slow()
    one = incoming(bodies)
    octets = HEADER + BIG
    for at in range(0, len(octets), piece):
        one.add(octets[at : at + piece])
    assert await content_of(one) == b"X: y\r\n" + octets
    assert len(bodies.spools) == 1


@pytest.mark.parametrize("size", [10, 200_000])
async def test_a_refused_message_is_read_to_its_end_and_kept_nowhere(size: int) -> None:
    bodies = Slow()
    one = incoming(bodies, lambda received: NO_ROOM)
    one.add(HEADER + b"x" * size)
    one.add(b"more")
    assert one.composed() is NO_ROOM
    one.discard()
    assert bodies.spools == []


async def test_a_header_that_does_not_end_is_judged_at_its_limit() -> None:
    seen: list[int] = []

    def judge(received: bytes) -> Rejection:
        seen.append(len(received))
        return NO_ROOM

    one = incoming(Slow(), judge)
    for _ in range(200):
        one.add(b"X-Long: " + b"x" * 990 + b"\r\n")
    assert one.composed() is NO_ROOM
    assert len(seen) == 1
    assert MAX_HEADER < seen[0] < MAX_HEADER + 4096 + 1000


@pytest.mark.parametrize("failure", [StorageFull("full"), OSError("disk")])
@pytest.mark.parametrize("at_once", [True, False])
async def test_a_spool_that_fails_is_told_at_the_end(failure: Exception, at_once: bool) -> None:
    """R-20, R-21: never in the middle, where it could not be answered."""
    bodies = Slow(spool_failure=failure if at_once else None)
    one = incoming(bodies)
    one.add(HEADER + BIG)
    if not at_once:
        bodies.spools[0]._failure = failure
    one.add(BIG)
    one.add(BIG)
    if isinstance(failure, StorageFull):
        assert one.composed() is NO_ROOM
    else:
        with pytest.raises(OSError, match="disk"):
            one.composed()
    assert all(spool.is_discarded for spool in bodies.spools)


async def test_a_spool_that_cannot_be_opened_is_told_at_the_end() -> None:
    class Closed(Slow):
        def open_spool(self, message_id: int) -> Spool:  # type: ignore[override]
            raise OSError("no folder")

    one = incoming(Closed())
    one.add(HEADER + BIG)
    one.add(BIG)
    with pytest.raises(OSError, match="no folder"):
        one.composed()


@pytest.mark.parametrize("failure", [None, OSError("sync")])
async def test_who_stops_waiting_does_not_pull_the_file_from_under_the_sync(
    failure: Exception | None,
) -> None:
    """R-26."""
    bodies = Slow(gate=asyncio.Event())
    bodies.keep_failure = failure
    one = incoming(bodies)
    one.add(HEADER + BIG)
    composed = one.composed()
    assert isinstance(composed, Composed)
    keeping = asyncio.ensure_future(one.keep(composed))
    await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    assert not bodies.spools[0].is_discarded
    assert bodies.gate is not None
    bodies.gate.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert bodies.spools[0].is_discarded


@pytest.mark.parametrize(("octets", "removed"), [(b"", False), (BIG, True)])
async def test_taking_back_removes_a_kept_body_and_only_that(octets: bytes, removed: bool) -> None:
    bodies = Slow()
    one = incoming(bodies)
    one.add(HEADER + octets)
    await content_of(one)
    one.take_back()
    one.take_back()
    assert bodies.removed is removed
