"""Bars: one line of parts that make a whole, with marks on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sztafeta.panel.charts.columns import WIDTH
from sztafeta.panel.charts.scales import Linear
from sztafeta.panel.charts.svg import boxes, picture, tag, text

HEIGHT = 22.0
BELOW = 18.0
LEAST = 2.0
"""What is there at all is seen."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From a value to another; its looks are those of its class."""

    kind: str
    first: float
    last: float


def bar(
    label: str, stretches: Sequence[Stretch], *, top: float, marks: Sequence[tuple[float, str]] = ()
) -> Markup:
    """Draw a bar from 0 to `top`, with marks that are written below it."""
    scale = Linear(top or 1.0, WIDTH)
    drawn = [tag("path", d=boxes([(0.0, 0.0, WIDTH, HEIGHT)]), class_="ground")]
    for one in stretches:
        if one.last > one.first:
            x = scale(one.first)
            width = max(scale(one.last) - x, LEAST)
            place = (min(x, WIDTH - width), 0.0, width, HEIGHT)
            drawn.append(tag("path", d=boxes([place]), class_=f"part {one.kind}"))
    for value, written in marks:
        drawn += _mark(scale(value), written)
    return picture(label, WIDTH, HEIGHT + (BELOW if marks else 0), *drawn, kind="bar")


def _mark(x: float, written: str) -> list[Markup]:
    anchor = "start" if x < WIDTH / 3 else "end" if x > WIDTH * 2 / 3 else "middle"
    x = min(max(x, 1.0), WIDTH - 1)
    return [
        tag("path", d=f"M{x:.1f} -2v{HEIGHT + 6:.0f}", class_="limit"),
        text(written, x, HEIGHT + 16, kind="limit-label", anchor=anchor),
    ]


def in_a_row(parts: Sequence[tuple[str, float]]) -> Sequence[Stretch]:
    """Put parts one behind the other."""
    stretches, so_far = [], 0.0
    for kind, value in parts:
        stretches.append(Stretch(kind, so_far, so_far + value))
        so_far += value
    return stretches
