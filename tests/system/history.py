"""What the service's own books say, read from its database without its code's help.

The crash oracle needs every recipient's state, attempts and final events at one moment, also of a service
that is not running. The columns are those of `store/schema.py`; the states' numbers are those it stores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import pysqlite3
from tests.crash.ledger import Fate

from sztafeta.delivery.state import State

_FATES = """
    select m.header_message_id, r.local_part || '@' || r.domain, r.state, r.attempt,
           (select count(*) from event e
             where e.message_id = r.message_id and e.recipient_id = r.recipient_id
               and e.kind in ('rejected', 'delivered', 'bounced', 'canceled'))
      from recipient r join message m on m.message_id = r.message_id
"""

_EVENTS = """
    select e.kind from event e join message m on m.message_id = e.message_id
     where m.reverse_domain <> ''
"""
_TRIES = """
    select r.local_part || '@' || r.domain, a.number, a.outcome, a.rule
      from attempt a join recipient r on r.message_id = a.message_id and r.recipient_id = a.recipient_id
     order by a.ended_at, r.recipient_id
"""


def database_file(data: Path) -> Path:
    """Find the one database in a data folder."""
    (found,) = data.glob("*.sqlite")
    return found


def fates(data: Path) -> list[Fate]:
    """Give where every recipient stands."""
    return _fates(_ask(data, _FATES))


async def fates_at(url: str) -> list[Fate]:
    """Give where every recipient stands in a PostgreSQL database."""
    database = await asyncpg.connect(url)
    try:
        return _fates(await database.fetch(_FATES))
    finally:
        await database.close()


def _fates(rows: Iterable[Any]) -> list[Fate]:
    return [
        Fate(
            key=key,
            recipient=recipient,
            state=State(state).name.lower(),
            is_final=State(state).is_final,
            final_events=final_events,
            attempts=attempts,
        )
        for key, recipient, state, attempts, final_events in rows
    ]


def events(data: Path) -> Counter[str]:
    """Count what happened, by kind, notices left aside."""
    return Counter(kind for (kind,) in _ask(data, _EVENTS))


def attempts(data: Path) -> list[tuple[str, int, str, str]]:
    """Give every try: recipient, number, outcome and rule, in the order in which they ended."""
    return [
        (address, number, outcome, rule) for address, number, outcome, rule in _ask(data, _TRIES)
    ]


def _ask(data: Path, question: str) -> list[Any]:
    database = pysqlite3.connect(f"file:{database_file(data)}?mode=ro", uri=True)
    try:
        rows: list[Any] = database.execute(question).fetchall()
    finally:
        database.close()
    return rows


def unsettled(data: Path) -> int:
    """Count recipients that are still on their way."""
    return sum(not fate.is_final for fate in fates(data))


def is_sound(data: Path) -> bool:
    """Ask SQLite whether the file is consistent."""
    database = pysqlite3.connect(database_file(data))
    try:
        return bool(database.execute("pragma integrity_check").fetchone()[0] == "ok")
    finally:
        database.close()
