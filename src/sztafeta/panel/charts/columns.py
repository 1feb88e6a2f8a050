"""Columns over time: one a slot, parts stacked; a slot without anything is a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sztafeta.panel.charts.scales import Linear, even_ticks
from sztafeta.panel.charts.svg import boxes, picture, tag, text

WIDTH = 360.0
ABOVE, BELOW, BESIDE = 10.0, 18.0, 6.0
LETTER = 6.2
"""About the width of a letter of the labels."""


@dataclass(frozen=True, slots=True)
class Part:
    """One layer of all columns; its looks are those of its class."""

    kind: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What stands beside and below the columns."""

    top: float
    ticks: Sequence[tuple[float, str]]
    """Values with their labels."""
    slots: Sequence[tuple[int, str]]
    """Slots with their labels."""


def counts_axis(top: float, written: Sequence[str], slots: Sequence[tuple[int, str]]) -> Axis:
    """Give an axis of counts whose ticks are written so."""
    return Axis(top=top, ticks=list(zip(even_ticks(top), written, strict=True)), slots=slots)


def columns(
    label: str,
    parts: Sequence[Part],
    axis: Axis,
    *,
    has_slot: Sequence[bool],
    height: float = 120.0,
    width: float = WIDTH,
    line: tuple[float, str] | None = None,
    hints: Sequence[str] = (),
) -> Markup:
    """Draw columns; `has_slot` is false for gaps, `line` is a value to mark, `hints` tell each slot."""
    left = BESIDE + LETTER * max((len(written) for _, written in axis.ticks), default=0)
    frame = _Frame(left, width - left, height, len(has_slot))
    drawn = [
        *_grid(axis, frame),
        *_parts(parts, axis, frame),
        _gaps(has_slot, frame),
        *_slot_labels(axis, frame),
    ]
    if line is not None:
        drawn += _line(line, axis, frame)
    drawn += [_hint(hint, slot, frame) for slot, hint in enumerate(hints)]
    return picture(label, width, ABOVE + height + BELOW, *drawn)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the columns stand."""

    left: float
    width: float
    height: float
    slots: int

    @property
    def step(self) -> float:
        return self.width / max(self.slots, 1)

    @property
    def column(self) -> float:
        return max(self.step - (2.0 if self.step > 6 else 0.5), 1.0)

    def x(self, slot: int) -> float:
        return self.left + slot * self.step + (self.step - self.column) / 2

    def y(self, value: float, top: float) -> float:
        return ABOVE + self.height - Linear(top, self.height)(value)


def _grid(axis: Axis, frame: _Frame) -> list[Markup]:
    drawn = []
    for value, written in axis.ticks:
        y = frame.y(value, axis.top)
        kind = "base" if value == 0 else "grid"
        drawn.append(tag("path", d=f"M{frame.left:.1f} {y:.1f}h{frame.width:.1f}", class_=kind))
        drawn.append(text(written, frame.left - BESIDE, y + 3.5, kind="label", anchor="end"))
    return drawn


def _parts(parts: Sequence[Part], axis: Axis, frame: _Frame) -> list[Markup]:
    below = [0.0] * frame.slots
    drawn = []
    for part in parts:
        places = []
        for slot, value in enumerate(part.values):
            bottom = frame.y(below[slot], axis.top)
            below[slot] += value
            y = frame.y(below[slot], axis.top)
            places.append((frame.x(slot), y, frame.column, bottom - y))
        path = boxes(places)
        if path:
            drawn.append(tag("path", d=path, class_=f"part {part.kind}"))
    return drawn


def _gaps(has_slot: Sequence[bool], frame: _Frame) -> Markup:
    """Mark slots without anything by a dash below the base line: no data is not zero."""
    y = ABOVE + frame.height + 2.5
    dashes = [(frame.x(slot), y, frame.column, 1.0) for slot, has in enumerate(has_slot) if not has]
    return tag("path", d=boxes(dashes) or "M0 0", class_="gap")


def _slot_labels(axis: Axis, frame: _Frame) -> list[Markup]:
    drawn = []
    for slot, written in axis.slots:
        half = LETTER * len(written) / 2
        middle = frame.x(slot) + frame.column / 2
        middle = min(max(middle, half), frame.left + frame.width - half)
        y = ABOVE + frame.height + BELOW - 4
        drawn.append(text(written, middle, y, kind="label", anchor="middle"))
    return drawn


def _line(line: tuple[float, str], axis: Axis, frame: _Frame) -> list[Markup]:
    value, written = line
    y = frame.y(value, axis.top)
    return [
        tag("path", d=f"M{frame.left:.1f} {y:.1f}h{frame.width:.1f}", class_="limit"),
        text(written, frame.left + frame.width, y - 3.5, kind="limit-label", anchor="end"),
    ]


def _hint(hint: str, slot: int, frame: _Frame) -> Markup:
    return tag(
        "rect",
        tag("title", hint),
        x=frame.left + slot * frame.step,
        y=ABOVE,
        width=frame.step,
        height=frame.height,
        class_="hint",
    )
