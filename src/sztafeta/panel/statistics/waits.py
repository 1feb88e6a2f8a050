"""Time to acceptance by provider: the median and the slow end, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from markupsafe import Markup

from sztafeta.account.statistics.waits import Percentile
from sztafeta.delivery.provider import Provider
from sztafeta.panel.charts.ranges import Mark, Row, ranges
from sztafeta.panel.charts.scales import wait_ticks
from sztafeta.panel.statistics.figures import Drawing, Entry, Figure
from sztafeta.panel.statistics.tables import Column, Named, Table


def waits(drawing: Drawing) -> Figure:
    """Draw how long mail took, by provider, on a logarithmic axis."""
    gettext = drawing.words.gettext
    found = [(one, drawing.report.waits(one)) for one in drawing.report.providers]
    lead = gettext(
        "From our acceptance to the receiver's 250, retries included. What is still under way"
        " counts with its age so far."
    )
    return Figure(
        key="waits",
        title=gettext("Time to acceptance"),
        lead=lead
        if any(marks for _, marks in found)
        else gettext("Nothing was sent in this time."),
        picture=_picture(drawing, found) if any(marks for _, marks in found) else None,
        table=Table(
            [
                Column("provider", gettext("Provider")),
                Column("p50 seconds", gettext("Half within")),
                Column("p95 seconds", gettext("95 % within")),
                Column("p99 seconds", gettext("99 % within")),
                Column("recipients", gettext("Recipients")),
            ],
            [_cells(drawing, one, marks) for one, marks in found],
        ),
        legend=_legend(gettext) if found else (),
    )


def _legend(gettext: Callable[[str], str]) -> Sequence[Entry]:
    return [
        Entry(kind="m0", name=gettext("half of the mail (p50)")),
        Entry(kind="m1", name=gettext("95 % (p95), written at the end of the row")),
        Entry(kind="m2", name=gettext("99 % (p99)")),
    ]


def _picture(drawing: Drawing, found: Sequence[tuple[Provider, Sequence[Percentile]]]) -> Markup:
    seconds = [mark.wait.total_seconds() for _, marks in found for mark in marks]
    rows = [
        Row(
            drawing.words.provider(one),
            [Mark(mark.wait.total_seconds(), mark.is_open) for mark in marks],
            drawing.words.wait(marks[1].wait, is_open=marks[1].is_open) if marks else "",
        )
        for one, marks in found
    ]
    ticks = [(tick, drawing.words.wait(timedelta(seconds=tick))) for tick in wait_ticks(seconds)]
    return ranges(drawing.words.gettext("Time to acceptance"), rows, ticks)


def _cells(
    drawing: Drawing, provider: Provider, marks: Sequence[Percentile]
) -> Sequence[Named | int | None]:
    waits: list[Named | None] = [
        Named(f"{one.wait.total_seconds():.3f}", drawing.words.wait(one.wait, is_open=one.is_open))
        for one in marks
    ]
    name = Named(provider.value, drawing.words.provider(provider))
    return [name, *(waits or [None] * 3), drawing.report.flow(provider=provider).accepted]
