"""Ids that rise, and their text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.delivery.queue_id import IdSource, from_text, to_text

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_ids_rise_even_when_the_clock_steps_back() -> None:
    """R-80."""
    source = IdSource(3)
    ids = [source.next(NOW - timedelta(seconds=n)) for n in range(20_000)]
    assert ids == sorted(set(ids))


def test_two_nodes_never_give_the_same_id() -> None:
    one, other = IdSource(1), IdSource(2)
    assert {one.next(NOW) for _ in range(9000)}.isdisjoint(other.next(NOW) for _ in range(9000))


@given(st.integers(0, 2**63 - 1))
def test_a_queue_id_reads_back(identity: int) -> None:
    text = to_text(identity)
    assert len(text) == 13
    assert from_text(text) == from_text(text.upper()) == identity


def test_queue_ids_sort_as_their_numbers_do() -> None:
    source = IdSource(1)
    texts = [to_text(source.next(NOW + timedelta(milliseconds=n))) for n in range(100)]
    assert texts == sorted(texts)


@pytest.mark.parametrize("text", ["", "short", "0" * 14, "u" * 13, "z" * 13, "0000000000 00"])
def test_what_is_no_queue_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="queue-id"):
        from_text(text)


def test_a_node_number_must_fit() -> None:
    with pytest.raises(ValueError, match="255"):
        IdSource(256)
