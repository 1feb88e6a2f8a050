"""Where is the mail? One box, an answer in words, the last ten, two buttons; for a support desk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from sztafeta.account.activity import ActivityQuery, Status
from sztafeta.account.member import Area, Right
from sztafeta.delivery.queue_id import to_text
from sztafeta.delivery.suppression import suppressed_form
from sztafeta.mail.address import Mailbox
from sztafeta.panel.messages.shared import READ, message_path, pages, path_of, shown_id
from sztafeta.panel.messages.words import STATUS
from sztafeta.panel.needs import Needs
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.activity.searching import read_address, read_identity
from sztafeta.service.ports import ActivityRow, Suppression, SuppressionReason

SHOWN: Final = 10
LONGEST: Final = 320
WORDS: Final = {
    Status.QUEUED: N_(
        "The last message to %(address)s was accepted at %(time)s and waits to be sent."
    ),
    Status.DEFERRED: N_(
        "The last message to %(address)s is not delivered yet: the receiver asked for a later attempt."
    ),
    Status.SENDING: N_("The last message to %(address)s is being handed over right now."),
    Status.HELD: N_("The last message to %(address)s is on hold and is not being sent."),
    Status.DELIVERED: N_(
        "The server of %(domain)s accepted the last message to %(address)s at %(time)s. If it is not in the"
        " inbox, look into the spam folder."
    ),
    Status.BOUNCED: N_(
        "The server of %(domain)s refused the last message to %(address)s at %(time)s."
    ),
    Status.EXPIRED: N_(
        "The server of %(domain)s did not take the last message to %(address)s; it was given up at %(time)s."
    ),
    Status.SUPPRESSED: N_(
        "The last message to %(address)s was not sent: the address is suppressed."
    ),
    Status.CANCELED: N_("The last message to %(address)s was canceled at %(time)s."),
}
REASONS: Final = {
    SuppressionReason.BOUNCE: N_("mail to it was refused for good"),
    SuppressionReason.COMPLAINT: N_("its owner reported spam"),
    SuppressionReason.UNSUBSCRIBE: N_("its owner unsubscribed"),
    SuppressionReason.MANUAL: N_("it was added by hand"),
}


@pages.get("/where", needs=READ)
async def where_is_mail(visit: Visit) -> Response:
    """Answer for an address, or lead to a message."""
    asked = visit.request.query_params.get("q", "").strip()[:LONGEST]
    mailbox = read_address(asked) if asked else None
    message_id = read_identity(asked)
    if mailbox is None and message_id is not None:
        rows = await _rows(visit, ActivityQuery(identity=asked))
        if rows:
            return visit.go(message_path(rows[0].message_id, rows[-1].recipient_id))
    if mailbox is None:
        query = ActivityQuery(identity=asked) if "@" in asked and "<" in asked else None
        rows = await _rows(visit, query) if query else []
        return _page(visit, asked, rows=rows, is_unknown=bool(asked) and not rows)
    rows = await _rows(visit, ActivityQuery(to=str(mailbox)))
    suppression = await _suppression(visit, mailbox)
    return _page(
        visit,
        asked,
        rows=rows,
        mailbox=mailbox,
        sentence=_sentence(visit, mailbox, rows[0]) if rows else "",
        suppression=suppression,
    )


def _page(visit: Visit, asked: str, **found: Any) -> Response:
    may_write = visit.member.may(Area.MESSAGES, Right.WRITE)
    blank: dict[str, Any] = {
        "mailbox": None,
        "sentence": "",
        "suppression": None,
        "is_unknown": False,
    }
    return visit.page(
        "messages/where.html",
        asked=asked,
        status_words=STATUS,
        reasons=REASONS,
        path_of=path_of,
        may_resend=may_write,
        may_unblock=visit.member.may(Area.SUPPRESSIONS, Right.WRITE),
        shown_id=shown_id,
        to_text=to_text,
        kept_days=visit.desk.mail.kept.days,
        **(blank | found),
    )


@pages.post("/where/unblock", needs=Needs(Area.SUPPRESSIONS, Right.WRITE))
async def unblock_address(visit: Visit) -> Response:
    """Take an address off the list of suppressed ones."""
    form = await visit.form()
    mailbox = read_address(str(form.get("address", ""))[:LONGEST])
    if mailbox is None:
        return visit.not_found()
    address = suppressed_form(mailbox)
    if await visit.desk.mail.suppressions.unsuppress(visit.customer_id, address):
        await visit.desk.audit.note(
            visit.member, "suppression.removed", address, address=visit.address
        )
    return visit.go(
        f"/panel/where?{urlencode({'q': str(mailbox)})}",
        visit.gettext("Unblocked: mail to this address is sent again."),
    )


async def _rows(visit: Visit, query: ActivityQuery) -> Sequence[ActivityRow]:
    found = await visit.desk.mail.searching.page(visit.member, query, limit=SHOWN)
    return found.rows


async def _suppression(visit: Visit, mailbox: Mailbox) -> Suppression | None:
    address = suppressed_form(mailbox)
    found = await visit.desk.mail.suppressions.suppressed(visit.customer_id, [address])
    return found.get(address)


def _sentence(visit: Visit, mailbox: Mailbox, row: ActivityRow) -> str:
    at: datetime = row.final_at or row.tried_at or row.accepted_at
    return visit.gettext(WORDS[row.status]) % {
        "address": mailbox,
        "domain": mailbox.domain,
        "time": visit.formats.moment(at, visit.now),
    }
