"""Events add up to counts whose slots close, whatever the events."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sztafeta.account.statistics.counts import Happening, Place, Step, What, counted, day_of
from sztafeta.account.statistics.flow import Flow
from sztafeta.delivery.provider import Provider
from sztafeta.event import EventKind

WARSAW = ZoneInfo("Europe/Warsaw")
NOON = datetime(2026, 11, 3, 12, 20, tzinfo=UTC)
FINAL = (EventKind.DELIVERED, EventKind.BOUNCED, EventKind.CANCELED)
DOMAINS = st.sampled_from(["gmail.com", "wp.pl", "example.com"])
HOPS = st.sampled_from(["", "mx.google.com[1.2.3.4]:25", "mx.wp.pl[1.2.3.4]:25"])


def happened(
    kind: EventKind, *, domain: str = "example.com", hop: str = "", **more: object
) -> Happening:
    values: dict[str, object] = {
        "event_id": 1,
        "kind": kind,
        "at": NOON + timedelta(hours=2),
        "account_id": 7,
        "domain": domain,
        "accepted_at": NOON,
        "hop": hop,
    }
    return Happening(**(values | more))  # type: ignore[arg-type]


def by_hour(counts: Counter[Place]) -> dict[tuple[int, str, str], int]:
    return {
        (place.at.hour, place.provider.value, f"{place.what.value}:{place.detail}"): number
        for place, number in counts.items()
        if place.step is Step.HOUR and place.what is not What.WAITED
    }


def test_an_outcome_is_counted_in_the_hour_in_which_its_message_was_accepted() -> None:
    counts = counted([happened(EventKind.QUEUED), happened(EventKind.DELIVERED)], WARSAW)
    assert by_hour(counts) == {(12, "other", "accepted:"): 1, (12, "other", "delivered:"): 1}


def test_a_deferral_is_counted_in_its_own_hour() -> None:
    counts = counted([happened(EventKind.DEFERRED, bounce_class="rate")], WARSAW)
    assert by_hour(counts) == {(14, "other", "deferred:rate"): 1}


def test_a_recipient_moves_to_the_provider_that_answered() -> None:
    hop = "aspmx.l.google.com[1.2.3.4]:25"
    first = counted([happened(EventKind.QUEUED)], WARSAW)
    later = counted([happened(EventKind.DELIVERED, hop=hop)], WARSAW)
    total = first.copy()
    total.update(later)
    assert {key: one for key, one in by_hour(total).items() if one} == {
        (12, "gmail", "accepted:"): 1,
        (12, "gmail", "delivered:"): 1,
    }


def test_what_was_given_up_is_not_called_bounced() -> None:
    counts = counted([happened(EventKind.BOUNCED, is_expiry=True, bounce_class="rate")], WARSAW)
    assert by_hour(counts) == {(12, "other", "expired:"): 1}


def test_a_refused_recipient_was_never_accepted() -> None:
    assert by_hour(counted([happened(EventKind.REJECTED)], WARSAW)) == {
        (12, "other", "suppressed:"): 1
    }


def test_the_wait_is_kept_with_its_bucket() -> None:
    counts = counted([happened(EventKind.DELIVERED, at=NOON + timedelta(seconds=2))], WARSAW)
    waits = [(one.step, one.detail) for one in counts if one.what is What.WAITED]
    assert waits == [(step, "43") for step in Step]


def test_a_day_begins_at_the_zones_midnight() -> None:
    late = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)  # 0:30 of the 4th in Warsaw
    assert day_of(late, WARSAW) == datetime(2026, 11, 3, 23, 0, tzinfo=UTC)
    summer = datetime(2026, 7, 3, 21, 59, tzinfo=UTC)
    assert day_of(summer, WARSAW) == datetime(2026, 7, 2, 22, 0, tzinfo=UTC)


@given(
    st.lists(st.tuples(DOMAINS, HOPS, st.sampled_from([*FINAL, None]), st.booleans()), max_size=40)
)
def test_the_flow_closes_to_all_that_was_handed_in(
    mail: list[tuple[str, str, EventKind | None, bool]],
) -> None:
    happenings, refused = [], 0
    for domain, hop, end, is_suppressed in mail:
        if is_suppressed:
            refused += 1
            happenings.append(happened(EventKind.REJECTED, domain=domain))
            continue
        happenings.append(happened(EventKind.QUEUED, domain=domain))
        if end is not None:
            happenings.append(happened(end, domain=domain, hop=hop, bounce_class="full"))
    for step in Step:
        flow, providers = Flow(), dict.fromkeys(Provider, 0)
        for place, number in counted(happenings, WARSAW).items():
            if place.step is step:
                flow.add(place.what, number)
                providers[place.provider] += _signed(place.what, number)
        parts = flow.delivered + flow.failed + flow.unfinished
        assert flow.whole == len(mail)
        assert parts + flow.of(What.CANCELED) + flow.of(What.SUPPRESSED) == len(mail)
        assert min(providers.values()) >= 0  # no provider ends more than it was given


def _signed(what: What, number: int) -> int:
    if what is What.ACCEPTED:
        return number
    return -number if what in (What.DELIVERED, What.BOUNCED, What.CANCELED) else 0


def test_a_flow_of_nothing_has_no_rate() -> None:
    assert Flow().rate is None
