"""Masking: the shape of data stays, what it says does not."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.masking import (
    DEEPEST,
    LONGEST_TEXT,
    MOST_ITEMS,
    masked,
    masked_text,
)

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    LEAVES, lambda one: st.lists(one) | st.dictionaries(st.text(), one), max_leaves=20
)


def test_letters_and_digits_are_masked_and_the_shape_is_seen() -> None:
    data = {
        "name": "Zażółć Gęślą",
        "total": 367.77,
        "count": 12,
        "paid": True,
        "note": None,
        "link": "https://sklep.pl/z/AB-12?t=9",
        "items": [{"sku": "A1"}, {"sku": "B2"}, {"sku": "C3"}, {"sku": "D4"}],
        "jan@wp.pl": "x",
    }
    assert masked(data) == {
        "name": "Xxxxxx Xxxxx",
        "total": 111.11,
        "count": 11,
        "paid": True,
        "note": None,
        "link": "https://xxxxx.xx/x/XX-00?x=0",
        "items": [{"sku": "X0"}] * MOST_ITEMS,
        "xxx@xx.xx": "x",
    }


@given(st.text())
def test_no_letter_and_no_digit_of_a_text_survives(text: str) -> None:
    shown = masked_text(text).removeprefix("https://").removeprefix("http://")
    assert len(shown) <= LONGEST_TEXT
    assert {one for one in shown if one.isalnum()} <= set("xX0")


@given(JSON)
def test_masked_data_is_json_of_the_same_kind_and_masking_it_again_changes_nothing(
    data: Any,
) -> None:
    once = masked(data)
    assert masked(once) == once
    assert json.loads(json.dumps(once, allow_nan=False)) == once
    assert isinstance(once, type(data)) or not isinstance(data, dict | list | str)


def test_what_lies_too_deep_is_left_out() -> None:
    deep: Any = "end"
    for _ in range(DEEPEST + 5):
        deep = {"a": deep}
    assert "end" not in json.dumps(masked(deep))
    assert "xxx" not in json.dumps(masked(deep))


def test_masking_much_data_ends_where_the_room_does_and_changes_nothing_the_second_time() -> None:
    wide = {f"field_{at}": ["ą" * LONGEST_TEXT] * MOST_ITEMS for at in range(90)}
    once = masked({"first": "Ola", **wide})
    assert once["first"] == "Xxx"
    assert len(json.dumps(once)) < 8192
    assert masked(once) == once


@given(st.emails())
def test_an_address_keeps_its_form_alone(address: str) -> None:
    shown = masked_text(address)
    assert shown.count("@") == address.count("@")
    assert {one for one in shown if one.isalnum()} <= set("xX0")
