"""What the service's own books say, read from its database without its code's help.

The crash oracle needs every recipient's state, attempts and final events at one moment, also of a service
that is not running. The columns are those of `store/schema.py`; the states' numbers are those it stores.
"""

from __future__ import annotations

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


def database_file(data: Path) -> Path:
    """Find the one database in a data folder."""
    (found,) = data.glob("*.sqlite")
    return found


def fates(data: Path) -> list[Fate]:
    """Give where every recipient stands."""
    database = pysqlite3.connect(f"file:{database_file(data)}?mode=ro", uri=True)
    try:
        return _fates(database.execute(_FATES).fetchall())
    finally:
        database.close()


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
