"""What is usual, and where the month will end."""

from __future__ import annotations

from datetime import date, timedelta

from sztafeta.account.statistics.usual import month, usual

TODAY = date(2026, 11, 18)  # a Wednesday


def test_the_usual_is_the_middle_of_the_weeks_in_which_something_was_sent() -> None:
    assert usual([100, 0, 120, 500]) == 120
    assert usual([0, 0, 0, 0]) is None


def steady(weekday: int, weekend: int) -> dict[date, int]:
    days = [TODAY - timedelta(days=number) for number in range(60)]
    return {day: weekend if day.weekday() > 4 else weekday for day in days}


def test_a_month_is_projected_by_its_weekdays() -> None:
    meter = month(steady(100, 10), today=TODAY, day_share=1.0, free=24_000)
    coming = 8 * 100 + 4 * 10  # 19 to 30 November
    assert meter.used == 13 * 100 + 5 * 10
    assert meter.least < meter.used + coming < meter.most
    assert meter.most - meter.least < coming * 0.11


def test_a_month_with_a_wild_past_has_a_wide_range() -> None:
    used = steady(100, 10) | {TODAY - timedelta(days=6): 1000}  # a Thursday
    meter = month(used, today=TODAY, day_share=1.0, free=24_000)
    assert meter.most - meter.least > 1800  # both Thursdays to come may be like it


def test_a_month_without_a_past_promises_nothing() -> None:
    meter = month({TODAY: 5}, today=TODAY, day_share=0.5, free=24_000)
    assert (meter.used, meter.least, meter.most) == (5, 5, 5)


def test_the_rest_of_today_is_still_to_come() -> None:
    morning = month(steady(100, 10), today=TODAY, day_share=0.25, free=24_000)
    evening = month(steady(100, 10), today=TODAY, day_share=1.0, free=24_000)
    assert morning.least > evening.least


def test_a_share_may_be_over_one() -> None:
    assert month({TODAY: 300}, today=TODAY, day_share=1.0, free=200).share == 1.5
    assert month({}, today=TODAY, day_share=1.0, free=0).share == 0.0
