"""A message on its way in: judged and edited once its header is complete, spooled once it is big.

What fits into `inline_limit` stays in memory until its end. More than that goes to the spool as it comes:
our edits touch the header alone, so they are made first and every octet is written once. A message that is
refused by its header is read to its end and kept nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from sztafeta.mail.message import MAX_HEADER
from sztafeta.service.composing import Composed, Submission
from sztafeta.service.ports import Bodies, Content, Spool, StorageFull
from sztafeta.service.rejection import Rejection
from sztafeta.smtp.reply import reply
from sztafeta.value import value

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

LOOK_AGAIN_AFTER = 4096
"""Octets after which a header that was not complete is looked at again."""

NO_ROOM = Rejection(
    reply=reply(452, "4.3.1", "No room for this message at the moment; try again soon"),
    http_status=507,
    code="no-room",
    fix="Try again soon; the operator has been told.",
)


@value(frozen=True, slots=True)
class InlineContent:
    """Content in memory."""

    data: bytes

    @property
    def size(self) -> int:
        """Octets."""
        return len(self.data)

    def blocks(self) -> Iterator[bytes]:
        """Give the octets."""
        yield self.data


Compose = Callable[[bytes], Composed | Rejection]
"""Judges and edits what begins with a complete header."""


class Incoming:
    """One message as it comes in. Give it octets, then hand it to `Accept.accept`."""

    def __init__(
        self,
        submission: Submission,
        message_id: int,
        compose: Compose,
        bodies: Bodies,
    ) -> None:
        self.submission = submission
        self.message_id = message_id
        self._compose = compose
        self._bodies = bodies
        self._parts: list[bytes] = []
        self._held = 0
        self._limit = bodies.inline_limit
        self._spool: Spool | None = None
        self._is_big = False
        self._composed: Composed | Rejection | None = None
        self._trouble: Exception | None = None
        self._digest: HASH | None = None
        """Of what came, where an idempotency key wants to know."""

    def add(self, data: bytes) -> None:
        """Take octets; whatever goes wrong is told at the end."""
        if self._spool is not None:
            if self._digest is not None:
                self._digest.update(data)
            self._write(data)
        elif self._composed is None and self._trouble is None:
            self._parts.append(data)
            self._held += len(data)
            if self._held > self._limit:
                self._spill()

    def composed(self) -> Composed | Rejection:
        """Say what became of the header, now that all octets are here.

        Raises:
            Exception: the spool failed; nothing is kept.
        """
        if self._trouble is not None:
            raise self._trouble
        if self._composed is None:
            self._parts = [b"".join(self._parts)]
            self._composed = self._compose(self._parts[0])
        return self._composed

    def digest(self) -> bytes:
        """Give the SHA-256 of what came, once composed with an idempotency key."""
        if self._digest is None:
            self._digest = sha256(self._parts[0])
        return self._digest.digest()

    @property
    def is_in_memory(self) -> bool:
        """Say whether all octets are here: `in_memory` gives them, and nothing has to be kept."""
        return self._spool is None

    def in_memory(self, composed: Composed) -> Content:
        """Give the content as it will be sent."""
        return InlineContent(composed.header + self._parts[0][composed.body_at :])

    async def keep(self, composed: Composed) -> Content:
        """Give the content as it will be sent; on disk already if it is big."""
        spool, self._spool = self._spool, None
        return (
            self.in_memory(composed) if spool is None else await keep_spooled(self._bodies, spool)
        )

    def discard(self) -> None:
        """Forget all octets; harmless when called twice or after `keep`."""
        self._parts.clear()
        if self._spool is not None:
            self._spool.discard()

    def take_back(self) -> None:
        """Forget all octets, kept or not: the commit surely did not happen."""
        self.discard()
        if self._is_big:
            self._bodies.remove(self.message_id)

    # -- big messages ----------------------------------------------------------------------------

    def _spill(self) -> None:
        """Go over to the spool, if the header is complete."""
        received = b"".join(self._parts)
        if not _has_whole_header(received) and self._held <= MAX_HEADER:
            self._parts = [received]
            self._limit = self._held + LOOK_AGAIN_AFTER
            return
        self._parts.clear()
        self._composed = composed = self._compose(received)
        if isinstance(composed, Composed):
            try:
                self._spool = self._bodies.open_spool(self.message_id)
                self._is_big = True
            except Exception as trouble:  # told at the end of the message, when it can be answered
                self._fail(trouble)
                return
            if composed.wishes.idempotency_key:
                self._digest = sha256(received)
            self._write(composed.header)
            self._write(received[composed.body_at :])

    def _write(self, data: bytes) -> None:
        if self._spool is None:
            return
        try:
            self._spool.write(data)
        except Exception as trouble:  # told at the end of the message, when it can be answered
            self._fail(trouble)

    def _fail(self, trouble: Exception) -> None:
        self.discard()
        self._spool = None
        if isinstance(trouble, StorageFull):
            self._composed = NO_ROOM
        else:
            self._trouble = trouble


async def keep_spooled(bodies: Bodies, spool: Spool) -> Content:
    """Make a spooled body durable, and forget it if nobody waits for it any more."""
    keeping = asyncio.ensure_future(bodies.keep(spool))
    try:
        return await asyncio.shield(keeping)
    except BaseException:  # a file that is being synced must not be pulled from under its feet
        keeping.add_done_callback(partial(_forget, spool))
        raise


def _forget(spool: Spool, keeping: asyncio.Future[Content]) -> None:
    """Forget octets that nobody waits for any more; what went wrong was told already."""
    if not keeping.cancelled():
        keeping.exception()
    spool.discard()


def _has_whole_header(received: bytes) -> bool:
    return received.startswith(b"\r\n") or b"\r\n\r\n" in received
