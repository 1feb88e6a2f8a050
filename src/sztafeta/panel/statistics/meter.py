"""The month's meter: used, free, and where the month is likely to end."""

from __future__ import annotations

from sztafeta.account.statistics.usual import Month
from sztafeta.panel.charts.bars import Stretch, bar
from sztafeta.panel.statistics.figures import Entry, Figure
from sztafeta.panel.statistics.tables import Column, Named, Table
from sztafeta.panel.statistics.words import Words


def meter(words: Words, month: Month) -> Figure:
    """Draw the month: used, what is likely to come, and what is free."""
    gettext = words.gettext
    top = max(month.free, month.most, 1) * 1.02
    likely = gettext("likely %(least)s to %(most)s by the end of the month")
    if month.least == month.most:
        likely = gettext("nothing to project from yet")
    fill = {"least": words.count(month.least), "most": words.count(month.most)}
    used = gettext("%(used)s of %(free)s free recipients used this month")
    lead = used % {"used": words.count(month.used), "free": words.count(month.free)}
    return Figure(
        key="month",
        title=gettext("This month"),
        lead=f"{lead}; {likely % fill}.",
        picture=bar(
            lead,
            [
                Stretch("accepted", 0, month.used),
                Stretch("sure", month.used, month.least),
                Stretch("likely", month.least, month.most),
            ],
            top=top,
            marks=[(month.free, gettext("free: %(free)s") % {"free": words.count(month.free)})],
        ),
        table=Table(
            [Column("what", gettext("This month")), Column("recipients", gettext("Recipients"))],
            [
                [Named("used", gettext("Used so far")), month.used],
                [Named("least", gettext("Likely at least")), month.least],
                [Named("most", gettext("Likely at most")), month.most],
                [Named("free", gettext("Free of charge")), month.free],
            ],
        ),
        legend=[
            Entry(kind=kind, name=name)
            for kind, name, number in (
                ("accepted", gettext("Used so far"), month.used),
                ("sure", gettext("Likely at least"), month.least - month.used),
                ("likely", gettext("Likely at most"), month.most - month.least),
            )
            if number
        ],
    )
