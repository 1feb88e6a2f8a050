"""Ranges: a line a row from its first mark to its last, on a logarithmic axis; marks differ in shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sztafeta.panel.charts.columns import LETTER, WIDTH
from sztafeta.panel.charts.scales import Logarithmic
from sztafeta.panel.charts.svg import picture, tag, text

ROW = 30.0
BELOW = 20.0
SHAPES = (
    "M{x} {y}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",  # a disc
    "M{x} {y}m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",  # a diamond
    "M{x} {y}m0 -5l5.5 9.5h-11z",  # a triangle
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A value of a row."""

    value: float
    is_open: bool = False
    """The true value is greater: drawn hollow, with an arrow."""


@dataclass(frozen=True, slots=True)
class Row:
    """A named row; its marks in rising order, at most three."""

    name: str
    marks: Sequence[Mark]
    note: str = ""
    """Stands at the row's end."""


def ranges(label: str, rows: Sequence[Row], ticks: Sequence[tuple[float, str]]) -> Markup:
    """Draw rows; `ticks` are values of the axis with their labels, the first and last are its ends."""
    left = 10 + LETTER * max((len(row.name) for row in rows), default=0)
    right = 14 + LETTER * max((len(row.note) for row in rows), default=0)
    scale = _Axis(left, WIDTH - left - right, ticks)
    height = ROW * len(rows)
    drawn = [one for value, written in ticks for one in _tick(value, written, scale, height)]
    for number, row in enumerate(rows):
        drawn += _row(row, ROW * (number + 0.5), scale)
    return picture(label, WIDTH, height + BELOW, *drawn, kind="ranges")


class _Axis:
    """Places values on the picture."""

    def __init__(self, left: float, length: float, ticks: Sequence[tuple[float, str]]) -> None:
        self._left = left
        self._scale = Logarithmic(ticks[0][0], ticks[-1][0], length)

    def __call__(self, value: float) -> float:
        return self._left + self._scale(value)


def _tick(value: float, written: str, scale: _Axis, height: float) -> list[Markup]:
    x = scale(value)
    return [
        tag("path", d=f"M{x:.1f} 0v{height:.1f}", class_="grid"),
        text(
            written,
            min(x, WIDTH - LETTER * len(written) / 2),
            height + 14,
            kind="label",
            anchor="middle",
        ),
    ]


def _row(row: Row, y: float, scale: _Axis) -> list[Markup]:
    drawn = [
        text(row.name, 0, y + 4, kind="name"),
        text(row.note, WIDTH, y + 4, kind="label", anchor="end"),
    ]
    if not row.marks:
        return drawn
    first, last = scale(row.marks[0].value), scale(row.marks[-1].value)
    drawn.append(tag("path", d=f"M{first:.1f} {y:.1f}H{last:.1f}", class_="span"))
    for number, mark in enumerate(row.marks):
        x = scale(mark.value)
        shape = SHAPES[number].format(x=f"{x:.1f}", y=f"{y:.1f}")
        drawn.append(
            tag("path", d=shape, class_=f"mark m{number}" + (" open" if mark.is_open else ""))
        )
    if row.marks[-1].is_open:
        drawn.append(tag("path", d=f"M{last + 8:.1f} {y - 4:.1f}l4 4l-4 4", class_="more"))
    return drawn
