"""The judge of timing tests sees a difference and none: a check that cannot fail is a defect."""

from __future__ import annotations

import pytest
from tests.timing.welch import LEAST_P, assert_same, welch


def test_the_judge_sees_a_difference_and_none() -> None:
    times = [0.001 * (1 + number % 7) for number in range(1000)]
    later = [one + 0.0005 for one in times]
    assert welch(times, list(reversed(times))) > 0.9
    assert welch(times, later) < LEAST_P
    assert_same(times, list(reversed(times)))
    with pytest.raises(AssertionError):
        assert_same(times, later)
