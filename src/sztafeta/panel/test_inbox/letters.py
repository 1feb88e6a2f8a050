"""One message of the test inbox: preview in a sandboxed frame, text, header, source, attachments, checks."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.responses import Response

from sztafeta.delivery.queue_id import to_text
from sztafeta.mail.checks.examination import examine
from sztafeta.panel.check_words import ADVICE
from sztafeta.panel.pages import Pages
from sztafeta.panel.test_inbox.found import LIST, READ, WRITE, find, path_of, query_of
from sztafeta.panel.visit import Visit

pages = Pages("test-inbox")

TABS: Final = ("html", "text", "header", "source", "attachments", "html-check", "link-check")
SOURCE_SHOWN: Final = 512 * 1024
"""Octets of the source on the page; the download has it all."""


@pages.get("/test-inbox/{message}", needs=READ)
async def show_test_letter(visit: Visit) -> Response:
    """Show a message."""
    letter = await find(visit)
    if letter is None:
        return visit.not_found()
    opened, tab = letter.opened, visit.request.query_params.get("tab", "")
    if tab not in TABS:
        tab = "text" if opened.html is None else "html"
    examination = await asyncio.to_thread(examine, opened.raw_html or "", opened.text or "")
    return visit.page(
        "test_inbox/letter.html",
        letter=letter,
        record=letter.record,
        opened=opened,
        tab=tab,
        with_pictures=visit.request.query_params.get("pictures") == "1",
        examination=examination,
        advice=ADVICE,
        source=letter.content[:SOURCE_SHOWN].decode("utf-8", "replace"),
        is_cut=len(letter.content) > SOURCE_SHOWN,
        here=path_of(letter.record.message_id),
        may_write=WRITE.allows(visit.member),
    )


@pages.get("/test-inbox/{message}/frame", needs=READ)
async def show_test_letter_frame(visit: Visit) -> Response:
    """Give the HTML, for the sandboxed frame alone; remote pictures only when asked for."""
    remote = visit.request.query_params.get("pictures") == "1"
    letter = await find(visit, remote_pictures=remote)
    if letter is None or letter.opened.html is None:
        return visit.not_found()
    return visit.frame(letter.opened.html, remote_pictures=remote)


@pages.get("/test-inbox/{message}/source", needs=READ)
async def download_test_letter(visit: Visit) -> Response:
    """Give the whole message to be stored."""
    letter = await find(visit)
    if letter is None:
        return visit.not_found()
    name = f"{to_text(letter.record.message_id)}.eml"
    return visit.download(letter.content, name, "application/octet-stream")


@pages.get("/test-inbox/{message}/attachments/{part:int}", needs=READ)
async def download_test_attachment(visit: Visit) -> Response:
    """Give an attachment to be stored."""
    letter = await find(visit)
    for one in letter.opened.attachments if letter else ():
        if one.number == visit.request.path_params["part"]:
            return visit.download(one.content, one.name, "application/octet-stream")
    return visit.not_found()


@pages.post("/test-inbox/{message}/delete", needs=WRITE)
async def delete_test_letter(visit: Visit) -> Response:
    """Throw a message away."""
    letter = await find(visit)
    if letter is None:
        return visit.not_found()
    message_id = letter.record.message_id
    thrown = await visit.desk.sandbox.throw_away(query_of(visit), [message_id])
    if not thrown:
        notice = visit.gettext("It is being tried at this moment: delete it in a minute.")
        return visit.go(path_of(message_id), notice)
    await visit.desk.audit.note(
        visit.member, "test-inbox.deleted", to_text(message_id), address=visit.address
    )
    return visit.go(LIST, visit.gettext("Message deleted."))
