"""EmailLabs v2.1, what became of messages: `GET email`, opens, clicks, accounts (emaillabs.md §2.2)."""

from __future__ import annotations

from typing import Any

from sztafeta.api.compat.emaillabs_accounts import all_accounts
from sztafeta.api.compat.emaillabs_v21.envelope import Outcome, listed, nothing_matches
from sztafeta.api.compat.emaillabs_v21.visit import Visit
from sztafeta.api.compat.emaillabs_words import INJECTED, describe, passed
from sztafeta.service.ports import MessageQuery, MessageRecord


async def statuses(visit: Visit) -> Outcome:
    """`GET email`: one row a recipient, the newest first."""
    account = await visit.narrowed_account()
    query = MessageQuery(
        customer_id=visit.key.customer_id,
        mode=visit.key.mode,
        account_id=None if account is None else account.account_id,
        recipient=visit.mailbox("to"),
        header_message_id=visit.parameter("messageId").strip("<>"),
    )
    records = await visit.desk.feed.find_recipients(query, limit=visit.limit, offset=visit.offset)
    return listed([_row(one) for one in records])


def _row(record: MessageRecord) -> dict[str, Any]:
    (recipient,) = record.recipients
    all_statuses = [_status(INJECTED, record.accepted_at.timestamp(), "")]
    for word, event in passed(recipient).items():
        all_statuses.append(_status(word, event.at.timestamp(), describe(event)))
    return {
        "subject": record.subject,
        "smtpAccount": record.account_login,
        "to": {
            "email": str(recipient.forward_path.mailbox),
            "name": "",
            "messageId": record.header_message_id.strip("<>"),
        },
        "from": {"email": record.author, "name": ""},
        "tags": list(record.tags) or None,
        **all_statuses[-1],
        "allStatuses": all_statuses,
    }


def _status(word: str, at: float, description: str) -> dict[str, Any]:
    return {"status": word, "statusTime": int(at), "statusDesc": description}


async def opens_and_clicks(visit: Visit) -> Outcome:
    """`GET email/open`, `email/click`: nothing is tracked, so nothing matches."""
    await visit.narrowed_account()
    for edge in ("dateFrom", "dateTo"):
        visit.time(edge)
    nothing_matches()


async def accounts(visit: Visit) -> Outcome:
    """`email/smtpAccount`: the customer's SMTP accounts."""
    found = await all_accounts(visit.desk, visit.key)
    return listed([{"smtpAccount": one.login, "active": one.enabled} for one in found])
