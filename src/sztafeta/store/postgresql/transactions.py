"""Transactions on PostgreSQL: each is led to an end that is known before anybody is told (R-31).

A connection that dies under way takes its transaction with it, which is then run again. But when it dies
after COMMIT was sent, nobody knows. So the transaction's id is asked before; with it the server says, on
another connection, what became of the transaction. Until the server can be reached we wait: "committed"
would be a guess, and so would "not".
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg

from sztafeta.service.ports import StoreBusy
from sztafeta.store.latch import Latch
from sztafeta.store.postgresql.connections import (
    Connection,
    Pool,
    break_off,
    drive,
    is_lost,
    is_worth_repeating,
    translate,
)
from sztafeta.store.statements import Dialect
from sztafeta.store.units import Care, Work, together

TRIES: Final = 4
ASK_AGAIN_SECONDS: Final = 0.1
_ID: Final = "SELECT pg_current_xact_id_if_assigned()::text"
"""NULL when nothing was written."""
_UNDER_WAY: Final = "in progress"
_COMMITTED: Final = "committed"
_UNHEARD_OF: Final = "aborted"
"""The server never gave that id: it was restored to an earlier time, and the transaction is not in it."""
_FATE: Final = f"""
    SELECT CASE WHEN pg_is_in_recovery() THEN '{_UNDER_WAY}'
                ELSE pg_xact_status($1::text::xid8) END
"""
"""A server in recovery may not know yet."""


class Transactions:
    """Runs units of work together, each time in a transaction of their own."""

    def __init__(self, pool: Pool, *, dialect: Dialect, latch: Latch) -> None:
        self._pool = pool
        self._dialect = dialect
        self._latch = latch
        self._giving_up = asyncio.Event()

    async def run(self, works: Sequence[Work], care: Care) -> list[Any]:
        """Commit units together and give their results; durable on return.

        Raises:
            Fenced: see `together`.
            StorageFull, StoreBusy, StoreBroken: see `Database.write`.
        """
        self._latch.refuse_if_broken()
        tries = TRIES
        while True:
            tries -= 1
            try:
                return await self._try(works, care)
            except Exception as error:
                if tries and is_worth_repeating(error):
                    continue
                meaning = translate(error, self._latch)
                if meaning is error:
                    raise
                raise meaning from error

    def give_up(self) -> None:
        """Wait no longer for a server that does not come back: the process ends."""
        self._giving_up.set()

    async def _try(self, works: Sequence[Work], care: Care) -> list[Any]:
        async with self._pool.lent() as connection:
            await connection.execute("BEGIN")
            results = await drive(connection, together(works, self._dialect, care))
            transaction_id = await connection.fetchval(_ID)
            try:
                await self.commit(connection)
                return results
            except Exception as error:
                if transaction_id is None or not is_lost(error):
                    raise
                break_off(connection)
                lost = error
        if await self._fate(transaction_id) == _COMMITTED:
            return results
        raise lost

    async def commit(self, connection: Connection) -> None:
        """Make the open transaction durable."""
        await connection.execute("COMMIT")

    async def _fate(self, transaction_id: str) -> str:
        """Ask what became of a transaction until there is an answer.

        Raises:
            StoreBusy: nobody will wait any longer.
        """
        while (fate := await self._ask_fate(transaction_id)) == _UNDER_WAY:
            if self._giving_up.is_set():
                raise StoreBusy("PostgreSQL went away while it committed, and has not come back")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._giving_up.wait(), ASK_AGAIN_SECONDS)
        return fate

    async def _ask_fate(self, transaction_id: str) -> str:
        try:
            async with self._pool.lent() as connection:
                return str(await connection.fetchval(_FATE, transaction_id))
        except asyncpg.InvalidParameterValueError:
            return _UNHEARD_OF
        except Exception:  # whatever it is: as long as there is no answer, we do not know
            return _UNDER_WAY
