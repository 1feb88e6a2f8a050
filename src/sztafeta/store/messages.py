"""The accept side: messages become rows, and the rows are on disk when the call returns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sztafeta.event import Event
from sztafeta.service.ports import Content, NewMessage, Remembered, TailedContent
from sztafeta.store import answers, rows
from sztafeta.store.answers import Answer
from sztafeta.store.bodies import Bodies, FileContent, octets_of
from sztafeta.store.database import Database
from sztafeta.store.letters import ContentRows, Letter, Parameters, letter
from sztafeta.store.node import Node
from sztafeta.store.queue_ids import QueueIds
from sztafeta.store.units import Arrival


class Arrivals:
    """Spells messages as rows; accepts and notices come in this one way."""

    def __init__(
        self, *, queue_ids: QueueIds, bodies: Bodies, node: Node, files_are_shared: bool
    ) -> None:
        self._queue_ids = queue_ids
        self._bodies = bodies
        self._node = node
        self._files_are_shared = files_are_shared

    async def spell(self, messages: Sequence[NewMessage], answer: Answer | None = None) -> Arrival:
        """Give the rows of one customer's messages, with their ready queues found or made."""
        queue_ids: Mapping[str, int] = {}
        if messages:
            domains = {one.forward_path.mailbox.domain for m in messages for one in m.recipients}
            first = messages[0]
            names = (first.customer_id, domains, first.pool)
            queue_ids = self._queue_ids.known(*names)
            if len(queue_ids) < len(domains):
                queue_ids = await self._queue_ids.of(*names)
        tails: dict[int, Parameters] = {}
        letters = []
        for message in messages:
            content = message.content
            takes_time = isinstance(content, _NOT_AT_HAND)
            kept = await self._content(content, tails) if takes_time else _in_row(content)
            letters.append(
                letter(message, content=kept, queue_ids=queue_ids, node_id=self._node.number)
            )
        return Arrival(letters, queue_ids, answer)

    async def spell_notice(self, notice: NewMessage) -> Letter:
        """Give the rows of a notice of ours."""
        return (await self.spell([notice])).letters[0]

    async def spell_events(self, events: Sequence[Event], queue_id: int) -> list[Parameters]:
        """Give the rows of what happened to a recipient in this queue."""
        customer_id, mode = await self._queue_ids.owner(queue_id)
        return [rows.event_row(event, customer_id, mode) for event in events]

    async def _content(self, content: Content, tails: dict[int, Parameters]) -> ContentRows:
        """Spell content; the tails of one call are spelled once."""
        if isinstance(content, TailedContent):
            tail = tails.get(content.tail_id)
            if tail is None:
                tail = tails[content.tail_id] = await self._tail(content)
            return ContentRows(content.head, sha256(content.head).digest(), tail)
        return ContentRows(*await self._kept(content))

    async def _tail(self, content: TailedContent) -> Parameters:
        octets, digest = await self._kept(content.tail)
        in_file = octets is None
        return (content.tail_id, content.tail.size, digest, int(in_file), octets or b"")

    async def _kept(self, content: Content) -> tuple[bytes | None, bytes]:
        """Give what goes into the row: the octets, or nothing when the file is where all nodes see it."""
        if not isinstance(content, FileContent):
            octets = octets_of(content)
            return octets, sha256(octets).digest()
        if self._files_are_shared:
            return None, content.sha256
        return await asyncio.to_thread(octets_of, content), content.sha256

    def committed(self, messages: Sequence[NewMessage]) -> None:
        """Delete files whose content is in its row."""
        if self._files_are_shared:
            return
        for message in messages:
            content = message.content
            if isinstance(content, FileContent):
                self._bodies.remove(message.message_id)
            elif isinstance(content, TailedContent) and isinstance(content.tail, FileContent):
                self._bodies.remove(content.tail_id)


class Messages:
    """Implements `MessageStore`."""

    def __init__(
        self, database: Database, arrivals: Arrivals, *, has_room: Callable[[int], bool]
    ) -> None:
        self._database = database
        self._arrivals = arrivals
        self.has_room = has_room

    def accept(self, message: NewMessage) -> Coroutine[Any, Any, Mapping[str, int]]:
        """Commit the message, its recipients and events; durable on return."""
        return self.accept_all([message])

    async def accept_all(
        self, messages: Sequence[NewMessage], *, remembered: Remembered | None = None
    ) -> Mapping[str, int]:
        """Commit the messages of one call of one customer together, all or none.

        Raises:
            AlreadyRemembered: the idempotency key was used before; nothing was kept.
        """
        answer = None
        if remembered is not None:
            times = [rows.to_millis(message.accepted_at) for message in messages]
            answer = Answer(remembered, max(times, default=0))
        arrival = await self._arrivals.spell(messages, answer)
        queue_ids: Mapping[str, int] = await self._database.write(arrival)
        self._arrivals.committed(messages)
        return queue_ids

    async def remembered(self, customer_id: int, endpoint: str, key: str) -> Remembered | None:
        """Find a kept answer; the caller looks whether its time is over."""
        dialect = self._database.dialect
        return await self._database.read(lambda: answers.find(customer_id, endpoint, key, dialect))


_NOT_AT_HAND = (FileContent, TailedContent)
"""Content that has to be read, or is spelled once for many messages."""


def _in_row(content: Content) -> ContentRows:
    """Spell content that is in memory."""
    octets = octets_of(content)
    return ContentRows(octets, sha256(octets).digest())
