"""Reports: slots of a person's own time, and what is read out of them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sztafeta.account.statistics.counts import Place, Step, What
from sztafeta.account.statistics.report import Period, Report, laid_out, slots_of
from sztafeta.account.statistics.waits import bucket_of
from sztafeta.delivery.provider import Provider

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 11, 3, 12, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "number", "first", "last"),
    [
        (
            Period.DAY,
            24,
            datetime(2026, 11, 2, 13, tzinfo=UTC),
            datetime(2026, 11, 3, 12, tzinfo=UTC),
        ),
        (
            Period.WEEK,
            28,
            datetime(2026, 10, 27, 17, tzinfo=UTC),
            datetime(2026, 11, 3, 11, tzinfo=UTC),
        ),
        (
            Period.MONTH,
            30,
            datetime(2026, 10, 4, 22, tzinfo=UTC),
            datetime(2026, 11, 2, 23, tzinfo=UTC),
        ),
        (
            Period.QUARTER,
            90,
            datetime(2026, 8, 5, 22, tzinfo=UTC),
            datetime(2026, 11, 2, 23, tzinfo=UTC),
        ),
    ],
)
def test_slots_begin_where_the_wall_clock_says(
    period: Period, number: int, first: datetime, last: datetime
) -> None:
    starts = slots_of(period, NOW, WARSAW)
    assert (len(starts), starts[0], starts[-1]) == (number, first, last)
    assert list(starts) == sorted(set(starts))


def test_a_day_that_is_an_hour_longer_is_one_slot_still() -> None:
    starts = slots_of(Period.MONTH, NOW, WARSAW)
    assert {after - before for before, after in itertools.pairwise(starts)} == {
        timedelta(hours=24),
        timedelta(hours=25),  # 25 October
    }


def place(what: What, hour: int, *, detail: str = "", provider: Provider = Provider.GMAIL) -> Place:
    at = datetime(2026, 11, 3, hour, tzinfo=UTC)
    return Place(Step.HOUR, at, 0, provider, what, detail)


def report(*counts: tuple[Place, int]) -> Report:
    starts = slots_of(Period.DAY, NOW, WARSAW)
    cells = laid_out(counts, starts, Step.HOUR)
    return Report(starts=starts, now=NOW, counted_until=NOW, cells=cells)


def test_flows_of_slots_and_providers_add_up_to_the_whole() -> None:
    one = report(
        (place(What.ACCEPTED, 9), 10),
        (place(What.DELIVERED, 9), 6),
        (place(What.BOUNCED, 9, detail="policy"), 1),
        (place(What.ACCEPTED, 11, provider=Provider.WP), 5),
        (place(What.EXPIRED, 11, provider=Provider.WP), 5),
        (place(What.SUPPRESSED, 11, provider=Provider.WP), 2),
    )
    assert (one.flow().whole, one.flow().unfinished) == (17, 3)
    assert sum(one.flow(slot=slot).whole for slot in range(24)) == 17
    assert sum(one.flow(provider=provider).whole for provider in Provider) == 17
    assert one.flow(provider=Provider.WP).rate == 0.0
    assert one.flow(provider=Provider.ONET).rate is None
    assert one.providers == [Provider.GMAIL, Provider.WP]


def test_what_is_older_than_the_period_is_left_out() -> None:
    old = Place(Step.HOUR, NOW - timedelta(days=2), 0, Provider.GMAIL, What.ACCEPTED)
    assert report((old, 5)).flow().whole == 0


def test_causes_come_greatest_first_with_where_most_of_them_were() -> None:
    causes = report(
        (place(What.BOUNCED, 9, detail="policy"), 3),
        (place(What.BOUNCED, 10, detail="policy", provider=Provider.WP), 6),
        (place(What.DEFERRED, 10, detail="rate"), 20),
        (place(What.EXPIRED, 10), 1),
    ).causes()
    assert [(one.what, one.detail, one.number) for one in causes] == [
        (What.DEFERRED, "rate", 20),
        (What.BOUNCED, "policy", 9),
        (What.EXPIRED, "", 1),
    ]
    assert causes[1].provider is Provider.WP
    assert round(causes[1].share, 2) == 0.67


def test_mail_under_way_counts_with_its_age() -> None:
    second = str(bucket_of(timedelta(seconds=1)))
    half, most, _ = report(
        (place(What.ACCEPTED, 8), 10),
        (place(What.DELIVERED, 8), 6),
        (place(What.WAITED, 8, detail=second), 6),
    ).waits(Provider.GMAIL)
    assert half.wait < timedelta(seconds=1.2)
    assert most.is_open
    assert timedelta(hours=3) < most.wait < timedelta(hours=4)
