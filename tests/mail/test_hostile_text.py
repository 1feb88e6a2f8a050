"""What may not stand in a header, or in a name that people see (S-43, S-45)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail import control_fields
from sztafeta.mail.hostile_text import OURS, what_breaks, what_is_wrong_with_field, what_misleads


@given(st.text())
def test_no_text_that_passes_can_end_a_line(text: str) -> None:
    """S-43: as any reader ends lines."""
    if what_breaks(text) is None:
        assert len(text.splitlines()) <= 1
        assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in text)


@given(st.text())
def test_no_name_that_passes_holds_a_format_character_that_turns_or_hides(text: str) -> None:
    """S-45."""
    if what_misleads(text) is None:
        turning = {"RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"}
        assert not any(unicodedata.bidirectional(char) in turning for char in text)


@pytest.mark.parametrize(
    "name", ["Zażółć gęślą jaźń", "Sklep „Ż”", "李雷", "🎁 Prezenty", "O'Neil, Jr."]
)
def test_names_of_people_and_shops_pass(name: str) -> None:
    assert what_misleads(name) is None


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("X-Order", True),
        ("List-Unsubscribe", True),
        ("References", True),
        ("", False),
        ("X Order", False),
        ("X-Order:", False),
        ("X-Zamówienie", False),
        ("x" * 77, False),
        ("ARC-Seal", False),
        *((one.title(), False) for one in OURS),
    ],
)
def test_a_caller_may_write_fields_that_are_not_ours(name: str, passes: bool) -> None:
    assert (what_is_wrong_with_field(name) is None) is passes


def test_the_character_is_named() -> None:
    assert what_breaks("a\nb") == "a line break (U+000A)"
    assert what_misleads("a\u200bb") == "a character that is not seen (U+200B)"


def test_fields_that_speak_to_us_may_not_be_written_by_a_caller() -> None:
    """S-42: whoever adds a control field adds where a call says it."""
    for name in (*control_fields.NAMES, control_fields.METADATA_PREFIX + b"order"):
        assert what_is_wrong_with_field(name.decode("ascii").title()), name
