"""The accept side: a message becomes rows, and the rows are on disk when the call returns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from hashlib import sha256

from sztafeta.service.ports import NewMessage
from sztafeta.store.bodies import Bodies, FileContent, octets_of
from sztafeta.store.database import Database
from sztafeta.store.node import Node
from sztafeta.store.queue_ids import QueueIds
from sztafeta.store.units import Arrival, arrival


class Arrivals:
    """Spells messages as rows; accepts and notices come in this one way."""

    def __init__(
        self, *, queue_ids: QueueIds, bodies: Bodies, node: Node, files_are_shared: bool
    ) -> None:
        self._queue_ids = queue_ids
        self._bodies = bodies
        self._node = node
        self._files_are_shared = files_are_shared

    async def spell(self, message: NewMessage) -> Arrival:
        """Give the rows of a message, with its ready queues found or made."""
        domains = {one.forward_path.mailbox.domain for one in message.recipients}
        queue_ids = await self._queue_ids.of(message.customer_id, domains)
        octets, digest = await self._content(message)
        return arrival(
            message,
            octets=octets,
            digest=digest,
            queue_ids=queue_ids,
            node_id=self._node.number,
        )

    async def _content(self, message: NewMessage) -> tuple[bytes | None, bytes]:
        """Give what goes into the row: the octets, or nothing when the file is where all nodes see it."""
        content = message.content
        if not isinstance(content, FileContent):
            octets = octets_of(content)
            return octets, sha256(octets).digest()
        if self._files_are_shared:
            return None, content.sha256
        return await asyncio.to_thread(octets_of, content), content.sha256

    def committed(self, message: NewMessage) -> None:
        """Delete a file whose content is in its row."""
        if isinstance(message.content, FileContent) and not self._files_are_shared:
            self._bodies.remove(message.message_id)


class Messages:
    """Implements `MessageStore`."""

    def __init__(
        self, database: Database, arrivals: Arrivals, *, has_room: Callable[[int], bool]
    ) -> None:
        self._database = database
        self._arrivals = arrivals
        self._has_room = has_room

    async def accept(self, message: NewMessage) -> Mapping[str, int]:
        """Commit the message, its recipients and events; durable on return."""
        row = await self._arrivals.spell(message)
        queue_ids: Mapping[str, int] = await self._database.write(row)
        self._arrivals.committed(message)
        return queue_ids

    def has_room(self, size: int) -> bool:
        """Say whether the disk has room for a message of this size and the reserve (R-20)."""
        return self._has_room(size)
