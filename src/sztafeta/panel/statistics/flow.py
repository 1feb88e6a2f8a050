"""Where did it go: all that was handed in, closed to 100 %."""

from __future__ import annotations

from collections.abc import Sequence

from sztafeta.account.statistics.counts import What
from sztafeta.account.statistics.flow import Flow
from sztafeta.panel.charts.bars import bar, in_a_row
from sztafeta.panel.statistics import links
from sztafeta.panel.statistics.figures import Drawing, Entry, Figure
from sztafeta.panel.statistics.tables import Column, Named, Share, Table
from sztafeta.panel.statistics.words import OUTCOMES, UNDER_WAY


def flow(drawing: Drawing) -> Figure:
    """Draw where all that was handed in went; it closes to 100 %."""
    gettext, flow = drawing.words.gettext, drawing.report.flow()
    parts = _flow_parts(drawing, flow)
    whole = flow.whole
    label = gettext("Of %(whole)s handed in, %(delivered)s were accepted by the receivers")
    fill = {
        "whole": drawing.words.recipients(whole),
        "delivered": drawing.words.count(flow.delivered),
    }
    stretches = in_a_row([(entry.kind, number) for entry, number in parts])
    return Figure(
        key="flow",
        title=gettext("Where did it go?"),
        lead=label % fill if whole else gettext("Nothing was sent in this time."),
        picture=bar(label % fill, stretches, top=whole) if whole else None,
        table=Table(
            [
                Column("outcome", gettext("What became of it")),
                Column("recipients", gettext("Recipients")),
                Column("share", gettext("Share")),
            ],
            [
                [Named(entry.kind, entry.name), number, Share(number / whole if whole else 0)]
                for entry, number in parts
            ],
        ),
        legend=[entry for entry, number in parts if number],
    )


def _flow_parts(drawing: Drawing, flow: Flow) -> Sequence[tuple[Entry, int]]:
    numbers = [(what.value, OUTCOMES[what], flow.of(what), what) for what in OUTCOMES]
    numbers.insert(1, ("unfinished", UNDER_WAY, flow.unfinished, What.DEFERRED))
    return [
        (
            Entry(
                kind=kind,
                name=drawing.words.gettext(name),
                number=drawing.words.count(number),
                share=drawing.words.formats.percent(number / flow.whole) if flow.whole else "",
                href=links.messages(what, period=drawing.period),
            ),
            number,
        )
        for kind, name, number, what in numbers
    ]
