"""The list of mail: a query in the address, rows that are recipients, news that are told and not pushed."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response, StreamingResponse

from sztafeta.account.activity import ActivityQuery, Status
from sztafeta.account.activity_query import QueryFault, ReadQuery, read, write
from sztafeta.account.member import Area, Right
from sztafeta.panel.headers import DOWNLOAD_POLICY
from sztafeta.panel.messages.shared import (
    LIST,
    READ,
    list_path,
    pages,
    path_of,
    read_mark,
    shown_id,
)
from sztafeta.panel.messages.words import FAULT, STATUS
from sztafeta.panel.visit import Visit
from sztafeta.service.ports import ActivityPage, ActivityRow

LAST_WORD: Final = 60
"""Letters of the receiver's last word in the list."""
MOST_EXPORTED: Final = 100_000
OFFERED: Final = ("status:deferred", "status:bounced", "status:queued,held", "since:1h", "since:1d")
"""Queries that the list offers."""
COLUMNS: Final = (
    "time",
    "status",
    "recipient",
    "from",
    "subject",
    "tags",
    "account",
    "attempts",
    "last_reply",
    "message_id",
    "header_message_id",
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A part of the query that can be taken away, or one that can be chosen."""

    text: str
    path: str


@pages.get("/messages", needs=READ)
async def list_of_mail(visit: Visit) -> Response:
    """Show what happened to mail, the newest first."""
    asked = read(visit.request.query_params.get("q", ""))
    before = read_mark(visit.request.query_params.get("before", ""))
    searching = visit.desk.mail.searching
    mark = await searching.mark(visit.member)
    found = ActivityPage(rows=(), older=None)
    if not asked.faults:
        found = await searching.page(visit.member, asked.query, before=before)
    return visit.page(
        "messages/list.html",
        query=visit.request.query_params.get("q", ""),
        faults=[_fault(visit, fault) for fault in asked.faults],
        chips=_chips(asked),
        offered=[Chip(text, f"{LIST}?q={text}") for text in OFFERED],
        found=found,
        is_first=before is None,
        is_everything=asked.query.is_empty,
        older=list_path(asked.query, found.older) if found.older else "",
        newest=list_path(asked.query) if before is not None else "",
        live={"q": write(asked.query), "after": mark} if not asked.faults else None,
        here=list_path(asked.query),
        may_write=visit.member.may(Area.MESSAGES, Right.WRITE),
        status_words=STATUS,
        path_of=path_of,
        last_word=lambda row: _cut(row.last_word),
        kept_days=visit.desk.mail.kept.days,
    )


@pages.get("/messages/export.csv", needs=READ)
async def exported_mail(visit: Visit) -> Response:
    """Give what a query means as a table."""
    asked = read(visit.request.query_params.get("q", ""))
    if asked.faults:
        return visit.go(list_path(asked.query))
    subject = visit.request.query_params.get("q", "")
    await visit.desk.audit.note(visit.member, "messages.exported", subject, address=visit.address)
    headers = {
        "Content-Disposition": 'attachment; filename="messages.csv"',
        "Content-Security-Policy": DOWNLOAD_POLICY,
    }
    lines = _lines(visit, asked.query)
    return StreamingResponse(lines, 200, headers, "text/csv; charset=utf-8")


async def _lines(visit: Visit, query: ActivityQuery) -> AsyncIterator[str]:
    yield "\ufeff" + _csv_line(COLUMNS)  # spreadsheets know UTF-8 by its mark
    number = 0
    async for row in visit.desk.mail.searching.walk(visit.member, query):
        number += 1
        if number > MOST_EXPORTED:
            return
        yield _csv_line(_cells(visit, row))


def _cells(visit: Visit, row: ActivityRow) -> Sequence[str]:
    return (
        visit.formats.utc(row.accepted_at),
        row.status.value,
        str(row.mailbox),
        str(row.sender or ""),
        row.subject,
        " ".join(row.tags),
        row.account_login,
        str(row.attempts),
        row.last_word,
        shown_id(row.message_id),
        row.header_message_id,
    )


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([guarded(cell) for cell in cells])
    return line.getvalue()


def guarded(cell: str) -> str:
    """Keep a spreadsheet from reading a text as a formula (W-09)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _fault(visit: Visit, fault: QueryFault) -> str:
    return visit.gettext(FAULT[fault.kind]) % {"word": fault.word}


def _chips(asked: ReadQuery) -> list[Chip]:
    return [Chip(write(part), list_path(rest)) for part, rest in asked.query.without()]


def _cut(text: str) -> str:
    return text if len(text) <= LAST_WORD else text[: LAST_WORD - 1].rstrip() + "…"


def status_word(visit: Visit, status: Status) -> str:
    """Name a status in the visitor's language."""
    return visit.gettext(STATUS[status][0])
