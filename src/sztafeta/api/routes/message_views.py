"""How messages and events are shown: ids with prefixes, public words, attempts with their dialogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from sztafeta.api.problem import Problem
from sztafeta.api.routes.shapes import View
from sztafeta.delivery.queue_id import from_text, to_text
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.service.ports import Attempt, FeedEvent, MessageRecord, RecipientHistory

MESSAGE: Final = "msg_"
SUBMISSION: Final = "sub_"
EVENT: Final = "evt_"


class AttemptView(View):
    """One try."""

    recipient: str
    """Whom it was for."""
    number: int
    """Counted from 1 for each recipient."""
    started_at: datetime
    """When it began."""
    ended_at: datetime
    """When it ended."""
    outcome: str
    """What it came to: delivered, deferred, bounced or unknown."""
    stage: str
    """How far it came: route, connect, tls, mail, rcpt, data, dot."""
    hop: str
    """The host that was asked, with its address."""
    tls: str
    """The encryption of the connection; empty: none."""
    reply_code: int | None
    """The reply code that decided; null: there was no reply."""
    reply_status: str
    """The enhanced status code (RFC 3463)."""
    reply_text: str
    """The words of the reply, or of what went wrong."""
    rule: str
    """The rule that judged the reply."""
    transcript: str
    """The SMTP dialogue of a failed attempt."""


class EventView(View):
    """One fact about one recipient."""

    id: str
    """Sorts by time; use it as `after` of the feed."""
    type: str
    """What happened, for example `message.delivered`."""
    at: datetime
    """When it happened."""
    message_id: str
    """The message it happened to."""
    submission_id: str | None
    """The call that the message came with."""
    recipient: str
    """Whom it happened to."""
    mode: str
    """Live or test."""
    smtp_account: str
    """The login that sent."""
    header_message_id: str
    """The Message-ID in the header of the mail."""
    subject: str
    """The subject of the mail."""
    tags: Sequence[str]
    """As the call gave them."""
    metadata: Mapping[str, str]
    """As the call gave it."""
    details: Mapping[str, Any]
    """What belongs to this type: reply, bounce class, reason, and the like."""


class RecipientView(View):
    """Where one recipient stands."""

    address: str
    """The forward-path."""
    status: str
    """Where it stands: queued, sending, held, or one of the final words."""
    attempts: int
    """How often it was tried."""
    next_attempt_at: datetime | None
    """When it is tried next; null: not at all, or just now."""
    final_at: datetime | None
    """Since when nothing changes any more."""


class MessageView(View):
    """A message as it is listed."""

    id: str
    """Names the message."""
    submission_id: str | None
    """Names the call it came with."""
    mode: str
    """Live or test."""
    smtp_account: str
    """The login whose settings it goes by."""
    from_: Annotated[str, Field(serialization_alias="from")]
    """The reverse-path: where bounces go."""
    to: Sequence[RecipientView]
    """Its recipients and where each stands."""
    subject: str
    """The subject of the mail."""
    message_id: str
    """The Message-ID in the mail's header."""
    size: int
    """Octets, as it goes over the wire."""
    tags: Sequence[str]
    """As the call gave them."""
    metadata: Mapping[str, str]
    """As the call gave it."""
    status: str
    """Of the first recipient; a message of a call has one."""
    accepted_at: datetime
    """When it was on disk."""
    expires_at: datetime
    """When it is given up."""


def message_id_of(text: str) -> int:
    """Read a message's id, with or without its prefix.

    Raises:
        Problem: there can be no such message.
    """
    return _id_of(text, MESSAGE)


def submission_id_of(text: str) -> int:
    """Read a submission's id. Raises: Problem."""
    return _id_of(text, SUBMISSION)


def _id_of(text: str, prefix: str) -> int:
    try:
        return from_text(text.removeprefix(prefix))
    except ValueError as fault:
        raise Problem("not_found", f"There is no {text}.") from fault


def message_view(record: MessageRecord) -> dict[str, Any]:
    """Show a message."""
    recipients = [_recipient(one) for one in record.recipients]
    submission_id = record.submission_id
    return {
        "id": MESSAGE + to_text(record.message_id),
        "submission_id": None if submission_id is None else SUBMISSION + to_text(submission_id),
        "mode": record.mode.value,
        "smtp_account": record.account_login,
        "from_": record.author,
        "to": recipients,
        "subject": record.subject,
        "message_id": record.header_message_id.strip("<>"),
        "size": record.size,
        "tags": record.tags,
        "metadata": record.metadata,
        "status": recipients[0]["status"] if recipients else "",
        "accepted_at": record.accepted_at,
        "expires_at": record.expires_at,
    }


def _recipient(one: RecipientHistory) -> dict[str, Any]:
    return {
        "address": str(one.forward_path.mailbox),
        "status": one.state.name.lower(),
        "attempts": one.attempt,
        "next_attempt_at": one.due_at if one.state is State.QUEUED else None,
        "final_at": one.final_at,
    }


def attempt_views(record: MessageRecord) -> list[dict[str, Any]]:
    """Show all attempts at a message, in the order in which they began."""
    tried = [(one, attempt) for one in record.recipients for attempt in one.attempts]
    tried.sort(key=lambda pair: pair[1].started_at)
    return [_attempt(one, attempt) for one, attempt in tried]


def _attempt(recipient: RecipientHistory, one: Attempt) -> dict[str, Any]:
    return {
        "recipient": str(recipient.forward_path.mailbox),
        "number": one.number,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "outcome": one.outcome,
        "stage": one.stage,
        "hop": one.hop,
        "tls": one.tls,
        "reply_code": one.reply_code,
        "reply_status": one.reply_status,
        "reply_text": one.reply_text,
        "rule": one.rule,
        "transcript": one.transcript,
    }


def event_views(record: MessageRecord) -> list[dict[str, Any]]:
    """Show all that happened to a message, in its order."""
    happened = [(one, event) for one in record.recipients for event in one.events]
    happened.sort(key=lambda pair: pair[1].event_id)
    return [_event(event, one.forward_path.mailbox, record) for one, event in happened]


def feed_view(found: FeedEvent) -> dict[str, Any]:
    """Show an event of the feed."""
    return _event(found.event, found.recipient, found)


def _event(event: Event, recipient: Mailbox, message: MessageRecord | FeedEvent) -> dict[str, Any]:
    """Show an event with what its reader wants to know of its message."""
    submission_id = message.submission_id
    return {
        "id": EVENT + to_text(event.event_id),
        "type": f"message.{public_word(event)}",
        "at": event.at,
        "message_id": MESSAGE + to_text(event.message_id),
        "submission_id": None if submission_id is None else SUBMISSION + to_text(submission_id),
        "recipient": str(recipient),
        "mode": message.mode.value,
        "smtp_account": message.account_login,
        "header_message_id": message.header_message_id.strip("<>"),
        "subject": message.subject,
        "tags": message.tags,
        "metadata": message.metadata,
        "details": event.details,
    }


def public_word(event: Event) -> str:
    """Give the word for what happened that the outside knows (ux §3.1)."""
    if event.kind is EventKind.QUEUED:
        return "accepted"
    if event.kind is EventKind.REJECTED:
        return "suppressed"
    if event.kind is EventKind.BOUNCED and event.details.get("reason") == "expired":
        return "expired"
    return str(event.kind.value)
