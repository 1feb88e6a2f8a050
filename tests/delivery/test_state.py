"""The table of a recipient's life."""

from __future__ import annotations

from sztafeta.delivery.state import AFTER_OUTCOME, MOVES, State
from sztafeta.delivery.verdict import Outcome
from sztafeta.event import FINAL_KINDS, EventKind


def test_every_final_state_is_reached_with_exactly_one_final_event() -> None:
    """P3: silent = ∅."""
    for move in MOVES:
        if move.after.is_final:
            assert move.event is not None
            assert EventKind(move.event) in FINAL_KINDS


def test_every_state_can_be_left_or_is_final() -> None:
    left = {move.before for move in MOVES}
    assert all(state in left or state.is_final for state in State)


def test_every_state_can_be_reached() -> None:
    assert {move.after for move in MOVES} == set(State)


def test_every_outcome_of_an_attempt_is_a_move_from_sending() -> None:
    for outcome in Outcome:
        after = AFTER_OUTCOME[outcome]
        assert any(move.before is State.SENDING and move.after is after for move in MOVES)
