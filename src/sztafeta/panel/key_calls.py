"""A key's calls of the last days: columns, refused ones apart, and why they were refused (ux §2.3 E)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from markupsafe import Markup

from sztafeta.panel.charts.columns import Part, columns, counts_axis
from sztafeta.panel.charts.scales import even_ticks, top_of
from sztafeta.panel.formats import Formats
from sztafeta.panel.visit import Visit
from sztafeta.service.api_keys import CALLS_KEPT
from sztafeta.service.ports import KeyDay

LABEL_EVERY = 7
"""Days between the labels of the axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A row of the table that says what the picture says."""

    name: str
    answered: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCalls:
    """What the page shows of a key's calls."""

    picture: Markup
    days: Sequence[Day]
    """Those with calls, the newest first."""
    answered: int
    refused: int
    causes: Sequence[tuple[str, int]]
    """Codes of problems with their numbers, the most frequent first."""


def show_calls(visit: Visit, calls: Mapping[KeyDay, int]) -> ShownCalls | None:
    """Draw the calls; None: there were none."""
    if not calls:
        return None
    last = visit.now.date()
    days = [last - CALLS_KEPT + timedelta(days=n) for n in range(CALLS_KEPT.days + 1)]
    answered, causes = Counter[date](), Counter[str]()
    refused = Counter[date]()
    for day, count in calls.items():
        if day.cause:
            refused[day.day] += count
            causes[day.cause] += count
        else:
            answered[day.day] += count
    named = [
        Day(name=visit.formats.date(day), answered=answered[day], refused=refused[day])
        for day in days
    ]
    return ShownCalls(
        picture=_picture(visit, days, named),
        days=[day for day in reversed(named) if day.answered or day.refused],
        answered=answered.total(),
        refused=refused.total(),
        causes=causes.most_common(),
    )


def _picture(visit: Visit, days: Sequence[date], named: Sequence[Day]) -> Markup:
    formats = visit.formats
    top = top_of(max(day.answered + day.refused for day in named))
    return columns(
        visit.gettext("Calls a day"),
        [
            Part("delivered", [day.answered for day in named]),
            Part("failed", [day.refused for day in named]),
        ],
        counts_axis(top, [formats.number(one) for one in even_ticks(top)], _labels(formats, days)),
        has_slot=[day.answered + day.refused > 0 for day in named],
        height=90.0,
        hints=[f"{day.name}: {formats.number(day.answered + day.refused)}" for day in named],
    )


def _labels(formats: Formats, days: Sequence[date]) -> Sequence[tuple[int, str]]:
    noons = [datetime.combine(day, time(12), formats.zone) for day in days]
    return [(slot, formats.day(noons[slot])) for slot in range(3, len(days), LABEL_EVERY)]
