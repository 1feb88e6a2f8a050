"""Values to rows and back: the only place that knows how a message is spelled in columns.

Rows are tuples in the order of the table's columns (`schema`). Texts that came from outside are cleaned
for the database: no NUL and no lone surrogate, which one of the two would refuse. An enum's `_value_` is what
its `value` gives, without the function that looks it up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec

from sztafeta.account.api_key import Mode
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath, Notify, Return
from sztafeta.service.ports import TEST_POOL, Attempt, DueRecipient, NewMessage, NewRecipient

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
DAY: Final = timedelta(days=1) // _MILLISECOND
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_encode_quickly: Final = msgspec.json.Encoder().encode


@lru_cache(maxsize=1024)  # the rows of one accept or one attempt name the same instants
def to_millis(at: datetime) -> int:
    """Write an instant; the rest of a millisecond is dropped."""
    return (at - _EPOCH) // _MILLISECOND


def to_datetime(millis: int) -> datetime:
    """Read an instant."""
    return _EPOCH + timedelta(milliseconds=millis)


def clean(text: str) -> str:
    """Make a text from outside storable in both databases."""
    if text.isascii() and "\0" not in text:
        return text
    octets = text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "replace")
    return octets.decode("utf-8", "replace").replace("\0", "\ufffd")


def _is_escaped(text: str) -> bool:
    """Say whether every lone surrogate stands for an octet (PEP 383)."""
    return all("\udc80" <= char <= "\udcff" for char in text if "\ud800" <= char <= "\udfff")


def to_json(details: Mapping[str, Any]) -> str:
    """Write details compactly, in ASCII."""
    if not details:
        return "{}"
    octets = _encode_quickly(details)
    return octets.decode("ascii") if octets.isascii() else _encode(details)


def to_text(word: str) -> str:
    """Write a text as it stands in a JSON array, for example of tags."""
    return _encode(word)


def words(text: str) -> tuple[str, ...]:
    """Read a JSON array of texts."""
    return () if text == "[]" else tuple(json.loads(text))


def from_json(text: str) -> dict[str, Any]:
    """Read details."""
    details: dict[str, Any] = json.loads(text)
    return details


# -- accept ---------------------------------------------------------------------------------------


def message_row(
    message: NewMessage, *, sha256: bytes, in_file: bool, tail_id: object
) -> tuple[object, ...]:
    """Give the row of `message`."""
    envelope = message.envelope
    reverse_path = envelope.reverse_path
    return (
        message.message_id,
        message.customer_id,
        message.account_id,
        "" if reverse_path is None else reverse_path.local_part,
        "" if reverse_path is None else reverse_path.domain,
        1 if envelope.smtputf8 else 0,
        1 if envelope.eight_bit else 0,
        "" if envelope.returns is None else envelope.returns.value,
        envelope.envelope_id,
        clean(message.header_message_id),
        clean(message.subject),
        message.signing_domain,
        1 if message.failure_notices else 0,
        message.content.size,
        sha256,
        1 if in_file else 0,
        to_millis(message.accepted_at),
        to_millis(message.expires_at),
        to_json(message.source),
        message.submission_id,
        message.mode._value_,
        _encode(message.tags) if message.tags else "[]",
        to_json(message.metadata),
        tail_id,
    )


def recipient_rows(message: NewMessage, queue_ids: Mapping[str, int]) -> list[tuple[object, ...]]:
    """Give the rows of `recipient`: due at once or when they say, never claimed."""
    accepted_at, expires_at = to_millis(message.accepted_at), to_millis(message.expires_at)
    return [
        _recipient_row(one, message.message_id, queue_ids, accepted_at, expires_at)
        for one in message.recipients
    ]


def _recipient_row(
    recipient: NewRecipient,
    message_id: int,
    queue_ids: Mapping[str, int],
    accepted_at: int,
    expires_at: int,
) -> tuple[object, ...]:
    path, state = recipient.forward_path, recipient.state
    mailbox = path.mailbox
    return (
        recipient.recipient_id,
        message_id,
        queue_ids[mailbox.domain],
        mailbox.local_part,
        mailbox.domain,
        None if path.notify is None else path.notify.value,
        path.original,
        state._value_,
        accepted_at if recipient.due_at is None else to_millis(recipient.due_at),
        0,
        0,
        accepted_at,
        expires_at,
        accepted_at if state.is_final else None,
    )


def event_row(event: Event, customer_id: int, mode: Mode) -> tuple[object, ...]:
    """Give the row of `event`."""
    return (
        event.message_id,
        event.event_id,
        event.recipient_id,
        event.kind._value_,
        to_millis(event.at),
        to_json(event.details),
        customer_id,
        mode._value_,
    )


def mode_of(pool: str) -> Mode:
    """Say which mail a ready queue holds."""
    return Mode.TEST if pool == TEST_POOL else Mode.LIVE


def attempt_row(attempt: Attempt, message_id: int, recipient_id: int) -> tuple[object, ...]:
    """Give the row of `attempt`."""
    return (
        message_id,
        recipient_id,
        attempt.number,
        to_millis(attempt.started_at),
        to_millis(attempt.ended_at),
        attempt.outcome,
        attempt.stage,
        attempt.hop,
        attempt.reply_code or 0,
        attempt.reply_status,
        clean(attempt.reply_text),
        attempt.tls,
        clean(attempt.transcript),
        attempt.rule,
        attempt.steps,
    )


# -- and back -------------------------------------------------------------------------------------


def forward_path(
    local_part: str, domain: str, notify: int | None, original: str | None
) -> ForwardPath:
    """Read one RCPT."""
    return ForwardPath(
        mailbox=Mailbox(local_part, domain),
        notify=None if notify is None else Notify(notify),
        original=original,
    )


def reverse_path(local_part: str, domain: str) -> Mailbox | None:
    """Read MAIL's argument; an empty domain is the null sender."""
    return Mailbox(local_part, domain) if domain else None


def envelope(row: Sequence[Any]) -> Envelope:
    """Read an envelope from (reverse_local, reverse_domain, smtputf8, eight_bit, returns, envelope_id)."""
    local_part, domain, smtputf8, eight_bit, returns, envelope_id = row
    return Envelope(
        reverse_path=reverse_path(local_part, domain),
        smtputf8=bool(smtputf8),
        eight_bit=bool(eight_bit),
        returns=Return(returns) if returns else None,
        envelope_id=envelope_id,
    )


def due_recipient(row: Sequence[Any]) -> DueRecipient:
    """Read a recipient as `leases.DUE_COLUMNS` gives it."""
    (
        recipient_id,
        message_id,
        queue_id,
        local_part,
        domain,
        notify,
        original,
        attempt,
        due_at,
        accepted_at,
        expires_at,
    ) = row
    return DueRecipient(
        recipient_id=recipient_id,
        message_id=message_id,
        queue_id=queue_id,
        forward_path=forward_path(local_part, domain, notify, original),
        attempt=attempt,
        due_at=to_datetime(due_at),
        accepted_at=to_datetime(accepted_at),
        expires_at=to_datetime(expires_at),
    )


def attempt_from(row: Sequence[Any]) -> Attempt:
    """Read an attempt from its columns after the recipient's id."""
    number, started_at, ended_at, outcome, stage, hop, *said = row
    code, status, text, tls, script, rule, steps = said
    return Attempt(
        number=number,
        started_at=to_datetime(started_at),
        ended_at=to_datetime(ended_at),
        outcome=outcome,
        stage=stage,
        hop=hop,
        reply_code=code or None,
        reply_status=status,
        reply_text=text,
        tls=tls,
        transcript=script,
        rule=rule,
        steps=steps,
    )


def event_from(row: Sequence[Any]) -> Event:
    """Read an event from its columns in the table's order, without whose it is."""
    message_id, event_id, recipient_id, kind, at, details, *_ = row
    return Event(
        event_id=event_id,
        recipient_id=recipient_id,
        message_id=message_id,
        kind=EventKind(kind),
        at=to_datetime(at),
        details=from_json(details),
    )


def states(rows: Sequence[Sequence[Any]]) -> dict[State, int]:
    """Read counts from (state, count) rows."""
    return {State(state): count for state, count in rows}
