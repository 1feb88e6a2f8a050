"""Dates, numbers and sizes in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sztafeta.panel.formats import Formats

WARSAW = ZoneInfo("Europe/Warsaw")
POLISH, ENGLISH = Formats("pl", WARSAW), Formats("en", WARSAW)
AT = datetime(2026, 11, 3, 14, 5, 9, tzinfo=UTC)


def test_dates_are_written_in_the_languages_way() -> None:
    assert POLISH.date(AT) == "3 listopada 2026"
    assert POLISH.datetime(AT) == "3.11.2026, 15:05"
    assert POLISH.second(AT) == "3.11.2026, 15:05:09"
    assert ENGLISH.datetime(AT) == "3 Nov 2026, 15:05"
    assert POLISH.utc(AT) == "2026-11-03T14:05:09Z"


def test_a_moment_is_as_brief_as_it_is_clear() -> None:
    assert POLISH.moment(AT, AT + timedelta(hours=1)) == "15:05"
    assert POLISH.moment(AT, AT + timedelta(days=1)) == "3 lis, 15:05"
    assert ENGLISH.moment(AT, AT + timedelta(days=400)) == "3 Nov 2026, 15:05"


def test_numbers_have_the_languages_groups() -> None:
    assert POLISH.number(12345.68) == "12\u00a0345,68"
    assert ENGLISH.number(12345.68) == "12,345.68"
    assert POLISH.percent(0.034) == "3,4\u00a0%"
    assert ENGLISH.percent(0.034) == "3.4%"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0\u00a0B"), (999, "999\u00a0B"), (1500, "1,5\u00a0kB"), (12_400_000, "12,4\u00a0MB")],
)
def test_sizes_have_readable_units(size: int, text: str) -> None:
    assert POLISH.octets(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0404, "40\u00a0ms"),
        (0.354, "0,35\u00a0s"),
        (80, "1\u00a0min 20\u00a0s"),
        (11_100, "3\u00a0h 5\u00a0min"),
    ],
)
def test_durations_are_written_exactly(seconds: float, text: str) -> None:
    assert POLISH.seconds(timedelta(seconds=seconds)) == text
