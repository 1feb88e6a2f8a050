"""Why mail was not delivered: reasons stacked over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sztafeta.account.statistics.counts import What
from sztafeta.panel.charts.columns import Part, columns, counts_axis
from sztafeta.panel.charts.scales import even_ticks, top_of
from sztafeta.panel.statistics import links
from sztafeta.panel.statistics.figures import Drawing, Entry, Figure
from sztafeta.panel.statistics.tables import Column, Table
from sztafeta.panel.statistics.words import GROUPS


def bounces(drawing: Drawing) -> Figure:
    """Draw why mail was not delivered, stacked over time."""
    gettext = drawing.words.gettext
    reasons = [one for one in _reasons(drawing) if sum(one.numbers)]
    slots = range(len(drawing.report.starts))
    title = gettext("Why mail was not delivered")
    lead = gettext("By the time at which the mail was accepted by us.")
    return Figure(
        key="bounces",
        title=title,
        lead=lead if reasons else gettext("Everything that has an outcome was delivered."),
        picture=_picture(drawing, title, reasons) if reasons else None,
        table=Table(
            [
                Column("slot", gettext("Accepted by us")),
                *(Column(one.key, one.name) for one in reasons),
            ],
            [[drawing.slot(slot), *(one.numbers[slot] for one in reasons)] for slot in slots],
        ),
        legend=[_entry(drawing, one) for one in reasons],
    )


@dataclass(frozen=True, slots=True)
class _Reason:
    """A layer of the picture."""

    kind: str
    key: str
    name: str
    numbers: Sequence[int]
    what: What
    classes: Sequence[str] = ()


def _reasons(drawing: Drawing) -> Sequence[_Reason]:
    report, gettext = drawing.report, drawing.words.gettext
    named = {one for group in GROUPS for one in group.classes}
    found = []
    for group in GROUPS:
        numbers = [
            sum(
                number
                for one, number in bounced.items()
                if (one in group.classes if group.classes else one not in named)
            )
            for bounced in report.bounced
        ]
        name = gettext(group.name)
        found.append(_Reason(group.kind, group.key, name, numbers, What.BOUNCED, group.classes))
    expired = [report.flow(slot=slot).of(What.EXPIRED) for slot in range(len(report.starts))]
    name = gettext("Time limit ran out")
    return [*found, _Reason("b8", "expired", name, expired, What.EXPIRED)]


def _picture(drawing: Drawing, title: str, reasons: Sequence[_Reason]) -> Markup:
    words, report = drawing.words, drawing.report
    totals = [sum(numbers) for numbers in zip(*(one.numbers for one in reasons), strict=True)]
    top = top_of(max(totals))
    ticks = [words.count(one) for one in even_ticks(top)]
    return columns(
        title,
        [Part(one.kind, one.numbers) for one in reasons],
        counts_axis(top, ticks, drawing.axis_slots(4)),
        has_slot=[report.flow(slot=slot).accepted > 0 for slot in range(len(totals))],
        hints=[
            f"{words.slot(start, drawing.period)}: {words.count(total)}"
            for start, total in zip(report.starts, totals, strict=True)
        ],
    )


def _entry(drawing: Drawing, one: _Reason) -> Entry:
    return Entry(
        kind=one.kind,
        name=one.name,
        number=drawing.words.count(sum(one.numbers)),
        href=links.messages(one.what, bounce_class=",".join(one.classes), period=drawing.period),
    )
