"""When a message is tried first and when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sztafeta.delivery.timing import Timing, TimingFault, plan_timing

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TTL = timedelta(hours=48)


def planned(send_at: timedelta | None = None, expires_at: timedelta | None = None) -> Timing:
    return plan_timing(
        NOW,
        send_at=None if send_at is None else NOW + send_at,
        expires_at=None if expires_at is None else NOW + expires_at,
        ttl=TTL,
    )


def test_a_message_is_tried_at_once_and_as_long_as_the_account_says() -> None:
    assert planned() == Timing(None, NOW + TTL)


def test_a_time_in_the_past_is_now() -> None:
    assert planned(-timedelta(days=1)) == Timing(None, NOW + TTL)


def test_the_life_of_a_message_begins_when_it_is_due() -> None:
    later = timedelta(days=30)
    assert planned(later) == Timing(NOW + later, NOW + later + TTL)


@pytest.mark.parametrize(
    ("send_at", "expires_at", "field"),
    [
        (timedelta(days=30, seconds=1), None, "send_at"),
        (None, timedelta(0), "expires_at"),
        (timedelta(hours=1), timedelta(hours=1), "expires_at"),
        (None, TTL + timedelta(seconds=1), "expires_at"),
    ],
)
def test_instants_that_do_not_fit_are_told(
    send_at: timedelta | None, expires_at: timedelta | None, field: str
) -> None:
    with pytest.raises(TimingFault) as told:
        planned(send_at, expires_at)
    assert told.value.field == field
