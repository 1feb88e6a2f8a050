"""ACCEPT: how mail becomes ours. Check, compose, one durable commit; only then `250 queued as …`.

The body of `Accept.accept` is the list of its steps. A message whose commit has not begun after 25 s is taken
back and answered 451, so that the client's second try does not become a copy; one whose commit has begun is
waited for, because what is on disk must not be called refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from sztafeta.delivery.queue_id import IdSource, to_text
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import ForwardPath
from sztafeta.service.composing import Composed, Composer, Submission
from sztafeta.service.incoming import NO_ROOM, Incoming
from sztafeta.service.patience import Patience
from sztafeta.service.ports import (
    AlreadyRemembered,
    Bodies,
    Clock,
    Content,
    MessageStore,
    NewMessage,
    NewRecipient,
    Remembered,
    StorageFull,
    StoreBusy,
    Suppression,
)
from sztafeta.service.rejection import Rejection
from sztafeta.service.suppressed import Suppressed
from sztafeta.smtp.reply import EnhancedStatus, Reply
from sztafeta.value import value

PATIENCE = timedelta(seconds=25)
"""How long a commit may take before the client is told to try again (acceptance §1.5)."""
_TAKEN = EnhancedStatus(2, 0, 0)  # RFC 3463 §3.1


class Ready(Protocol):
    """Who is told that a message is on disk: the schedule."""

    def accepted(self, message: NewMessage, queue_ids: Mapping[str, int]) -> None:
        """Take over a message that was just committed; never fails, never waits."""


class Arriving(Protocol):
    """Content on its way in, which may have to be forgotten."""

    def discard(self) -> None:
        """Forget all octets that were not kept; harmless when called twice."""

    def take_back(self) -> None:
        """Forget all octets, kept or not: the commit surely did not happen."""


Prepare = Callable[[], Awaitable[Sequence[NewMessage]]]
"""Keeps content on disk where it is big, and gives all that the commit writes."""


@value(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that is ours now."""

    message_id: int
    recipients: int
    octets: int
    """Of the message as it will be sent, before it is signed; of all of them where they differ."""
    took: timedelta
    """From its end to its being on disk."""
    queue_id: str
    """The message's id as people see it."""
    reply: Reply


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
        suppressed: Suppressed,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._store = store
        self._bodies = bodies
        self._schedule = schedule
        self._ids = ids
        self._clock = clock
        self._composer = composer
        self._suppressed = suppressed
        self._patience = Patience(patience.total_seconds())

    def has_room(self, size: int) -> bool:
        """Say whether a message of this size in octets would find room on the disk (R-20)."""
        return self._store.has_room(size)

    def begin(self, submission: Submission) -> Incoming:
        """Begin a message; give the result its octets, then hand it to `accept`."""
        now = self._clock.now()
        message_id = self._ids.next(now)
        compose = partial(self._composer.compose, submission, message_id, now)
        return Incoming(submission, message_id, compose, self._bodies)

    async def accept(
        self, incoming: Incoming, *, remembered: Remembered | None = None
    ) -> Accepted | Rejection:
        """Take a whole message over, or say why not.

        Raises:
            AlreadyRemembered: the idempotency key was used before; nothing was kept.
            TimeoutError: the store took too long; say 451 4.3.0.
            Exception: ours (a broken store, a bug); say 451 4.3.0. Nothing is promised.
        """
        composed = incoming.composed()
        if isinstance(composed, Rejection):
            incoming.discard()
            return composed
        prepare = partial(self._prepare, incoming, composed)
        taken = await self.take_over(incoming, prepare, remembered=remembered)
        if isinstance(taken, Rejection):
            return taken
        (message,) = taken
        return acknowledged(
            message.message_id,
            recipients=len(message.recipients),
            octets=message.content.size,
            took=self._clock.now() - message.accepted_at,
        )

    async def take_over(
        self, arriving: Arriving, prepare: Prepare, *, remembered: Remembered | None = None
    ) -> Sequence[NewMessage] | Rejection:
        """Commit what `prepare` gives, together and with patience, and tell the schedule; see `accept`."""
        try:
            with self._patience.begin():
                messages = await prepare()
                queue_ids = await self._commit(messages, remembered)
        except StorageFull:
            arriving.take_back()
            return NO_ROOM
        except (StoreBusy, AlreadyRemembered):
            arriving.take_back()
            raise
        except (
            BaseException
        ):  # whether it was committed is unknown: a kept body stays for the sweep
            arriving.discard()
            raise
        for message in messages:
            self._schedule.accepted(message, queue_ids)
        return messages

    def _commit(
        self, messages: Sequence[NewMessage], remembered: Remembered | None
    ) -> Coroutine[Any, Any, Mapping[str, int]]:
        if len(messages) == 1 and remembered is None:
            return self._store.accept(messages[0])
        return self._store.accept_all(messages, remembered=remembered)

    async def _prepare(self, incoming: Incoming, composed: Composed) -> Sequence[NewMessage]:
        """Keep the content and put together all that the commit writes."""
        now = self._clock.now()
        submission = incoming.submission
        suppressed: Mapping[Mailbox, Suppression] = {}
        if not self._suppressed.has_surely_none(submission.account.customer_id, now):
            mailboxes = [forward_path.mailbox for forward_path in submission.forward_paths]
            suppressed = await self._suppressed.among(submission.account.customer_id, mailboxes)
        content = (
            incoming.in_memory(composed) if incoming.is_in_memory else await incoming.keep(composed)
        )
        return (self._describe(incoming, composed, content, suppressed, now),)

    def _describe(
        self,
        incoming: Incoming,
        composed: Composed,
        content: Content,
        suppressed: Mapping[Mailbox, Suppression],
        now: datetime,
    ) -> NewMessage:
        submission, message_id = incoming.submission, incoming.message_id
        account, wishes, timing = submission.account, composed.wishes, composed.timing
        recipients, events = [], []
        for forward_path in submission.forward_paths:
            reason = suppressed.get(forward_path.mailbox)
            recipient = new_recipient(self._ids.next(now), forward_path, timing.due_at, reason)
            recipients.append(recipient)
            events.append(first_event(self._ids.next(now), message_id, recipient, now, reason))
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
            expires_at=timing.expires_at,
            source=submission.source.as_history(submission.envelope),
            failure_notices=account.failure_notices,
            events=tuple(events),
            mode=submission.mode,
            submission_id=submission.submission_id,
            tags=wishes.tags,
            metadata=wishes.metadata,
            dedicated_pool=account.dedicated_pool,
        )


def acknowledged(message_id: int, *, recipients: int, octets: int, took: timedelta) -> Accepted:
    """Say that a message is ours now."""
    queue_id = to_text(message_id)
    return Accepted(
        message_id=message_id,
        recipients=recipients,
        octets=octets,
        took=took,
        queue_id=queue_id,
        reply=Reply(250, _TAKEN, (f"Ok: queued as {queue_id}",)),
    )


def new_recipient(
    recipient_id: int,
    forward_path: ForwardPath,
    due_at: datetime | None,
    suppression: Suppression | None,
) -> NewRecipient:
    """Give a recipient as accepted: QUEUED, or SUPPRESSED for good."""
    return NewRecipient(
        recipient_id=recipient_id,
        forward_path=forward_path,
        state=State.QUEUED if suppression is None else State.SUPPRESSED,
        due_at=due_at,
    )


def first_event(
    event_id: int,
    message_id: int,
    recipient: NewRecipient,
    now: datetime,
    suppression: Suppression | None,
) -> Event:
    """Give a recipient's first event: queued, or rejected because its address is suppressed."""
    details = {} if suppression is None else {"reason": f"suppressed: {suppression.reason.value}"}
    if recipient.due_at is not None and suppression is None:
        details = {"next_due": recipient.due_at.isoformat(timespec="seconds")}
    return Event(
        event_id=event_id,
        recipient_id=recipient.recipient_id,
        message_id=message_id,
        kind=EventKind.QUEUED if suppression is None else EventKind.REJECTED,
        at=now,
        details=details,
    )
