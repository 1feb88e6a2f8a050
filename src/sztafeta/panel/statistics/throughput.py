"""Throughput: an SMTP account's last day against what it may send in an hour."""

from __future__ import annotations

from datetime import datetime

from sztafeta.panel.charts.columns import Part, columns, counts_axis
from sztafeta.panel.charts.scales import even_ticks, top_of
from sztafeta.panel.statistics.figures import Figure
from sztafeta.panel.statistics.tables import Column, Named, Table
from sztafeta.panel.statistics.words import Words
from sztafeta.service.statistics.reading import Hours


def throughput(words: Words, hours: Hours) -> Figure:
    """Draw an SMTP account's last day against its limit."""
    gettext = words.gettext
    limit, greatest = hours.limit, max(hours.accepted, default=0)
    top = top_of(max(greatest, limit * 1.05))
    login = "" if hours.account is None else hours.account.login
    now = hours.accepted[-1]
    lead = gettext("SMTP account %(login)s: %(now)s since %(hour)s")
    if limit:
        lead = gettext("SMTP account %(login)s: %(now)s of %(limit)s an hour since %(hour)s")
    marked = (
        (float(limit), gettext("limit %(limit)s") % {"limit": words.count(limit)})
        if limit
        else None
    )
    names = [words.formats.hour(start) for start in hours.starts]
    fill = {
        "login": login,
        "now": words.count(now),
        "limit": words.count(limit),
        "hour": names[-1],
    }
    axis = counts_axis(
        top,
        [words.count(one) for one in even_ticks(top)],
        [(slot, name) for slot, name in enumerate(names) if name[:2] in ("00", "06", "12", "18")],
    )
    return Figure(
        key="throughput",
        title=gettext("Sent by hour, against the limit"),
        lead=lead % fill if login else gettext("There is no SMTP account yet."),
        picture=columns(
            gettext("Recipients accepted by hour in the last 24 hours"),
            [Part("accepted", hours.accepted)],
            axis,
            has_slot=[True] * len(names),
            line=marked,
            hints=[
                f"{name}: {words.count(number)}"
                for name, number in zip(names, hours.accepted, strict=True)
            ],
        )
        if login
        else None,
        table=Table(
            [
                Column("hour", gettext("Hour")),
                Column("recipients", gettext("Recipients")),
                Column("limit", gettext("Limit")),
            ],
            [
                [_hour(words, start), number, limit or None]
                for start, number in zip(hours.starts, hours.accepted, strict=True)
            ],
        ),
    )


def _hour(words: Words, start: datetime) -> Named:
    shown = f"{words.formats.day(start)}, {words.formats.hour(start)}"
    return Named(words.formats.utc(start), shown)
