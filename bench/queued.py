"""A service with a very long queue: how much memory it takes, and how soon it accepts again after a crash.

The queue is written straight into the store, one message a recipient over a thousand domains, as if a large
customer's receivers had all been down. Then the service runs on it, is killed, and starts again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

import pysqlite3

from bench.load import Load, message
from bench.machine import free_port
from bench.measure import send
from bench.sztafeta import LOGIN, Sztafeta

DOMAINS = 1000
CONTENT = message(400)
DIGEST = sha256(CONTENT).digest()
BATCH = 20_000
WATCH_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FullQueue:
    """What was found."""

    peak_bytes: int
    seconds_to_accept: float
    """From starting the process, after `kill -9`, to the 250 for a first message."""
    accept_rate: float


def measure_full_queue(folder: Path, recipients: int) -> FullQueue:
    """Fill a store, run the service on it, kill it, start it again."""
    service = Sztafeta(folder, hop_port=free_port())
    fill(service.data, recipients)
    service.start()
    load = Load(
        port=service.port,
        messages=3000,
        sessions=10,
        size=4096,
        login=LOGIN,
        password=service.password,
    )
    rate = send(load).rate
    sleep(WATCH_SECONDS)
    peak = service.peak_resident_bytes()
    service.kill()
    started = monotonic()
    service.start()
    send(
        Load(
            port=service.port,
            messages=1,
            sessions=1,
            size=4096,
            login=LOGIN,
            password=service.password,
        )
    )
    seconds = monotonic() - started
    peak = max(peak, service.peak_resident_bytes())
    service.stop()
    return FullQueue(peak_bytes=peak, seconds_to_accept=seconds, accept_rate=rate)


def fill(data: Path, recipients: int) -> None:
    """Write messages, one recipient each, as accept would have left them."""
    (file,) = data.glob("*.sqlite")
    database = pysqlite3.connect(file)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = off")
    account, customer = database.execute(
        "select account_id, customer_id from smtp_account limit 1"
    ).fetchone()
    now = int(time() * 1000)
    queues = _queues(database, customer, now)
    for first in range(0, recipients, BATCH):
        numbers = range(first, min(first + BATCH, recipients))
        _insert(database, "message", _messages(numbers, customer, account, now))
        _insert(database, "body", ({"message_id": 1000 + n, "content": CONTENT} for n in numbers))
        _insert(database, "recipient", _recipients(numbers, queues, now))
        _insert(database, "event", _events(numbers, now))
        database.commit()
    database.execute("pragma wal_checkpoint(truncate)")
    database.close()


def _queues(database: Any, customer: int, now: int) -> list[int]:
    """Make the ready queues, all due, held by no node."""
    rows = (
        {
            "customer_id": customer,
            "domain": f"d{number}.example.net",
            "pool": "default",
            "node_id": None,
            "epoch": 0,
            "next_due": now,
        }
        for number in range(DOMAINS)
    )
    _insert(database, "ready_queue", rows)
    found = database.execute("select queue_id from ready_queue order by queue_id")
    return [queue_id for (queue_id,) in found]


def _messages(numbers: range, customer: int, account: int, now: int) -> Iterator[dict[str, Any]]:
    for number in numbers:
        yield {
            "message_id": 1000 + number,
            "customer_id": customer,
            "account_id": account,
            "reverse_local": "shop",
            "reverse_domain": "example.com",
            "smtputf8": 0,
            "eight_bit": 0,
            "returns": "",
            "envelope_id": None,
            "header_message_id": f"<{number}@example.com>",
            "subject": "Your order is on its way",
            "signing_domain": "example.com",
            "failure_notices": 1,
            "size": len(CONTENT),
            "sha256": DIGEST,
            "in_file": 0,
            "accepted_at": now,
            "expires_at": now + 48 * 3600 * 1000,
            "source": "{}",
        }


def _recipients(numbers: range, queues: list[int], now: int) -> Iterator[dict[str, Any]]:
    for number in numbers:
        yield {
            "recipient_id": 1000 + number,
            "message_id": 1000 + number,
            "queue_id": queues[number % DOMAINS],
            "local_part": f"customer{number}",
            "domain": f"d{number % DOMAINS}.example.net",
            "notify": None,
            "original": None,
            "state": 0,
            "due_at": now,
            "attempt": 0,
            "epoch": 0,
            "accepted_at": now,
            "expires_at": now + 48 * 3600 * 1000,
            "final_at": None,
        }


def _events(numbers: range, now: int) -> Iterator[dict[str, Any]]:
    for number in numbers:
        yield {
            "message_id": 1000 + number,
            "event_id": 1000 + number,
            "recipient_id": 1000 + number,
            "kind": "queued",
            "at": now,
            "details": "{}",
        }


def _insert(database: Any, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns."""
    batch = list(rows)
    columns = list(batch[0])
    places = ", ".join("?" * len(columns))
    statement = f"insert into {table} ({', '.join(columns)}) values ({places})"
    database.executemany(statement, [tuple(row.values()) for row in batch])
