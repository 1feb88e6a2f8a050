"""The test inbox: what test keys sent is kept until somebody throws it away."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import sqlalchemy as sa

from sztafeta.account.api_key import Mode
from sztafeta.store.bodies import Bodies
from sztafeta.store.database import Database
from sztafeta.store.removal import remove_messages
from sztafeta.store.schema import IS_LIVE, message, recipient
from sztafeta.store.statements import Steps
from sztafeta.store.units import Other


class Sandbox:
    """Implements `SandboxStore`."""

    def __init__(self, database: Database, bodies: Bodies) -> None:
        self._database = database
        self._bodies = bodies

    async def throw_away(self, customer_id: int, message_ids: Collection[int]) -> int:
        """Delete a customer's test messages with all that happened to them; give how many.

        One that somebody still tries to deliver stays.
        """
        count, files = await self._database.write(
            Other(lambda: self._throw_away(customer_id, sorted(message_ids)))
        )
        for identity in files:
            await asyncio.to_thread(self._bodies.remove, identity)
        thrown: int = count
        return thrown

    def _throw_away(self, customer_id: int, ids: list[int]) -> Steps[tuple[int, list[int]]]:
        is_tried = sa.exists().where(recipient.c.message_id == message.c.message_id, IS_LIVE)
        wanted = sa.select(message.c.message_id, message.c.in_file, message.c.tail_id).where(
            message.c.customer_id == customer_id,
            message.c.mode == Mode.TEST.value,
            message.c.message_id.in_(ids),
            ~is_tried,
        )
        found = yield self._database.dialect.once(wanted)
        if not found:
            return 0, []
        files = yield from remove_messages(found, self._database.dialect)
        return len(found), files
