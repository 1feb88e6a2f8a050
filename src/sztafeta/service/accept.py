"""ACCEPT: how mail becomes ours. Check, compose, one durable commit; only then `250 queued as …`.

The body of `Accept.accept` is the list of its steps. A message whose commit has not begun after 25 s is taken
back and answered 451, so that the client's second try does not become a copy; one whose commit has begun is
waited for, because what is on disk must not be called refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from sztafeta.delivery.queue_id import IdSource, to_text
from sztafeta.event import Event, EventKind
from sztafeta.service.composing import Composed, Composer, Submission
from sztafeta.service.incoming import NO_ROOM, Incoming
from sztafeta.service.ports import (
    Bodies,
    Clock,
    Content,
    MessageStore,
    NewMessage,
    NewRecipient,
    StorageFull,
    StoreBusy,
)
from sztafeta.service.rejection import Rejection
from sztafeta.smtp.reply import EnhancedStatus, Reply

PATIENCE = timedelta(seconds=25)
"""How long a commit may take before the client is told to try again (acceptance §1.5)."""
_TAKEN = EnhancedStatus(2, 0, 0)  # RFC 3463 §3.1


class Ready(Protocol):
    """Who is told that a message is on disk: the schedule."""

    def accepted(self, message: NewMessage, queue_ids: Mapping[str, int]) -> None:
        """Take over a message that was just committed; never fails, never waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that is ours now."""

    message_id: int
    recipients: int
    octets: int
    """Of the message as it will be sent, before it is signed."""
    took: timedelta
    """From its end to its being on disk."""
    reply: Reply

    @property
    def queue_id(self) -> str:
        """The message's id as people see it."""
        return to_text(self.message_id)


class Accept:
    """Takes messages over; one instance serves all faces."""

    def __init__(
        self,
        *,
        store: MessageStore,
        bodies: Bodies,
        schedule: Ready,
        ids: IdSource,
        clock: Clock,
        composer: Composer,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._store = store
        self._bodies = bodies
        self._schedule = schedule
        self._ids = ids
        self._clock = clock
        self._composer = composer
        self._patience = patience.total_seconds()

    def has_room(self, size: int) -> bool:
        """Say whether a message of this size in octets would find room on the disk (R-20)."""
        return self._store.has_room(size)

    def begin(self, submission: Submission) -> Incoming:
        """Begin a message; give the result its octets, then hand it to `accept`."""
        now = self._clock.now()
        message_id = self._ids.next(now)
        compose = partial(self._composer.compose, submission, message_id, now)
        return Incoming(submission, message_id, compose, self._bodies)

    async def accept(self, incoming: Incoming) -> Accepted | Rejection:
        """Take a whole message over, or say why not.

        Raises:
            TimeoutError: the store took too long; say 451 4.3.0.
            Exception: ours (a broken store, a bug); say 451 4.3.0. Nothing is promised.
        """
        composed = incoming.composed()
        if isinstance(composed, Rejection):
            incoming.discard()
            return composed
        now = self._clock.now()
        try:
            async with asyncio.timeout(self._patience):
                content = await incoming.keep(composed)
                message = self._describe(incoming, composed, content, now)
                queue_ids = await self._store.accept(message)
        except StorageFull:
            incoming.take_back()
            return NO_ROOM
        except StoreBusy:
            incoming.take_back()
            raise
        except (
            BaseException
        ):  # whether it was committed is unknown: a kept body stays for the sweep
            incoming.discard()
            raise
        self._schedule.accepted(message, queue_ids)
        return self._acknowledge(message)

    def _describe(
        self, incoming: Incoming, composed: Composed, content: Content, now: datetime
    ) -> NewMessage:
        """Put together all that the commit writes."""
        submission, message_id = incoming.submission, incoming.message_id
        account, source = submission.account, submission.source
        recipients = [
            NewRecipient(recipient_id=self._ids.next(now), forward_path=forward_path)
            for forward_path in submission.forward_paths
        ]
        return NewMessage(
            message_id=message_id,
            customer_id=account.customer_id,
            account_id=account.account_id,
            envelope=submission.envelope,
            recipients=tuple(recipients),
            content=content,
            header_message_id=composed.header_message_id,
            subject=composed.subject,
            signing_domain=composed.signing_domain,
            accepted_at=now,
            expires_at=now + account.ttl,
            source=source.as_history(submission.envelope),
            failure_notices=account.failure_notices,
            events=tuple([self._queued(message_id, one, now) for one in recipients]),
        )

    def _queued(self, message_id: int, recipient: NewRecipient, now: datetime) -> Event:
        return Event(
            event_id=self._ids.next(now),
            recipient_id=recipient.recipient_id,
            message_id=message_id,
            kind=EventKind.QUEUED,
            at=now,
        )

    def _acknowledge(self, message: NewMessage) -> Accepted:
        queue_id = to_text(message.message_id)
        return Accepted(
            message_id=message.message_id,
            recipients=len(message.recipients),
            octets=message.content.size,
            took=self._clock.now() - message.accepted_at,
            reply=Reply(250, _TAKEN, (f"Ok: queued as {queue_id}",)),
        )
