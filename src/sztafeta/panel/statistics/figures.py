"""What figures are made of: a picture (or several), a sentence, a legend, and a table that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sztafeta.account.statistics.report import Period, Report
from sztafeta.panel.statistics.tables import Named, Table
from sztafeta.panel.statistics.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a legend: looks, name, number, and the list behind it."""

    kind: str
    name: str
    number: str = ""
    share: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture of several alike."""

    name: str
    headline: str
    note: str
    picture: Markup
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of the page."""

    key: str
    """In the address of its CSV."""
    title: str
    lead: str
    picture: Markup | None
    """None: there is nothing to draw, and `lead` says why."""
    table: Table
    legend: Sequence[Entry] = ()
    panels: Sequence[Panel] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What the figures are drawn from."""

    words: Words
    report: Report
    period: Period

    def slot(self, slot: int) -> Named:
        """Name a slot."""
        start = self.report.starts[slot]
        return Named(self.words.formats.utc(start), self.words.slot(start, self.period))

    def axis_slots(self, about: int) -> Sequence[tuple[int, str]]:
        """Choose the slots that are named below an axis: midnights, and days of long periods."""
        starts, formats = self.report.starts, self.words.formats
        if self.period is Period.DAY:
            every = max(len(starts) // about, 1)
            return [
                (slot, formats.hour(start))
                for slot, start in enumerate(starts)
                if formats.local(start).hour % every == 0
            ]
        midnights = [slot for slot, start in enumerate(starts) if formats.local(start).hour == 0]
        every = max(round(len(midnights) / about), 1)
        return [(slot, formats.day(starts[slot])) for slot in midnights[every // 2 :: every]]
