"""SUBMIT: a message that came over SMTP, with what its control fields ask for.

Most messages have none and go straight on to ACCEPT. An idempotency key has the same message taken over once;
a template takes the place of the content, and each recipient gets a message of his own.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from sztafeta.delivery.queue_id import from_text, to_text
from sztafeta.service.accept import Accept, Accepted, acknowledged
from sztafeta.service.composing import Composed
from sztafeta.service.fault import Refusal
from sztafeta.service.incoming import Incoming
from sztafeta.service.ports import Clock, Remembered
from sztafeta.service.rejection import Rejection
from sztafeta.service.remembering import KeyTrouble, KeyUse, Remembering, within
from sztafeta.service.sending.send import Sending
from sztafeta.service.sending.templated import call_of, caller_of
from sztafeta.smtp.reply import reply

ENDPOINT = "smtp"
"""Where the idempotency keys of this door are kept."""

KEY_IN_PROGRESS = Rejection(
    reply=reply(451, "4.3.0", "A message with this Idempotency-Key is being taken over; try again"),
    http_status=409,
    code="idempotency_in_progress",
    fix="Send the same message again in a moment.",
)
KEY_MISMATCH = Rejection(
    reply=reply(550, "5.6.0", "This Idempotency-Key was used for another message within 24 hours"),
    http_status=422,
    code="idempotency_mismatch",
    fix="Use a new key for a new message.",
)
_TROUBLE = {KeyTrouble.IN_PROGRESS: KEY_IN_PROGRESS, KeyTrouble.MISMATCH: KEY_MISMATCH}


class Submit:
    """Takes messages from the submission face; stands before `Accept`."""

    def __init__(
        self, *, accept: Accept, sending: Sending, remembering: Remembering, clock: Clock
    ) -> None:
        self._accept = accept
        self._sending = sending
        self._remembering = remembering
        self._clock = clock
        self.has_room = accept.has_room
        self.begin = accept.begin

    def accept(self, incoming: Incoming) -> Coroutine[Any, Any, Accepted | Rejection]:
        """Take a whole message over, or say why not; see `Accept.accept`."""
        composed = incoming.composed()
        if isinstance(composed, Rejection) or not composed.wishes.idempotency_key:
            return self._take(incoming, composed, None)
        return self._take_once(incoming, composed)

    async def _take_once(self, incoming: Incoming, composed: Composed) -> Accepted | Rejection:
        """Take over the first message of an idempotency key."""
        use = _use(incoming, composed)
        remembered = use.remember(self._clock.now(), 250, to_text(incoming.message_id).encode())
        take = partial(self._take, incoming, composed, remembered)
        outcome = await self._remembering.once(use, take)
        if isinstance(outcome, Accepted | Rejection):
            return outcome
        incoming.discard()
        if isinstance(outcome, KeyTrouble):
            return _TROUBLE[outcome]
        return _replayed(outcome)

    def _take(
        self, incoming: Incoming, composed: Composed | Rejection, remembered: Remembered | None
    ) -> Coroutine[Any, Any, Accepted | Rejection]:
        if isinstance(composed, Rejection) or composed.original is None:
            return self._accept.accept(incoming, remembered=remembered)
        incoming.discard()
        return self._render(incoming, composed, remembered)

    async def _render(
        self, incoming: Incoming, composed: Composed, remembered: Remembered | None
    ) -> Accepted | Rejection:
        """Send the template to each recipient; the first message carries the id that is answered."""
        began = self._clock.now()
        caller = caller_of(incoming.submission)
        call = call_of(incoming.submission, composed)
        sent = await self._sending.send_as(
            caller, call, first_id=incoming.message_id, remembered=remembered
        )
        if isinstance(sent, Refusal):
            return _rejection(sent)
        return acknowledged(
            incoming.message_id,
            recipients=len(sent.messages),
            octets=sent.octets,
            took=self._clock.now() - began,
        )


def _use(incoming: Incoming, composed: Composed) -> KeyUse:
    """Name the message by its envelope and octets: the same to somebody else is another."""
    submission = incoming.submission
    envelope = [submission.envelope.reverse_path, *(p.mailbox for p in submission.forward_paths)]
    named = "\n".join(map(str, envelope)).encode("utf-8", "surrogateescape")
    return KeyUse(
        customer_id=submission.account.customer_id,
        endpoint=within(ENDPOINT, submission.account, submission.mode),
        key=composed.wishes.idempotency_key,
        request_sha256=sha256(incoming.digest() + named).digest(),
    )


def _replayed(earlier: Remembered) -> Accepted:
    """Answer as the first time; nothing is sent twice."""
    message_id = from_text(earlier.answer.decode("ascii"))
    return acknowledged(message_id, recipients=0, octets=0, took=timedelta(0))


def _rejection(refusal: Refusal) -> Rejection:
    """Say a refusal of the template or of its variables over SMTP."""
    is_temporary = refusal.retry_after is not None
    code, status = (451, "4.3.0") if is_temporary else (550, "5.6.0")
    text = refusal.text.encode("ascii", "replace").decode("ascii")
    return Rejection(
        reply=reply(code, status, text),
        http_status=refusal.http_status,
        code=refusal.code,
        fix=refusal.fix,
    )
