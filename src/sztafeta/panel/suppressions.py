"""Suppressed addresses: looked for, added, removed with a reason, read in from a file and written out."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse
from wtforms import SelectField, StringField, TextAreaField

from sztafeta.account.member import Area, Right
from sztafeta.account.suppression_file import OWN_HEADER, guarded
from sztafeta.panel.forms import Form, at_most, options, required
from sztafeta.panel.headers import DOWNLOAD_POLICY
from sztafeta.panel.messages.shared import shown_id
from sztafeta.panel.needs import Needs
from sztafeta.panel.pages import Pages
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.ports import Suppression, SuppressionQuery, SuppressionReason
from sztafeta.service.suppression_list import Mark, ReadIn

pages = Pages("suppressions")

READ: Final = Needs(Area.SUPPRESSIONS, Right.READ)
WRITE: Final = Needs(Area.SUPPRESSIONS, Right.WRITE)
LIST: Final = "/panel/suppressions"
SHOWN: Final = 50
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = 2**42
"""Milliseconds in the marks that we give; others are not ours."""

REASONS: Final = {
    SuppressionReason.BOUNCE: N_("Bounce"),
    SuppressionReason.COMPLAINT: N_("Spam complaint"),
    SuppressionReason.UNSUBSCRIBE: N_("Unsubscribed"),
    SuppressionReason.MANUAL: N_("Added by hand"),
}
WHY: Final = {
    SuppressionReason.BOUNCE: N_("The receiver refused mail to it for good."),
    SuppressionReason.COMPLAINT: N_("Its owner reported your mail as spam."),
    SuppressionReason.UNSUBSCRIBE: N_("Its owner does not want your mail any more."),
    SuppressionReason.MANUAL: N_("Somebody of yours put it here."),
}
SOURCES: Final = {
    "panel": N_("in the panel"),
    "file": N_("from a file"),
    "api": N_("over the API"),
    "smtp": N_("over SMTP"),
}


class AddForm(Form):
    """Addresses to suppress."""

    addresses = TextAreaField(
        N_("Addresses, one a line"), [required(N_("Write at least one address.")), at_most(200_000)]
    )
    reason = SelectField(
        N_("Reason"),
        choices=options((one.value, text) for one, text in REASONS.items()),
        default=SuppressionReason.MANUAL.value,
    )
    comment = StringField(N_("Comment"), [at_most(500)])


class RemoveForm(Form):
    """Why mail may go to an address again."""

    address = StringField(N_("Address"), [required(), at_most(320)])
    why = StringField(N_("Why is it removed?"), [required(), at_most(300)])


@pages.get("/suppressions", needs=READ)
async def list_suppressions(visit: Visit) -> Response:
    """List what is looked for, the newest first."""
    asked = visit.request.query_params
    part, source = asked.get("q", "").strip()[:320], asked.get("source", "").strip()[:40]
    reason = next((one for one in SuppressionReason if one.value == asked.get("reason")), None)
    query = SuppressionQuery(
        customer_id=visit.customer_id, part=part.casefold(), reason=reason, source=source
    )
    found = await visit.desk.suppressions.search(
        query, limit=SHOWN + 1, before=_mark(asked.get("before", ""))
    )
    rows = found[:SHOWN]
    filters = {"q": part, "reason": reason.value if reason else "", "source": source}
    return visit.page(
        "suppressions/list.html",
        rows=rows,
        filters=filters,
        older=_written(rows[-1]) if len(found) > SHOWN else "",
        is_later=bool(asked.get("before")),
        reasons=REASONS,
        why=WHY,
        sources=SOURCES,
        shown_id=shown_id,
        may_write=WRITE.allows(visit.member),
        may_read_mail=visit.member.may(Area.MESSAGES, Right.READ),
    )


@pages.get("/suppressions/add", needs=WRITE)
async def add_form(visit: Visit) -> Response:
    """Show how addresses are added."""
    return _add_page(visit, visit.blank(AddForm))


@pages.post("/suppressions/add", needs=WRITE)
async def add_suppressions(visit: Visit) -> Response:
    """Add the addresses of a text."""
    form = await visit.filled(AddForm)
    if not form.validate():
        return _add_page(visit, form, http_status=422)
    text = str(form.addresses.data).replace(",", "\n").replace(";", "\n")
    result = await visit.desk.suppressions.read_in(
        visit.customer_id,
        text,
        source="panel",
        reason=SuppressionReason(form.reason.data),
        comment=form.comment.data or "",
    )
    await _note(visit, "suppression.added", form.reason.data, result)
    return _result(visit, result)


@pages.post("/suppressions/import", needs=WRITE)
async def import_suppressions(visit: Visit) -> Response:
    """Add the addresses of a file."""
    file = (await visit.form()).get("file")
    content = await file.read() if isinstance(file, UploadFile) else b""
    if not content:
        return _add_page(visit, visit.blank(AddForm), is_without_file=True, http_status=422)
    result = await visit.desk.suppressions.read_in(
        visit.customer_id,
        content.decode("utf-8", "replace"),
        source="file",
        reason=SuppressionReason.MANUAL,
    )
    await _note(visit, "suppression.imported", result.service, result)
    return _result(visit, result)


@pages.post("/suppressions/remove", needs=WRITE)
async def remove_suppression(visit: Visit) -> Response:
    """Let mail go to an address again, and write down why."""
    form = await visit.filled(RemoveForm)
    if not form.validate():
        return visit.go(LIST, visit.gettext("Nothing was removed: say why."))
    gone = await visit.desk.suppressions.remove(visit.customer_id, form.address.data)
    if gone is None:
        return visit.not_found()
    await visit.desk.audit.note(
        visit.member,
        "suppression.removed",
        gone.address,
        address=visit.address,
        before={"reason": gone.reason.value, "comment": gone.comment},
        after={"why": form.why.data},
    )
    notice = visit.gettext("Mail goes to %(address)s again.") % {"address": gone.address}
    return visit.go(LIST, notice)


@pages.get("/suppressions/export.csv", needs=READ)
async def export_suppressions(visit: Visit) -> Response:
    """Give all of them as a table."""
    await visit.desk.audit.note(visit.member, "suppression.exported", address=visit.address)
    headers = {
        "Content-Disposition": 'attachment; filename="suppressions.csv"',
        "Content-Security-Policy": DOWNLOAD_POLICY,
    }
    return StreamingResponse(_lines(visit), 200, headers, "text/csv; charset=utf-8")


async def _lines(visit: Visit) -> AsyncIterator[str]:
    yield _csv_line(OWN_HEADER)
    async for one in visit.desk.suppressions.everything(visit.customer_id):
        at = visit.formats.utc(one.created_at)
        yield _csv_line((one.address, one.reason.value, one.source, one.comment, at))


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([guarded(cell) for cell in cells])
    return line.getvalue()


def _add_page(
    visit: Visit, form: AddForm, *, is_without_file: bool = False, http_status: int = 200
) -> Response:
    return visit.page(
        "suppressions/add.html",
        form=form,
        is_without_file=is_without_file,
        http_status=http_status,
    )


def _result(visit: Visit, result: ReadIn) -> Response:
    return visit.page("suppressions/result.html", result=result)


async def _note(visit: Visit, action: str, subject: str, result: ReadIn) -> None:
    counted = {"added": result.added, "already_there": result.already_there}
    await visit.desk.audit.note(visit.member, action, subject, address=visit.address, after=counted)


def _written(last: Suppression) -> str:
    """Write where a page ends."""
    return f"{(last.created_at - EPOCH) // timedelta(milliseconds=1)}.{last.address}"


def _mark(text: str) -> Mark | None:
    """Read where a page begins; what we did not write is the beginning."""
    millis, _, address = text.partition(".")
    if not (millis.isascii() and millis.isdecimal()) or len(millis) > 13 or int(millis) > LATEST:
        return None
    return EPOCH + timedelta(milliseconds=int(millis)), address[:320]
