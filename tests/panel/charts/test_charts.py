"""Pictures: well-formed SVG of classes and attributes only, to scale, with gaps as gaps."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.panel.charts.bars import bar, in_a_row
from sztafeta.panel.charts.columns import Part, columns, counts_axis
from sztafeta.panel.charts.ranges import Mark, Row, ranges
from sztafeta.panel.charts.scales import Linear, Logarithmic, top_of, wait_ticks
from sztafeta.panel.charts.svg import tag, text

HOSTILE = "\"><script>alert(1)</script>'&"
NUMBERS = st.floats(0, 1e9, allow_nan=False)


def drawn(svg: str) -> ElementTree.Element:
    """Read a picture as XML; nothing in it may need an inline style or run."""
    assert " style=" not in svg
    assert "<script" not in svg
    assert not re.search(r"nan|inf", svg)
    return ElementTree.fromstring(svg)


def path_of(svg: str, kind: str) -> str:
    (found,) = [one for one in drawn(svg).iter("path") if one.get("class") == kind]
    return found.get("d", "")


def test_texts_and_attributes_are_escaped() -> None:
    element = ElementTree.fromstring(tag("g", text(HOSTILE, 0, 0), data_name=HOSTILE))
    assert element.get("data-name") == HOSTILE
    assert element[0].text == HOSTILE


def test_columns_stack_to_their_sum() -> None:
    axis = counts_axis(10, ["0", "5", "10"], [])
    picture = columns(
        "x",
        [Part("a", [4, 0]), Part("b", [6, 5])],
        axis,
        has_slot=[True, True],
        height=100,
    )
    heights = {
        kind: [float(one) for one in re.findall(r"v([\d.]+)", path_of(picture, f"part {kind}"))]
        for kind in ("a", "b")
    }
    assert heights == {"a": [40], "b": [60, 50]}


def test_a_slot_without_anything_is_a_gap_and_not_a_zero() -> None:
    axis = counts_axis(10, ["0", "5", "10"], [])
    picture = columns("x", [Part("a", [4, 0, 0])], axis, has_slot=[True, False, True])
    assert path_of(picture, "gap").count("M") == 1
    assert path_of(picture, "part a").count("M") == 1


def test_the_limit_is_a_line_with_its_words() -> None:
    axis = counts_axis(100, ["0", "50", "100"], [(0, "12:00")])
    picture = columns("x", [Part("a", [4])], axis, has_slot=[True], line=(50, "limit 50"))
    assert path_of(picture, "limit").startswith("M")
    assert "limit 50" in [one.text for one in drawn(picture).iter("text")]


@given(st.lists(NUMBERS, min_size=1, max_size=100))
def test_columns_never_leave_their_frame(values: list[float]) -> None:
    axis = counts_axis(top_of(max(values)), ["0", "1", "2"], [])
    picture = columns("x", [Part("a", values)], axis, has_slot=[True] * len(values), height=100)
    found = [
        one.get("d", "") for one in drawn(picture).iter("path") if one.get("class") == "part a"
    ]
    for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)", "".join(found)):
        assert 0 <= float(x) <= 360
        assert 9 <= float(y) <= 110


@given(st.lists(st.tuples(st.sampled_from("abc"), NUMBERS), max_size=6))
def test_a_bar_puts_its_parts_in_a_row(parts: list[tuple[str, float]]) -> None:
    total = sum(value for _, value in parts)
    stretches = in_a_row(parts)
    assert [one.first for one in stretches[1:]] == [one.last for one in stretches[:-1]]
    assert not parts or stretches[-1].last == pytest.approx(total)
    drawn(bar("x", stretches, top=total, marks=[(total / 2, "half")]))


def test_percentiles_differ_in_shape_and_say_when_they_are_open() -> None:
    rows = [Row("Gmail", [Mark(1), Mark(10), Mark(60, is_open=True)]), Row("WP", [])]
    picture = ranges("x", rows, [(1, "1 s"), (60, "1 min")])
    kinds = [one.get("class") for one in drawn(picture).iter("path")]
    assert [kind for kind in kinds if kind and kind.startswith("mark")] == [
        "mark m0",
        "mark m1",
        "mark m2 open",
    ]
    assert "more" in kinds
    shapes = {
        one.get("d", "").split("m")[1]
        for one in drawn(picture).iter("path")
        if "mark" in (one.get("class") or "")
    }
    assert len(shapes) == 3


@given(st.lists(st.floats(0.0005, 1e6), min_size=1))
def test_the_axis_of_waits_holds_every_wait(seconds: list[float]) -> None:
    ticks = wait_ticks(seconds)
    assert len(ticks) >= 2
    assert list(ticks) == sorted(ticks)
    if max(seconds) <= 72 * 3600:
        assert ticks[-1] >= max(seconds)
    if min(seconds) >= 0.001:
        assert ticks[0] <= min(seconds)
    scale = Logarithmic(ticks[0], ticks[-1], 100)
    assert all(0 <= scale(one) <= 100.0001 for one in seconds)


@pytest.mark.parametrize(
    ("greatest", "top"),
    [(0, 4), (3, 4), (5, 6), (10, 10), (11, 20), (2983, 3000), (61, 80), (1001, 2000)],
)
def test_an_axis_ends_at_a_round_number(greatest: float, top: float) -> None:
    assert top_of(greatest) == top
    assert (top / 2).is_integer()
    assert Linear(top, 100)(greatest) <= 100
