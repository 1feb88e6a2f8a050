"""MESSAGES: looked up, canceled, sent again, given another time, by whoever sent them.

A caller sees the messages of his own customer and mode; anything else is not there. What changes a message is
the operator's own hand in the queue, so a sender at work and a cancel never both win.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Final

from sztafeta.delivery.queue_id import IdSource, to_text
from sztafeta.delivery.state import State
from sztafeta.delivery.timing import LONGEST_DELAY
from sztafeta.mail.control_fields import Wishes
from sztafeta.mail.envelope import ForwardPath
from sztafeta.mail.message import MAX_HEADER, scan
from sztafeta.service.accept import Accept, Accepted
from sztafeta.service.composing import Submission
from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.ports import (
    Clock,
    Content,
    FeedStore,
    MessageQuery,
    MessageRecord,
    QueueAdministration,
    QueuedMessage,
    QueueStore,
    Remembered,
    Selection,
)
from sztafeta.service.refusals import KEY_TROUBLE, invalid, refused
from sztafeta.service.remembering import KeyTrouble, KeyUse, Remembering, within
from sztafeta.service.sending.call import Caller
from sztafeta.service.sending.sent import Replayed

WRITTEN_ANEW: Final = frozenset({b"message-id", b"received"})
"""Fields of a message that its second sending does not take over."""

NOT_FOUND: Final = Refusal(
    code="not_found",
    http_status=404,
    text="There is no such message",
    fix="Look whether the id is right and the key is of the mode (live or test) that sent it.",
)


class Messages:
    """What a caller may do with messages; one instance serves all faces."""

    def __init__(
        self,
        *,
        feed: FeedStore,
        queues: QueueStore,
        administration: QueueAdministration,
        accept: Accept,
        remembering: Remembering,
        ids: IdSource,
        clock: Clock,
    ) -> None:
        self._feed = feed
        self._queues = queues
        self._administration = administration
        self._accept = accept
        self._remembering = remembering
        self._ids = ids
        self._clock = clock

    # -- looked up -------------------------------------------------------------------------------

    async def find(self, caller: Caller, message_id: int) -> MessageRecord | Refusal:
        """Find one, with its recipients' attempts and events."""
        record = await self._feed.find_message(caller.account.customer_id, message_id)
        return NOT_FOUND if record is None or record.mode is not caller.mode else record

    async def list(
        self,
        caller: Caller,
        query: MessageQuery,
        *,
        limit: int,
        before: int | None = None,
        offset: int = 0,
    ) -> Sequence[MessageRecord]:
        """List messages, the newest first; whose they are the caller decides, not the query."""
        own = replace(query, customer_id=caller.account.customer_id, mode=caller.mode)
        return await self._feed.find_messages(own, limit=limit, before=before, offset=offset)

    async def source(self, caller: Caller, message_id: int) -> Content | Refusal:
        """Give a message as it was accepted; it is signed only when it is sent."""
        found = await self.find(caller, message_id)
        if isinstance(found, Refusal):
            return found
        stored = await self._queues.message(message_id)
        return NOT_FOUND if stored is None else stored.content

    # -- changed ---------------------------------------------------------------------------------

    async def cancel(self, caller: Caller, message_id: int) -> MessageRecord | Refusal:
        """Take back what waits; a recipient that is being tried is not stopped."""
        found = await self.find(caller, message_id)
        if isinstance(found, Refusal):
            return found
        selection = Selection(message_id=message_id, customer_id=caller.account.customer_id)
        now = self._clock.now()
        canceled = await self._administration.cancel(selection, now=now, reason="canceled by key")
        return await self.find(caller, message_id) if canceled else _too_late(found)

    async def reschedule(
        self, caller: Caller, message_id: int, send_at: datetime
    ) -> MessageRecord | Refusal:
        """Give another time to a message that nobody tried yet."""
        found = await self.find(caller, message_id)
        if isinstance(found, Refusal):
            return found
        fault = _wrong_time(found, send_at, self._clock.now())
        if fault is not None:
            return invalid(fault)
        due_at = max(send_at, self._clock.now())
        customer_id = caller.account.customer_id
        changed = await self._administration.reschedule(customer_id, message_id, due_at)
        return await self.find(caller, message_id) if changed else _too_late(found)

    async def resend_once(
        self, caller: Caller, message_id: int, idempotency_key: str
    ) -> Accepted | Refusal | Replayed:
        """Send a message again, or give the queue-id of what an earlier call with this key made (P5)."""
        use = KeyUse(
            customer_id=caller.account.customer_id,
            endpoint=within("resend", caller.account, caller.mode),
            key=idempotency_key,
            request_sha256=sha256(to_text(message_id).encode()).digest(),
        )
        outcome = await self._remembering.once(
            use, partial(self.resend, caller, message_id, use=use)
        )
        if isinstance(outcome, Remembered):
            return Replayed(http_status=outcome.http_status, answer=outcome.answer)
        return KEY_TROUBLE[outcome] if isinstance(outcome, KeyTrouble) else outcome

    async def resend(
        self,
        caller: Caller,
        message_id: int,
        *,
        only: frozenset[int] | None = None,
        use: KeyUse | None = None,
    ) -> Accepted | Refusal:
        """Send the same content to the same recipients, or to those named, as a new message.

        `use` is committed with it; the answer that it keeps is the new queue-id.
        """
        found = await self.find(caller, message_id)
        if isinstance(found, Refusal):
            return found
        stored = await self._queues.message(message_id)
        if stored is None:
            return NOT_FOUND
        if only is not None:
            named = tuple(one for one in found.recipients if one.recipient_id in only)
            found = replace(found, recipients=named)
        incoming = self._accept.begin(self._again(caller, found, stored))
        for block in without_names(stored.content):
            incoming.add(block)
        queue_id = to_text(incoming.message_id).encode()
        remembered = None if use is None else use.remember(self._clock.now(), 202, queue_id)
        taken = await self._accept.accept(incoming, remembered=remembered)
        return taken if isinstance(taken, Accepted) else refused(taken)

    def _again(self, caller: Caller, found: MessageRecord, stored: QueuedMessage) -> Submission:
        """Give the envelope of the second sending; the rules of today judge it."""
        paths = tuple(
            ForwardPath(mailbox=one.forward_path.mailbox, notify=one.forward_path.notify)
            for one in found.recipients
        )
        return Submission(
            account=replace(caller.account, failure_notices=stored.failure_notices),
            envelope=replace(stored.envelope, forward_paths=()),
            forward_paths=paths,
            source=caller,
            mode=caller.mode,
            submission_id=self._ids.next(self._clock.now()),
            wishes=Wishes(tags=found.tags, metadata=found.metadata),
        )


def without_names(content: Content) -> Iterator[bytes]:
    """Give a message without the fields that its second sending writes anew."""
    blocks = iter(content.blocks())
    begun = b""
    for block in blocks:
        begun += block
        if b"\r\n\r\n" in begun or len(begun) > MAX_HEADER:
            break
    header = scan(begun)
    kept = zip(header.names, header.slices, strict=True)
    yield b"".join(octets for name, octets in kept if name not in WRITTEN_ANEW)
    yield b"\r\n" + begun[header.body_at :]
    yield from blocks


def _wrong_time(found: MessageRecord, send_at: datetime, now: datetime) -> Fault | None:
    if send_at > now + LONGEST_DELAY:
        text = f"mail may be scheduled at most {LONGEST_DELAY.days} days ahead"
    elif send_at >= found.expires_at:
        text = (
            f"the message expires at {found.expires_at.isoformat(timespec='seconds')}, before that"
        )
    else:
        return None
    return Fault(pointer="/send_at", code="invalid_send_at", text=text)


def _too_late(found: MessageRecord) -> Refusal:
    states = sorted({one.state for one in found.recipients})
    shown = ", ".join(State(state).name.lower() for state in states)
    return Refusal(
        code="wrong_state",
        http_status=409,
        text=f"It is too late for {to_text(found.message_id)}: {shown}",
        fix="Only what still waits can be changed; send a new message instead.",
    )
