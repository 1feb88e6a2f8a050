"""Idle and slow clients, told by instants alone (C-019, S-25)."""

from __future__ import annotations

from datetime import timedelta

from sztafeta.smtp.server_replies import IDLE_421
from sztafeta.submission.limits import Limits
from sztafeta.submission.pace import Pace
from sztafeta.submission.replies import TOO_SLOW_421


def test_idle_for_a_second_less_than_five_minutes_is_alive_and_for_five_minutes_is_421() -> None:
    """C-019."""
    pace = Pace(Limits(), 1000.0)
    assert pace.verdict(1299.0) is None
    assert pace.verdict(1300.0) is IDLE_421


def test_an_answer_begins_a_new_wait() -> None:
    pace = Pace(Limits(), 0.0)
    pace.answered(200.0)
    assert pace.verdict(499.0) is None
    assert pace.verdict(500.0) is IDLE_421


def test_content_below_500_octets_a_second_is_cut_off_after_a_minute() -> None:
    """S-25."""
    pace = Pace(Limits(), 0.0)
    for second in range(60):
        pace.content_came(499, float(second))
        assert pace.verdict(float(second)) is None
    assert pace.verdict(60.0) is TOO_SLOW_421


def test_content_that_keeps_up_may_take_hours() -> None:
    pace = Pace(Limits(), 0.0)
    for second in range(0, 7200, 100):
        pace.content_came(51_000, float(second))
        assert pace.verdict(float(second)) is None
    assert pace.verdict(7200.0) is None


def test_content_that_stops_is_told_as_idle_if_it_was_quick_before() -> None:
    pace = Pace(Limits(), 0.0)
    pace.content_came(1_000_000, 0.0)
    assert pace.verdict(299.0) is None
    assert pace.verdict(300.0) is IDLE_421


def test_a_rate_of_zero_switches_the_rule_off() -> None:
    pace = Pace(Limits(slowest_rate=0), 0.0)
    pace.content_came(1, 0.0)
    assert pace.verdict(299.0) is None


def test_after_the_content_its_pace_is_forgotten() -> None:
    pace = Pace(Limits(), 0.0)
    pace.content_came(1, 0.0)
    pace.answered(1.0)
    assert pace.verdict(290.0) is None


def test_the_next_look_is_never_later_than_the_next_verdict_can_be() -> None:
    pace = Pace(Limits(idle=timedelta(seconds=90)), 0.0)
    assert pace.next_look(0.0) == 60.0
    assert pace.next_look(60.0) == 30.0
