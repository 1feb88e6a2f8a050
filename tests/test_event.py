"""The event vocabulary."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sztafeta.delivery.state import MOVES
from sztafeta.event import FINAL_KINDS, Event, EventKind

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def event(kind: EventKind) -> Event:
    return Event(event_id=1, recipient_id=2, message_id=3, kind=kind, at=NOW)


def test_words_are_lower_case_and_each_stands_for_one_thing() -> None:
    """Webhooks will carry them: they never change."""
    assert [kind.value for kind in EventKind] == [
        "queued",
        "rejected",
        "deferred",
        "delivered",
        "bounced",
        "canceled",
        "held",
        "released",
    ]


def test_the_last_word_about_a_recipient_is_one_of_four() -> None:
    """P3: after a final event nothing more is tried."""
    assert {kind.value for kind in FINAL_KINDS} == {"rejected", "delivered", "bounced", "canceled"}
    not_final = set(EventKind) - FINAL_KINDS
    assert not_final.isdisjoint(FINAL_KINDS)
    assert EventKind.DEFERRED in not_final


def test_a_move_into_a_final_state_is_told_by_a_final_event_and_no_other_is() -> None:
    """Oracle *silent*: a state that ends a recipient has an event that says so."""
    final_words = {kind.value for kind in FINAL_KINDS}
    for move in MOVES:
        assert (move.event in final_words) == move.after.is_final, move
    assert {move.event for move in MOVES} - {None} == {kind.value for kind in EventKind}


def test_an_event_is_a_fact_that_nobody_changes() -> None:
    fact = event(EventKind.QUEUED)
    with pytest.raises(AttributeError):
        fact.outcome = EventKind.DELIVERED  # type: ignore[attr-defined]
    assert fact.details == {}
    assert event(EventKind.QUEUED).details is not fact.details
