"""The first page after the login."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from sztafeta.account.member import Area, Right
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.account.statistics.report import Period
from sztafeta.panel.needs import SIGNED_IN
from sztafeta.panel.pages import Pages
from sztafeta.panel.start.checklist import checklist
from sztafeta.panel.start.problems import MOST, login_problems, mail_problem
from sztafeta.panel.statistics.meter import meter
from sztafeta.panel.statistics.reach import reach_of
from sztafeta.panel.statistics.tables import written
from sztafeta.panel.statistics.throughput import throughput
from sztafeta.panel.statistics.words import Words
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.statistics.reading import Today, Usual

pages = Pages("start")


@pages.get("", needs=SIGNED_IN)
async def start(visit: Visit) -> Response:
    """Show the checklist, today, the problems and the limits."""
    desk, member = visit.desk.statistics, visit.member
    facts = await desk.beginnings(visit.customer_id)
    is_dismissed = await desk.is_checklist_dismissed(member.member_id)
    may_read = member.may(Area.MESSAGES, Right.READ)
    known = await desk.accounts(member.customer_name, reach_of(member))
    words, has_numbers = Words(visit), may_read and facts.has_real_mail
    may_read_logins = member.may(Area.SMTP_ACCOUNTS, Right.READ)
    numbers = await _numbers(visit, words, known) if has_numbers else {}
    logins = await login_problems(visit, words, known) if may_read_logins else []
    return visit.page(
        "start/start.html",
        checklist=checklist(facts, member),
        is_dismissed=is_dismissed,
        has_numbers=has_numbers,
        may_read=may_read,
        problems=[*logins, *numbers.pop("problems", [])],
        written=lambda cell: written(cell, visit.formats),
        **numbers,
    )


@pages.post("/start/checklist", needs=SIGNED_IN)
async def dismiss_checklist(visit: Visit) -> Response:
    """Put the checklist away for this member, or bring it back."""
    form = await visit.form()
    dismissed = form.get("dismissed") == "yes"
    await visit.desk.statistics.dismiss_checklist(visit.member.member_id, dismissed=dismissed)
    return visit.go("/panel")


async def _numbers(visit: Visit, words: Words, known: Sequence[SmtpAccount]) -> dict[str, Any]:
    desk, accounts = visit.desk.statistics, reach_of(visit.member)
    today = await desk.today(visit.customer_id, accounts)
    report = await desk.report(visit.customer_id, Period.DAY, accounts)
    hours = await desk.hours(visit.customer_id, known)
    month = await desk.month(visit.customer_id, accounts)
    return {
        "today": _today(words, today),
        "counted_until": today.counted_until,
        "problems": [mail_problem(words, one) for one in report.causes()[:MOST]],
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
