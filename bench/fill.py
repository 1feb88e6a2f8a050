"""A store with a long history: messages of two weeks, settled, with their attempts and events.

    .venv/bin/python -m bench.fill <data folder> [--messages 1000000] [--days 14] [--login 1.shop.smtp]

The folder is one that `sztafeta` has opened before; the messages are those of the SMTP account. Nothing is
random, so that two fillings are alike. The service must not run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pysqlite3

CONTENT = (
    b"From: Shop <orders@example.com>\r\nTo: customer\r\nSubject: Your order is on its way\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThank you.\r\n"
)
DIGEST = sha256(CONTENT).digest()
BATCH = 10_000
DAY = 24 * 3600 * 1000
EPOCH = 1_577_836_800_000  # delivery/queue_id.py
DOMAINS = (
    ("gmail.com", "gmail-smtp-in.l.google.com[142.250.1.27]:25"),
    ("wp.pl", "mx.wp.pl[212.77.101.4]:25"),
    ("onet.pl", "mx.poczta.onet.pl[213.180.147.146]:25"),
    ("outlook.com", "outlook-com.olc.protection.outlook.com[52.101.1.1]:25"),
    ("o2.pl", "mx.tlen.pl[193.17.41.99]:25"),
    ("interia.pl", "mx.interia.pl[217.74.64.236]:25"),
    ("yahoo.com", "mta5.am0.yahoodns.net[67.195.204.77]:25"),
    ("firm.example", "mx.home.pl[79.96.1.1]:25"),
    ("school.example", "mx.school.example[192.0.2.7]:25"),
    ("gmail.com", "alt1.gmail-smtp-in.l.google.com[142.250.2.27]:25"),
)
REFUSALS = (
    ("bad-mailbox", 550, "5.1.1", "The email account that you tried to reach does not exist"),
    ("mailbox-full", 552, "5.2.2", "The recipient's mailbox is full"),
    ("policy", 550, "5.7.1", "Message rejected due to local policy"),
    ("reputation", 550, "5.7.1", "Our system has detected a poor reputation of your IP"),
    ("content", 554, "5.6.0", "Message looks like spam"),
)
DELIVERED, BOUNCED = 10, 11


def fill(data: Path, messages: int, days: int, login: str | None = None) -> None:
    """Write the history."""
    (file,) = data.glob("*.sqlite")
    database = pysqlite3.connect(file)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = off")
    account, customer = database.execute(
        "select account_id, customer_id from smtp_account where login = coalesce(?, login)"
        " order by account_id limit 1",
        (login,),
    ).fetchone()
    queues = _queues(database, customer)
    last = int(time.time() * 1000) - 3 * 60_000
    for first in range(0, messages, BATCH):
        mail = [
            Mail(number, messages, last, days)
            for number in range(first, min(first + BATCH, messages))
        ]
        _insert(database, "message", (one.message(customer, account) for one in mail))
        bodies = ({"message_id": one.message_id, "content": CONTENT} for one in mail)
        _insert(database, "body", bodies)
        _insert(database, "recipient", (one.recipient(queues) for one in mail))
        _insert(database, "attempt", (row for one in mail for row in one.attempts()))
        _insert(database, "event", (row for one in mail for row in one.events(customer)))
        database.commit()
    charge(database, customer, account)
    database.execute("pragma wal_checkpoint(truncate)")
    database.execute("analyze")
    database.close()


def _queues(database: Any, customer: int) -> dict[str, int]:
    """Make the ready queues; addresses are found by them."""
    domains = {domain for domain, _ in DOMAINS}
    database.executemany(
        "insert into ready_queue (customer_id, domain, pool, epoch) values (?, ?, 'default', 0)"
        " on conflict do nothing",
        [(customer, domain) for domain in sorted(domains)],
    )
    found = database.execute(
        "select domain, queue_id from ready_queue where customer_id = ? and pool = 'default'",
        (customer,),
    )
    return dict(found.fetchall())


class Mail:
    """One message to one recipient, and what became of it."""

    def __init__(self, number: int, of: int, last: int, days: int) -> None:
        self.number = number
        self.accepted_at = last - days * DAY + days * DAY * number // of
        self.message_id = (self.accepted_at - EPOCH) << 21 | 1 << 13 | (number % 1000) * 8
        self.domain, self.hop = DOMAINS[number * 7 % len(DOMAINS)]
        self.is_deferred = number % 13 == 0
        self.refusal = REFUSALS[number // 40 % len(REFUSALS)] if number % 40 == 3 else None
        waited = 400 + number * 37 % 5000 + (120_000 if self.is_deferred else 0)
        self.final_at = self.accepted_at + waited

    def message(self, customer: int, account: int) -> dict[str, Any]:
        """Give its row."""
        return {
            "message_id": self.message_id,
            "customer_id": customer,
            "account_id": account,
            "reverse_local": "orders",
            "reverse_domain": "example.com",
            "smtputf8": 0,
            "eight_bit": 0,
            "returns": "",
            "header_message_id": f"<{self.number}@example.com>",
            "subject": f"Your order {self.number} is on its way",
            "signing_domain": "example.com",
            "failure_notices": 1,
            "size": len(CONTENT),
            "sha256": DIGEST,
            "in_file": 0,
            "accepted_at": self.accepted_at,
            "expires_at": self.accepted_at + 2 * DAY,
            "source": '{"protocol":"ESMTPSA"}',
            "tags": '["order"]' if self.number % 3 else "[]",
        }

    def recipient(self, queues: dict[str, int]) -> dict[str, Any]:
        """Give its recipient's row."""
        return {
            "recipient_id": self.message_id + 1,
            "message_id": self.message_id,
            "queue_id": queues[self.domain],
            "local_part": f"customer{self.number % 300_000}",
            "domain": self.domain,
            "state": BOUNCED if self.refusal else DELIVERED,
            "due_at": self.accepted_at,
            "attempt": 2 if self.is_deferred else 1,
            "epoch": 1,
            "accepted_at": self.accepted_at,
            "expires_at": self.accepted_at + 2 * DAY,
            "final_at": self.final_at,
        }

    def attempts(self) -> Iterator[dict[str, Any]]:
        """Give the rows of its attempts."""
        if self.is_deferred:
            yield self._attempt(1, self.accepted_at + 300, "deferred", 451, "4.7.1", "Greylisted")
        number = 2 if self.is_deferred else 1
        if self.refusal:
            _, code, status, text = self.refusal
            yield self._attempt(number, self.final_at, "bounced", code, status, text)
        else:
            yield self._attempt(number, self.final_at, "delivered", 250, "2.0.0", "OK")

    def _attempt(
        self, number: int, at: int, outcome: str, code: int, status: str, text: str
    ) -> dict[str, Any]:
        return {
            "message_id": self.message_id,
            "recipient_id": self.message_id + 1,
            "number": number,
            "started_at": at - 250,
            "ended_at": at,
            "outcome": outcome,
            "stage": "dot" if code == 250 else "rcpt",
            "hop": self.hop,
            "reply_code": code,
            "reply_status": status,
            "reply_text": text,
            "tls": "TLSv1.3",
            "transcript": "",
            "rule": "",
        }

    def events(self, customer: int) -> Iterator[dict[str, Any]]:
        """Give the rows of its events."""
        yield self._event(customer, 2, "queued", self.accepted_at, {})
        for place, one in enumerate(self.attempts(), 3):
            reply = f"{one['reply_code']} {one['reply_status']} {one['reply_text']}"
            details = {"attempt": one["number"], "hop": self.hop, "reply": reply}
            if one["outcome"] == "deferred":
                details |= {"stage": "rcpt", "rule": "4xx", "class": "greylisted"}
            elif self.refusal:
                details |= {"stage": "rcpt", "rule": "5xx", "class": self.refusal[0]}
            yield self._event(customer, place, one["outcome"], one["ended_at"], details)

    def _event(
        self, customer: int, place: int, kind: str, at: int, details: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "message_id": self.message_id,
            "event_id": (at - EPOCH) << 21 | 1 << 13 | (self.number % 1000) * 8 + place,
            "recipient_id": self.message_id + 1,
            "kind": kind,
            "at": at,
            "details": json.dumps(details, separators=(",", ":")),
            "customer_id": customer,
        }


def charge(database: Any, customer: int, account: int) -> None:
    """Note the use by day, as accepts would have."""
    database.execute(
        "insert or ignore into usage select ?, accepted_at / ?, ?, 'live', count(*), sum(size)"
        " from message where customer_id = ? group by 2",
        (customer, DAY, account, customer),
    )
    database.commit()


def _insert(database: Any, table: str, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns; the others get their defaults."""
    batch = list(rows)
    columns = list(batch[0])
    places = ", ".join("?" * len(columns))
    statement = f"insert into {table} ({', '.join(columns)}) values ({places})"
    database.executemany(statement, [tuple(row.values()) for row in batch])


def main() -> None:
    """Fill a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--login")
    chosen = parser.parse_args()
    started = time.monotonic()
    fill(chosen.data, chosen.messages, chosen.days, chosen.login)
    print(f"{chosen.messages} messages in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
