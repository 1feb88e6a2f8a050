"""EmailLabs v1's rows: our messages and suppressions as its clients read them (emaillabs.md §1.6, §1.7)."""

from __future__ import annotations

from hashlib import md5
from typing import Any, Final

from sztafeta.api.compat.emaillabs_words import REASONS, describe, local_text, passed
from sztafeta.delivery.queue_id import to_text
from sztafeta.service.ports import MessageRecord, Suppression

NODE: Final = "sztafeta"
"""Which node sends is none of a client's business."""
NO_MESSAGE_ID: Final = "0"


def log_row(record: MessageRecord) -> dict[str, Any]:
    """Give the row of a message's only recipient: 18 keys, and two more for each status passed."""
    (recipient,) = record.recipients
    accepted = local_text(record.accepted_at)
    row: dict[str, Any] = {
        "id": f"{recipient.recipient_id:024x}",
        "uid": _hash(str(recipient.recipient_id)),
        "account": record.account_login,
        "vps": NODE,
        "from": record.author,
        "to": str(recipient.forward_path.mailbox),
        "subject": record.subject,
        "message_id": record.header_message_id.strip("<>") or NO_MESSAGE_ID,
        "postfix_id": [to_text(record.message_id)],
        "injected_time": accepted,
    }
    for word, event in passed(recipient).items():
        row |= {f"{word}_time": local_text(event.at), f"{word}_desc": describe(event)}
    return row | {
        "open_time": None,
        "open_desc": None,
        "tags": list(record.tags),
        "tracking": [],
        "created_at": accepted,
        "updated_at": local_text(recipient.final_at),
    }


def blacklist_row(row: Suppression, account: str) -> dict[str, Any]:
    """Give an entry of the blacklist."""
    at = local_text(row.created_at)
    return {
        "id": _hash(row.address)[:24],
        "account": account,
        "email": row.address,
        "source": row.source,
        "reason": REASONS[row.reason],
        "comment": row.comment,
        "created_at": at,
        "updated_at": at,
    }


def _hash(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
