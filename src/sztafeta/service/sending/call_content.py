"""The content of a call's messages on its way to the store: a head each, one tail that is encoded once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sztafeta.mail.mime import PartTree
from sztafeta.service.incoming import InlineContent, keep_spooled
from sztafeta.service.ports import Bodies, Content, Spool, TailedContent


class CallContent:
    """What is few octets stays in memory; what is many is on disk before the commit begins."""

    def __init__(self, tree: PartTree, tail_size: int, bodies: Bodies) -> None:
        """`tail_size` is about how many octets the tail will have."""
        self._tree, self._tail_size, self._bodies = tree, tail_size, bodies
        self._spool: Spool | None = None
        self._body_id: int | None = None

    async def of_many(self, tail_id: int, heads: Sequence[bytes]) -> list[Content]:
        """Give the contents of messages that share their tail."""
        tail = await self.of_one(tail_id, b"")
        if not tail.size:
            return [InlineContent(head) for head in heads]
        return [TailedContent(head, tail_id, tail) for head in heads]

    async def of_one(self, body_id: int, head: bytes) -> Content:
        """Give the content of a message that shares nothing."""
        if len(head) + self._tail_size <= self._bodies.inline_limit:
            return InlineContent(b"".join((head, *self._tree.tail())))
        self._body_id = body_id
        self._spool = spool = self._bodies.open_spool(body_id)
        spool.write(head)
        for block in self._tree.tail():
            spool.write(block)
            await asyncio.sleep(0)  # encoding 10 MB takes a while; others want a turn
        self._spool = None
        return await keep_spooled(self._bodies, spool)

    def discard(self) -> None:
        """Forget all octets that were not kept; harmless when called twice."""
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.discard()

    def take_back(self) -> None:
        """Forget all octets, kept or not: the commit surely did not happen."""
        self.discard()
        if self._body_id is not None:
            self._bodies.remove(self._body_id)
