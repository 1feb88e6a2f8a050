"""Percentiles read from buckets are near the truth, and honest about mail that still waits."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from sztafeta.account.statistics.waits import bucket_of, middle_of, percentiles

MILLISECONDS = st.integers(1, 48 * 3600 * 1000)


@given(st.lists(MILLISECONDS, min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_off_by_less_than_a_tenth(waits: list[int], share: float) -> None:
    buckets = Counter(bucket_of(timedelta(milliseconds=one)) for one in waits)
    (read,) = percentiles([share], delivered=buckets, waiting={})
    true = sorted(waits)[ceil(share * len(waits)) - 1]
    assert abs(read.wait / timedelta(milliseconds=true) - 1) < 0.1
    assert not read.is_open


@given(st.lists(MILLISECONDS, min_size=1), st.lists(MILLISECONDS, min_size=1))
def test_the_histograms_of_two_hours_add_up_to_that_of_both(one: list[int], two: list[int]) -> None:
    first, second = (
        Counter(bucket_of(timedelta(milliseconds=wait)) for wait in waits) for waits in (one, two)
    )
    both = Counter(bucket_of(timedelta(milliseconds=wait)) for wait in one + two)
    assert first + second == both


def test_mail_that_waits_makes_a_percentile_open() -> None:
    second, hour = bucket_of(timedelta(seconds=1)), bucket_of(timedelta(hours=1))
    half, most = percentiles([0.5, 0.99], delivered={second: 90}, waiting={hour: 10})
    assert not half.is_open
    assert most.is_open
    assert most.wait > timedelta(minutes=54)


def test_nothing_has_no_percentiles() -> None:
    assert percentiles([0.5], delivered={}, waiting={}) == ()


def test_less_than_a_millisecond_is_the_first_bucket() -> None:
    assert bucket_of(timedelta(0)) == 0
    assert middle_of(0) < timedelta(milliseconds=1.2)
