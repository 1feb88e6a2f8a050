"""The page of a message: one sentence, then where the time went, what was said, and what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from sztafeta.account.activity import CANCELABLE, ActivityQuery, Status
from sztafeta.account.member import Area, Right
from sztafeta.delivery.queue_id import to_text
from sztafeta.mail.address import AddressFault, parse_domain
from sztafeta.mail.alignment import Alignment, alignment
from sztafeta.panel.messages.bulk import act, done
from sztafeta.panel.messages.header_words import PURPOSE
from sztafeta.panel.messages.sentences import (
    OtherLanguage,
    answer,
    reply_of,
    summary,
    waiting_sentence,
)
from sztafeta.panel.messages.shared import (
    LIST,
    READ,
    WRITE,
    message_path,
    pages,
    shown_id,
    told_of,
)
from sztafeta.panel.messages.waterfall import waterfall
from sztafeta.panel.messages.words import EVENT, RULE, STATUS
from sztafeta.panel.texts import LANGUAGES, N_
from sztafeta.panel.visit import Visit
from sztafeta.service.activity.telling import Told
from sztafeta.service.certify import delivery_of

SOURCE_SHOWN: Final = 512 * 1024
"""Octets of a message on its page; the download has it all."""
REMOTE: Final = "1"
TABS: Final = {
    "way": N_("The way"),
    "preview": N_("Preview"),
    "text": N_("Text"),
    "headers": N_("Headers"),
    "source": N_("Source"),
    "authentication": N_("Authentication"),
    "attachments": N_("Attachments"),
    "events": N_("Events"),
    "answer": N_("Answer for the customer"),
}
CONTENT_READ: Final = "messages.content-read"
WITHOUT_CONTENT: Final = frozenset({"way", "events", "answer"})


@dataclass(frozen=True, slots=True)
class Proof:
    """What receivers check, and whether it speaks for the author."""

    text: str
    domain: str
    alignment: Alignment


@pages.get("/messages/{id}", needs=READ)
async def one_message(visit: Visit) -> Response:
    """Show one message, about one of its recipients."""
    told = await told_of(visit)
    if told is None:
        return visit.not_found()
    tab = visit.request.query_params.get("tab", "")
    tab = tab if tab in TABS else "way"
    content = await _content(visit, told, tab)
    return visit.page(
        "messages/message.html",
        told=told,
        record=told.record,
        recipient=told.recipient,
        shown_id=shown_id(told.record.message_id),
        sentence=summary(visit, told, visit.now),
        why="" if told.waiting is None else waiting_sentence(visit, told.waiting, visit.now),
        tab=tab,
        tabs=[
            (_path(told, tab=name), visit.gettext(text), name == tab, None)
            for name, text in TABS.items()
        ],
        path_to=lambda **more: _path(told, **more),
        base=f"{LIST}/{shown_id(told.record.message_id)}",
        to=to_text(told.recipient.recipient_id),
        to_text=to_text,
        status_words=STATUS,
        rule_words=RULE,
        event_words=EVENT,
        purposes=PURPOSE,
        reply_of=reply_of,
        live=await _live(visit, told),
        kept_days=visit.desk.mail.kept.days,
        is_remote=visit.request.query_params.get("pictures") == REMOTE,
        **_rights(visit, told),
        **content,
    )


def _rights(visit: Visit, told: Told) -> dict[str, bool]:
    may_write = visit.member.may(Area.MESSAGES, Right.WRITE)
    return {
        "may_resend": may_write and told.status.is_final,
        "may_cancel": may_write and told.status in CANCELABLE,
        "may_release": may_write and told.status is Status.HELD,
        "has_certificate": delivery_of(told.record, told.recipient) is not None,
        "may_see_keys": visit.member.may(Area.SMTP_ACCOUNTS, Right.READ),
    }


async def _live(visit: Visit, told: Told) -> Mapping[str, Any] | None:
    """Have the page told of news while there can be any."""
    if told.status.is_final:
        return None
    mark = await visit.desk.mail.searching.mark(visit.member)
    return {"q": f"id:{shown_id(told.record.message_id)}", "after": mark}


async def _content(visit: Visit, told: Told, tab: str) -> dict[str, Any]:
    """Give what the tab shows of the content, read only when it is wanted."""
    empty: dict[str, Any] = {"opened": None, "source": "", "is_cut": False, "proofs": ()}
    if tab in WITHOUT_CONTENT:
        return (
            empty
            | {"waterfall": waterfall(told.record.accepted_at, told.recipient)}
            | _answers(visit, told)
        )
    if tab == "source":
        content = await visit.desk.mail.telling.content(told)
        if content is None:
            return empty
        await _note_reading(visit, told)
        shown = content[:SOURCE_SHOWN].decode("utf-8", "replace")
        return empty | {"source": shown, "is_cut": len(content) > SOURCE_SHOWN}
    opened = await visit.desk.mail.telling.opened(told)
    if opened is None:
        return empty
    await _note_reading(visit, told)
    proofs = _proofs(told, opened.field("From"))
    return empty | {"opened": opened, "proofs": proofs}


async def _note_reading(visit: Visit, told: Told) -> None:
    """Note who read what a message says (W-26)."""
    await visit.desk.audit.note_reading(
        visit.member, CONTENT_READ, shown_id(told.record.message_id), address=visit.address
    )


def _answers(visit: Visit, told: Told) -> dict[str, Any]:
    speakers = [OtherLanguage(one, visit.looks.formats[one]) for one in LANGUAGES]
    texts = [
        (one, answer(by, told, visit.now)) for one, by in zip(LANGUAGES, speakers, strict=True)
    ]
    return {"answers": texts}


def _proofs(told: Told, author: str) -> tuple[Proof, ...]:
    """Say as whom the message is signed and sent, beside its author (RFC 7489 §3.1)."""
    author_domain = _domain_of(author)
    reverse = told.record.reverse_path
    proofs = []
    if told.signing_domain:
        proofs.append(
            Proof("DKIM", told.signing_domain, alignment(author_domain, told.signing_domain))
        )
    if reverse is not None:
        proofs.append(Proof("SPF", reverse.domain, alignment(author_domain, reverse.domain)))
    return tuple(proofs)


def _domain_of(author: str) -> str:
    domain = author.rpartition("@")[2].strip(" >\t")
    try:
        return parse_domain(domain)
    except AddressFault:
        return ""


@pages.get("/messages/{id}/frame", needs=READ)
async def message_frame(visit: Visit) -> Response:
    """Give the HTML of a message, for the sandboxed frame alone."""
    told = await told_of(visit)
    is_remote = visit.request.query_params.get("pictures") == REMOTE
    opened = (
        None
        if told is None
        else await visit.desk.mail.telling.opened(told, remote_pictures=is_remote)
    )
    if told is None or opened is None or opened.html is None:
        return visit.not_found()
    await _note_reading(visit, told)
    return visit.frame(opened.html, remote_pictures=is_remote)


@pages.get("/messages/{id}/message.eml", needs=READ)
async def message_file(visit: Visit) -> Response:
    """Give the message as it was accepted."""
    told = await told_of(visit)
    content = None if told is None else await visit.desk.mail.telling.content(told)
    if told is None or content is None:
        return visit.not_found()
    await _note_reading(visit, told)
    name = f"{shown_id(told.record.message_id)}.eml"
    return visit.download(content, name, "application/octet-stream")


@pages.get("/messages/{id}/attachments/{part:int}", needs=READ)
async def attached_file(visit: Visit) -> Response:
    """Give an attachment, to be stored and never shown."""
    told = await told_of(visit)
    if told is None:
        return visit.not_found()
    opened = await visit.desk.mail.telling.opened(told)
    for one in opened.attachments if opened else ():
        if one.number == visit.request.path_params["part"]:
            await _note_reading(visit, told)
            return visit.download(one.content, one.name, "application/octet-stream")
    return visit.not_found()


@pages.post("/messages/{id}/resend", needs=WRITE)
async def resend_message(visit: Visit) -> Response:
    """Send to this recipient once more."""
    return await _act(visit, "resend")


@pages.post("/messages/{id}/cancel", needs=WRITE)
async def cancel_message(visit: Visit) -> Response:
    """Take back what waits."""
    return await _act(visit, "cancel")


@pages.post("/messages/{id}/release", needs=WRITE)
async def release_message(visit: Visit) -> Response:
    """Let go what was held."""
    return await _act(visit, "release")


async def _act(visit: Visit, name: str) -> Response:
    form = await visit.form()
    told = await told_of(visit, str(form.get("to", "")))
    if told is None:
        return visit.not_found()
    query = ActivityQuery(identity=shown_id(told.record.message_id))
    found = await visit.desk.mail.searching.page(visit.member, query, limit=1000)
    rows = [row for row in found.rows if row.recipient_id == told.recipient.recipient_id]
    changed = await act(visit, name, rows)
    if changed:
        await visit.desk.audit.note(
            visit.member,
            f"messages.{name}",
            f"{shown_id(told.record.message_id)} {told.recipient.forward_path.mailbox}",
            address=visit.address,
        )
    text = done(visit, name, changed) if changed else _not_done(visit, name)
    return visit.go(_path(told), text)


def _not_done(visit: Visit, name: str) -> str:
    if name == "resend":
        return visit.gettext(
            "It was not sent again: its content, or the account that sent it, is gone."
        )
    return visit.gettext("Nothing was changed: it has moved on in the meantime.")


def _path(told: Told, **more: str) -> str:
    return message_path(told.record.message_id, told.recipient.recipient_id, **more)
