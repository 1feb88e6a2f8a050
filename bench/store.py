"""What the store costs a message: CPU and commits, at a number of sessions that wait for each other.

    .venv/bin/python -m bench.store [--sessions 30] [--messages 6000] [--folder .run/store] [--url …]

Each session accepts a 4 KB message, claims it and settles it, as the relay does. CPU is that of the whole
process (loop, writer, checkpoints), by phase and divided by the messages.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import uvloop

from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.ports import (
    Attempt,
    Claim,
    LeasedQueue,
    NewMessage,
    NewRecipient,
    Settlement,
)
from sztafeta.store.bodies import RowContent
from sztafeta.store.open import Store, open_store

T = TypeVar("T")
IDS = IdSource(1)
BODY = b"Subject: bench\r\n\r\n" + b"x" * 76 * 52


def letter() -> NewMessage:
    """Make a 4 KB message to one recipient."""
    now = datetime.now(UTC)
    message_id, recipient_id = IDS.next(now), IDS.next(now)
    path = ForwardPath(mailbox=Mailbox("bob", "example.net"))
    return NewMessage(
        message_id=message_id,
        customer_id=1,
        account_id=1,
        envelope=Envelope(reverse_path=Mailbox("alice", "example.com")),
        recipients=(NewRecipient(recipient_id=recipient_id, forward_path=path),),
        content=RowContent(bytes(BODY)),
        header_message_id="<20261124.1@example.com>",
        subject="Your order has been sent",
        signing_domain="example.com",
        accepted_at=now,
        expires_at=now + timedelta(hours=48),
        source={"client": "app.example.com", "protocol": "ESMTPSA", "tls": "TLSv1.3"},
        events=(event(message_id, recipient_id, EventKind.QUEUED, {}),),
    )


def event(message_id: int, recipient_id: int, kind: EventKind, details: dict[str, object]) -> Event:
    """Make an event."""
    now = datetime.now(UTC)
    return Event(
        event_id=IDS.next(now),
        recipient_id=recipient_id,
        message_id=message_id,
        kind=kind,
        at=now,
        details=details,
    )


def settlement(message: NewMessage, queue: LeasedQueue) -> Settlement:
    """Say that a message was delivered."""
    now = datetime.now(UTC)
    recipient_id = message.recipients[0].recipient_id
    details: dict[str, object] = {
        "attempt": 1,
        "hop": "mx.example.net[192.0.2.1]:25",
        "reply": "250 2.0.0 Ok: queued as 4XyZ",
    }
    return Settlement(
        recipient_id=recipient_id,
        message_id=message.message_id,
        queue_id=queue.queue_id,
        epoch=queue.epoch,
        state=State.DELIVERED,
        due_at=None,
        attempt=Attempt(
            number=1,
            started_at=now,
            ended_at=now,
            outcome="delivered",
            stage="dot",
            hop="mx.example.net[192.0.2.1]:25",
            reply_code=250,
            reply_status="2.0.0",
            reply_text="Ok: queued as 4XyZ",
            tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
            transcript="",
            rule="2xx to the final dot",
        ),
        events=(event(message.message_id, recipient_id, EventKind.DELIVERED, details),),
    )


async def in_sessions(
    work: Callable[[T], Awaitable[object]], items: Sequence[T], sessions: int, what: str
) -> None:
    """Work through items with so many sessions at once; print CPU and rate."""
    queue, waits = iter(items), []

    async def session() -> None:
        for item in queue:
            started = time.perf_counter()
            await work(item)
            waits.append(time.perf_counter() - started)

    cpu, clock = time.process_time(), time.perf_counter()
    await asyncio.gather(*(session() for _ in range(sessions)))
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    waits.sort()
    micros = 1e6 * cpu / len(items)
    print(
        f"{what:8} {micros:7.1f} µs CPU  {len(items) / clock:7.0f}/s  "
        f"p50 {1e3 * waits[len(waits) // 2]:6.2f} ms  p99 {1e3 * waits[-len(waits) // 100]:6.2f} ms"
    )


async def measure(store: Store, messages: int, sessions: int) -> None:
    """Run the three phases one after the other, then all together."""
    now = datetime.now(UTC)
    await store.queues.join("bench", now=now)
    await store.messages.accept(letter())
    (queue,) = await store.queues.lease(now=now + timedelta(minutes=1), limit=10)
    letters = [letter() for _ in range(messages)]
    claims = [
        Claim(
            recipient_id=one.recipients[0].recipient_id,
            queue_id=queue.queue_id,
            epoch=queue.epoch,
            attempt=1,
        )
        for one in letters
    ]
    outcomes = [settlement(one, queue) for one in letters]
    await in_sessions(store.messages.accept, letters, sessions, "accept")
    await in_sessions(lambda one: store.queues.claim([one], now=now), claims, sessions, "claim")
    await in_sessions(lambda one: store.queues.settle([one], now=now), outcomes, sessions, "settle")

    async def relay(one: tuple[NewMessage, Claim, Settlement]) -> None:
        await store.messages.accept(one[0])
        await store.queues.claim([one[1]], now=now)
        await store.queues.settle([one[2]], now=now)

    letters = [letter() for _ in range(messages)]
    rounds = [
        (
            one,
            Claim(
                recipient_id=one.recipients[0].recipient_id,
                queue_id=queue.queue_id,
                epoch=queue.epoch,
                attempt=1,
            ),
            settlement(one, queue),
        )
        for one in letters
    ]
    await in_sessions(relay, rounds, sessions, "all")


async def main() -> None:
    """Open a fresh store and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--messages", type=int, default=6000)
    parser.add_argument("--folder", type=Path, default=Path(".run/store"))
    parser.add_argument("--url", default=None, help="a database of its own kind; SQLite without it")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    store = await open_store(options.url, options.folder, free_share=0.0)
    await measure(store, options.messages, options.sessions)
    await store.close()
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"on disk {size / 1e6:.0f} MB, most memory {rss:.0f} MB")
    shutil.rmtree(options.folder)


if __name__ == "__main__":
    uvloop.run(main())
