"""Guessing becomes slow without locking anybody out (S-30); recipients have a rate."""

from __future__ import annotations

import pytest

from sztafeta.submission.limits import Limits
from sztafeta.submission.throttle import (
    DAY,
    KEPT,
    LONGEST_DELAY,
    LoginThrottle,
    RecipientRate,
    delay_after,
)


def test_ten_failures_a_minute_and_the_address_waits_for_the_rest_of_the_minute() -> None:
    """S-30: acceptance §1.7."""
    throttle = LoginThrottle(Limits())
    for second in range(10):
        assert throttle.wait("192.0.2.7", float(second)) == 0
        throttle.failed("192.0.2.7", "1.alice.smtp", float(second))
    assert throttle.wait("192.0.2.7", 10.0) == 50.0
    assert throttle.wait("192.0.2.8", 10.0) == 0, "others are not concerned"
    assert throttle.wait("192.0.2.7", 60.0) == 0


def test_fifty_failures_a_day_and_the_address_waits_until_the_first_is_a_day_old() -> None:
    throttle = LoginThrottle(Limits())
    for number in range(50):
        throttle.failed("192.0.2.7", "1.alice.smtp", number * 600.0)
    assert throttle.wait("192.0.2.7", 40_000.0) == DAY - 40_000
    assert throttle.wait("192.0.2.7", DAY) == 0


@pytest.mark.parametrize(
    ("failures", "delay"), [(1, 0), (3, 0), (4, 0.5), (5, 1), (6, 2), (9, 8), (10_000, 8)]
)
def test_a_login_that_is_guessed_at_answers_more_and_more_slowly(
    failures: int, delay: float
) -> None:
    assert delay_after(failures) == delay <= LONGEST_DELAY


def test_success_forgets_the_failures_of_the_login() -> None:
    throttle = LoginThrottle(Limits())
    for number in range(4):
        delay = throttle.failed(f"192.0.2.{number}", "1.alice.smtp", 0.0)
    assert delay > 0
    throttle.succeeded("1.alice.smtp")
    assert throttle.failed("192.0.2.9", "1.alice.smtp", 0.0) == 0


def test_what_is_remembered_is_bounded() -> None:
    throttle = LoginThrottle(Limits())
    for number in range(KEPT + 10):
        throttle.failed(str(number), str(number), 0.0)
    assert len(throttle._by_network) == KEPT
    assert len(throttle._in_a_row) == KEPT


def test_an_hours_worth_of_recipients_may_come_at_once_and_then_one_by_one() -> None:
    rate = RecipientRate(3600)
    for _ in range(3600):
        assert rate.take(1, 0.0) == 0
    assert rate.take(1, 0.0) == 1.0
    assert rate.take(2, 0.0) == 0, "another account has its own"
    assert rate.take(1, 1.0) == 0
    assert rate.take(1, 1.0) == 1.0


def test_a_rate_of_zero_is_no_limit() -> None:
    rate = RecipientRate(0)
    assert not any(rate.take(1, 0.0) for _ in range(1000))
