"""EmailLabs' rows: our messages, suppressions and counts as its clients read them (emaillabs.md §1.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import md5
from typing import Any, Final

from sztafeta.api.compat.emaillabs_words import (
    REASONS,
    describe,
    last_event,
    local_text,
    word_of,
)
from sztafeta.delivery.queue_id import to_text
from sztafeta.event import EventKind
from sztafeta.service.ports import MessageRecord, RecipientHistory, Suppression

_KIND_OF: Final = {
    "ok": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "softbounce": EventKind.BOUNCED,
    "hardbounce": EventKind.BOUNCED,
    "spambounce": EventKind.BOUNCED,
    "dropped": EventKind.REJECTED,
}


def log_rows(records: Sequence[MessageRecord]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the status word and the row of each recipient."""
    for record in records:
        for recipient in record.recipients:
            yield word_of(recipient), _log_row(record, recipient)


def _log_row(record: MessageRecord, recipient: RecipientHistory) -> dict[str, Any]:
    accepted = local_text(record.accepted_at)
    row: dict[str, Any] = {
        "id": f"{recipient.recipient_id:024x}",
        "uid": md5(str(recipient.recipient_id).encode(), usedforsecurity=False).hexdigest(),
        "account": record.account_login,
        "vps": "sztafeta",
        "from": record.author,
        "to": str(recipient.forward_path.mailbox),
        "subject": record.subject,
        "message_id": record.header_message_id or "0",
        "postfix_id": [to_text(record.message_id)],
        "injected_time": accepted,
        "open_time": None,
        "open_desc": None,
        "tags": list(record.tags),
        "tracking": [],
        "created_at": accepted,
        "updated_at": local_text(recipient.final_at),
    }
    word = word_of(recipient)
    event = last_event(recipient, _KIND_OF[word]) if word in _KIND_OF else None
    if word != "injected":
        at = event.at if event is not None else recipient.final_at
        row |= {f"{word}_time": local_text(at), f"{word}_desc": describe(event)}
    return row


def blacklist_row(row: Suppression, account: str) -> dict[str, Any]:
    """Give an entry of the blacklist."""
    at = local_text(row.created_at)
    return {
        "id": md5(row.address.encode(), usedforsecurity=False).hexdigest()[:24],
        "account": account,
        "email": row.address,
        "source": row.source,
        "reason": REASONS[row.reason],
        "comment": row.comment,
        "created_at": at,
        "updated_at": at,
    }


def counted(words: Iterator[str]) -> Mapping[str, int]:
    """Count status words, with a zero for those that did not occur."""
    counts = dict.fromkeys(("injected", *_KIND_OF, "feedback", "open", "click"), 0)
    for word in words:
        counts["injected"] += 1
        if word != "injected":
            counts[word] += 1
    return counts


def sort_rows(rows: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    """Sort by one field, descending with a minus before it; unknown fields change nothing."""
    name, is_descending = field.removeprefix("-"), field.startswith("-")
    if not rows or name not in rows[0]:
        return rows
    return sorted(rows, key=lambda row: str(row.get(name) or ""), reverse=is_descending)


def within(at: datetime, first: datetime | None, last: datetime | None) -> bool:
    """Say whether an instant lies in a span that may be open."""
    return (first is None or at >= first) and (last is None or at <= last)
