"""Actions on all that a query means: counted first, done after a confirmation that says how many."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from starlette.responses import Response

from sztafeta.account.activity import CANCELABLE, ActivityQuery, Status
from sztafeta.account.activity_query import read, write
from sztafeta.panel.messages.shared import WRITE, list_path, pages
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.activity.acting import AT_MOST
from sztafeta.service.ports import ActivityRow


@dataclass(frozen=True, slots=True)
class Action:
    """What may be done to many at once, and to whom."""

    name: str
    text: str
    statuses: frozenset[Status]


ACTIONS: Final = {
    action.name: action
    for action in (
        Action("resend", N_("Send again"), frozenset(one for one in Status if one.is_final)),
        Action("cancel", N_("Cancel"), CANCELABLE),
        Action("release", N_("Release"), frozenset({Status.HELD})),
    )
}


@pages.get("/messages/bulk", needs=WRITE)
async def confirm_bulk(visit: Visit) -> Response:
    """Say how many recipients an action would reach."""
    values = visit.request.query_params
    action, asked = ACTIONS.get(values.get("action", "")), read(values.get("q", ""))
    if action is None or asked.faults:
        return visit.not_found()
    rows, is_more = await _reached(visit, action, asked.query)
    return visit.page(
        "messages/bulk.html",
        action=action,
        count=len(rows),
        is_more=is_more,
        query=write(asked.query),
        back=list_path(asked.query),
    )


@pages.post("/messages/bulk", needs=WRITE)
async def do_bulk(visit: Visit) -> Response:
    """Do it, and say to how many it was done."""
    form = await visit.form()
    action, asked = ACTIONS.get(str(form.get("action", ""))), read(str(form.get("q", "")))
    if action is None or asked.faults:
        return visit.not_found()
    rows, _ = await _reached(visit, action, asked.query)
    changed = await act(visit, action.name, rows)
    await visit.desk.audit.note(
        visit.member,
        f"messages.{action.name}",
        write(asked.query),
        address=visit.address,
        after={"recipients": changed},
    )
    return visit.go(list_path(asked.query), done(visit, action.name, changed))


async def _reached(
    visit: Visit, action: Action, query: ActivityQuery
) -> tuple[list[ActivityRow], bool]:
    statuses = action.statuses & frozenset(query.statuses or Status)
    if not statuses:
        return [], False
    wanted = replace(query, statuses=tuple(sorted(statuses, key=str)))
    return await visit.desk.mail.searching.newest(visit.member, wanted, AT_MOST)


async def act(visit: Visit, name: str, rows: list[ActivityRow]) -> int:
    """Do something to recipients; give how many were changed."""
    acting = visit.desk.mail.acting
    if name == "resend":
        return (await acting.resend(visit.member, rows, address=visit.address)).sent
    ids = [row.recipient_id for row in rows]
    return await (acting.cancel if name == "cancel" else acting.release)(visit.member, ids)


def done(visit: Visit, name: str, count: int) -> str:
    """Say what was done."""
    if name == "resend":
        text = visit.ngettext("%(num)s message sent again.", "%(num)s messages sent again.", count)
    elif name == "cancel":
        text = visit.ngettext("%(num)s message canceled.", "%(num)s messages canceled.", count)
    else:
        text = visit.ngettext("%(num)s message released.", "%(num)s messages released.", count)
    return text % {"num": visit.formats.number(count)}
