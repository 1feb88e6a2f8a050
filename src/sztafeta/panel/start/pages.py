"""The first page after the login."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from sztafeta.account.member import Area, Right
from sztafeta.account.statistics.counts import What
from sztafeta.account.statistics.report import Bounces, Period
from sztafeta.panel.needs import SIGNED_IN
from sztafeta.panel.pages import Pages
from sztafeta.panel.start.checklist import checklist
from sztafeta.panel.statistics import links
from sztafeta.panel.statistics.meter import meter
from sztafeta.panel.statistics.reach import reach_of
from sztafeta.panel.statistics.tables import written
from sztafeta.panel.statistics.throughput import throughput
from sztafeta.panel.statistics.words import Words, cause_of
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.statistics.reading import Today, Usual

pages = Pages("start")

PROBLEMS: Final = 5
"""How many causes are shown; the rest is in the statistics."""
_BADGES: Final = {
    What.BOUNCED: (N_("Bounced"), "bad"),
    What.EXPIRED: (N_("Given up"), "bad"),
    What.DEFERRED: (N_("Put off"), "wait"),
}


@pages.get("", needs=SIGNED_IN)
async def start(visit: Visit) -> Response:
    """Show the checklist, today, the problems and the limits."""
    desk, member = visit.desk.statistics, visit.member
    facts, is_dismissed = await asyncio.gather(
        desk.beginnings(visit.customer_id), desk.is_checklist_dismissed(member.member_id)
    )
    may_read = member.may(Area.MESSAGES, Right.READ)
    return visit.page(
        "start/start.html",
        checklist=checklist(facts, member),
        is_dismissed=is_dismissed,
        has_mail=facts.has_real_mail,
        may_read=may_read,
        written=lambda cell: written(cell, visit.formats),
        **(await _numbers(visit) if may_read else {}),
    )


@pages.post("/start/checklist", needs=SIGNED_IN)
async def dismiss_checklist(visit: Visit) -> Response:
    """Put the checklist away for this member, or bring it back."""
    form = await visit.form()
    dismissed = form.get("dismissed") == "yes"
    await visit.desk.statistics.dismiss_checklist(visit.member.member_id, dismissed=dismissed)
    return visit.go("/panel")


async def _numbers(visit: Visit) -> Mapping[str, Any]:
    desk, accounts = visit.desk.statistics, reach_of(visit.member)
    known = await desk.accounts(visit.member.customer_name, accounts)
    today, report, hours, month = await asyncio.gather(
        desk.today(visit.customer_id, accounts),
        desk.report(visit.customer_id, Period.DAY, accounts),
        desk.hours(visit.customer_id, known),
        desk.month(visit.customer_id, accounts),
    )
    words = Words(visit)
    return {
        "today": _today(words, today),
        "counted_until": today.counted_until,
        "problems": [_problem(words, one) for one in report.causes()[:PROBLEMS]],
        "throughput": throughput(words, hours),
        "month": meter(words, month),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number of today."""

    name: str
    value: str
    compared: str


def _today(words: Words, today: Today) -> Sequence[Number]:
    numbers = (
        (N_("Accepted by us"), today.accepted),
        (N_("Delivered to the server"), today.delivered),
        (N_("Not delivered"), today.failed),
        (N_("Attempts put off"), today.deferred),
    )
    return [
        Number(
            name=words.gettext(name),
            value=words.count(number.today),
            compared=_compared(words, number),
        )
        for name, number in numbers
    ]


def _compared(words: Words, number: Usual) -> str:
    if number.usual is None:
        return words.gettext(N_("nothing to compare with yet"))
    text = words.gettext(N_("usually %(number)s by now"))
    return text % {"number": words.count(number.usual)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A cause with what to do."""

    badge: str
    kind: str
    title: str
    where: str
    advice: str
    href: str


def _problem(words: Words, one: Bounces) -> Problem:
    cause = cause_of(one.what, one.detail)
    badge, kind = _BADGES[one.what]
    where = words.recipients(one.number)
    if one.what is What.DEFERRED:
        where = words.attempts(one.number)
    if one.share > 0.5:
        mostly = words.gettext(N_("mostly %(provider)s"))
        where += ", " + mostly % {"provider": words.provider(one.provider)}
    return Problem(
        badge=words.gettext(badge),
        kind=kind,
        title=words.gettext(cause.title),
        where=where,
        advice=words.gettext(cause.advice),
        href=links.messages(one.what, bounce_class=one.detail, period=Period.DAY),
    )
