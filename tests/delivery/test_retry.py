"""The retry ladder, walked for days without waiting."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.delivery.retry import RetryPlan, next_due

START = datetime(2026, 11, 24, tzinfo=UTC)
DRAWS = st.floats(0, 1, exclude_max=True)
PLAN = RetryPlan()


def _walk(draw: float, ttl: timedelta) -> list[timedelta]:
    """Give the age at each attempt until it is given up."""
    ages, now, attempt = [timedelta(0)], START, 1
    while (
        due := next_due(
            attempt=attempt,
            accepted_at=START,
            now=now,
            expires_at=START + ttl,
            plan=PLAN,
            draw=draw,
        )
    ) is not None:
        assert due > now
        ages.append(due - START)
        now, attempt = due, attempt + 1
    return ages


@given(DRAWS)
def test_the_first_retry_comes_within_five_minutes(draw: float) -> None:
    """P6, R-60."""
    assert _walk(draw, timedelta(hours=48))[1] <= timedelta(minutes=5)


@given(DRAWS)
def test_there_are_at_least_two_attempts_in_the_first_hour(draw: float) -> None:
    """P6, R-60."""
    ages = _walk(draw, timedelta(hours=48))
    assert sum(age <= timedelta(hours=1) for age in ages) >= 2


@given(DRAWS, st.integers(3, 5 * 24 * 60))
def test_the_last_word_comes_at_the_end_and_not_after_it(draw: float, minutes: int) -> None:
    """P6, R-60: a last attempt is made shortly before the end."""
    ttl = timedelta(minutes=minutes)
    last = _walk(draw, ttl)[-1]
    assert ttl - timedelta(minutes=1) <= last < ttl


def test_waits_are_drawn_apart() -> None:
    """R-53: ±20 %."""
    end = START + timedelta(days=2)
    arguments = {
        "attempt": 1,
        "accepted_at": START,
        "now": START,
        "expires_at": end,
        "plan": PLAN,
    }
    early = next_due(**arguments, draw=0.0)  # type: ignore[arg-type]
    late = next_due(**arguments, draw=0.999999)  # type: ignore[arg-type]
    assert early is not None
    assert late is not None
    assert early - START == PLAN.first * 0.8
    assert PLAN.first * 1.19 < late - START <= PLAN.first * 1.2


@given(DRAWS)
def test_every_step_of_the_ladder_is_stood_on_once(draw: float) -> None:
    ages = _walk(draw, timedelta(days=2))
    share = 1 + PLAN.jitter * (2 * draw - 1)
    waits = [later - sooner for sooner, later in itertools.pairwise(ages)][: len(PLAN.waits)]
    for wait, planned in zip(waits, PLAN.waits, strict=True):
        assert abs(wait - planned * share) < timedelta(milliseconds=1)


def test_attempts_that_cost_no_wait_do_not_climb_the_ladder() -> None:
    """R-43, R-60."""
    assert PLAN.wait(attempt=12, age=timedelta(0)) == PLAN.first
    assert PLAN.wait(attempt=12, age=timedelta(minutes=12)) == PLAN.waits[2]
    assert PLAN.wait(attempt=1, age=timedelta(days=1)) == PLAN.first


@pytest.mark.parametrize("plan", [{"waits": ()}, {"waits": (timedelta(0),)}, {"jitter": 1.0}])
def test_a_plan_that_makes_no_sense_is_refused(plan: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        RetryPlan(**plan)  # type: ignore[arg-type]
