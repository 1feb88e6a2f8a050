"""The page of statistics, and each of its tables as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from sztafeta.account.member import Area, Right
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.account.statistics.report import Period
from sztafeta.panel.needs import Needs
from sztafeta.panel.pages import Pages
from sztafeta.panel.statistics.bounces import bounces
from sztafeta.panel.statistics.delivery import delivery
from sztafeta.panel.statistics.figures import Drawing, Figure
from sztafeta.panel.statistics.flow import flow
from sztafeta.panel.statistics.meter import meter
from sztafeta.panel.statistics.reach import reach_of
from sztafeta.panel.statistics.tables import csv_of, written
from sztafeta.panel.statistics.throughput import throughput
from sztafeta.panel.statistics.waits import waits
from sztafeta.panel.statistics.words import PERIODS, Words
from sztafeta.panel.visit import Visit

pages = Pages("statistics")

READ: Final = Needs(Area.MESSAGES, Right.READ)
DEFAULT: Final = Period.WEEK


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the address asks for."""

    period: Period
    account: SmtpAccount | None
    """None: all that the member may see."""
    known: Sequence[SmtpAccount]


@pages.get("/statistics", needs=READ)
async def statistics(visit: Visit) -> Response:
    """Show the figures of a period."""
    choice = await _choice(visit)
    if choice is None:
        return visit.not_found()
    figures, counted_until = await _figures(visit, choice)
    return visit.page(
        "statistics/statistics.html",
        figures={one.key: one for one in figures},
        choice=choice,
        periods=[(one, visit.gettext(name)) for one, name in PERIODS.items()],
        counted_until=counted_until,
        zone=visit.desk.statistics.zone.key,
        written=lambda cell: written(cell, visit.formats),
    )


@pages.get("/statistics/{figure}/table.csv", needs=READ)
async def statistics_table(visit: Visit) -> Response:
    """Give the table of a figure for programs."""
    choice, key = await _choice(visit), visit.request.path_params["figure"]
    if choice is None:
        return visit.not_found()
    figures, _ = await _figures(visit, choice)
    wanted = [one for one in figures if one.key == key]
    if not wanted:
        return visit.not_found()
    name = f"{key}-{choice.period.value}.csv"
    return visit.download(csv_of(wanted[0].table), name, "text/csv; charset=utf-8")


async def _choice(visit: Visit) -> Choice | None:
    """Read the address; None: it names an account that is not there for this member (W-01)."""
    asked, member = visit.request.query_params, visit.member
    known = await visit.desk.statistics.accounts(member.customer_name, reach_of(member))
    account = None
    if wanted := asked.get("account", ""):
        account = next((one for one in known if one.login == wanted), None)
        if account is None:
            return None
    values = {one.value: one for one in Period}
    period = values.get(asked.get("period", ""), DEFAULT)
    return Choice(period=period, account=account, known=known)


async def _figures(visit: Visit, choice: Choice) -> tuple[Sequence[Figure], object]:
    desk, words = visit.desk.statistics, Words(visit)
    one = choice.account
    accounts = reach_of(visit.member) if one is None else [one.account_id]
    report = await desk.report(visit.customer_id, choice.period, accounts)
    hours = await desk.hours(visit.customer_id, choice.known if one is None else [one])
    month = await desk.month(visit.customer_id, accounts)
    drawing = Drawing(words=words, report=report, period=choice.period)
    figures = [
        flow(drawing),
        delivery(drawing),
        waits(drawing),
        bounces(drawing),
        throughput(words, hours),
        meter(words, month),
    ]
    return figures, report.counted_until
