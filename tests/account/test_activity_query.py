"""The query language: what is written is read back, what is not understood is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.account.activity import ActivityQuery, Status, instant, status_of
from sztafeta.account.activity_query import FaultKind, read, write
from sztafeta.delivery.state import State

TEXTS = st.text(min_size=1, max_size=20)
MOMENTS = st.one_of(
    st.integers(1, 9999).map(lambda minutes: timedelta(minutes=minutes)),
    st.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2099-01-01")).map(
        lambda at: at.replace(second=0, microsecond=0)
    ),
)
QUERIES = st.builds(
    ActivityQuery,
    to=st.just("") | TEXTS,
    sender=st.just("") | TEXTS,
    subject=st.just("") | TEXTS,
    tag=st.just("") | TEXTS,
    metadata=st.none() | st.tuples(TEXTS.filter(lambda text: "=" not in text), TEXTS),
    account=st.sampled_from(["", "1.shop.smtp"]),
    identity=st.sampled_from(["", "msg_0k3zr6w5m4001", "<1@example.com>"]),
    domain=st.sampled_from(["", "wp.pl", "xn--d-eka.example"]),
    statuses=st.lists(st.sampled_from(Status), unique=True, max_size=3).map(tuple),
    bounce_class=st.sampled_from(["", "bad-mailbox", "dns,connection"]),
    provider=st.sampled_from(["", "home.pl"]),
    since=st.none() | MOMENTS,
    until=st.none() | MOMENTS,
    words=st.lists(TEXTS, max_size=3).map(tuple),
)


@given(QUERIES)
def test_what_is_written_is_read_back(query: ActivityQuery) -> None:
    text = write(query)
    found = read(text)
    if len(text) <= 500:
        assert found.query == query
        assert found.faults == ()


@given(st.text(max_size=60))
def test_no_text_is_a_mistake_of_ours(text: str) -> None:
    found = read(text)
    assert read(write(found.query)).query == found.query


def test_the_language_of_the_guide() -> None:
    found = read(
        "to:jan@wp.pl status:deferred,bounced TAG:order meta:order=A=17 since:2h"
        ' subject:"Order 5" domain:@WP.pl zamówienie'
    )
    assert found.faults == ()
    assert found.query == ActivityQuery(
        to="jan@wp.pl",
        statuses=(Status.DEFERRED, Status.BOUNCED),
        tag="order",
        metadata=("order", "A=17"),
        since=timedelta(hours=2),
        subject="Order 5",
        domain="wp.pl",
        words=("zamówienie",),
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x" * 501, FaultKind.TOO_LONG),
        ('subject:"order', FaultKind.OPEN_QUOTE),
        ('"order', FaultKind.OPEN_QUOTE),
        ("Re:order", FaultKind.UNKNOWN_KEY),
        ("to:", FaultKind.EMPTY),
        ('""', FaultKind.EMPTY),
        ("to:a to:b", FaultKind.TWICE),
        ("status:lost", FaultKind.STATUS),
        ("since:yesterday", FaultKind.TIME),
        ("since:2026-13-01", FaultKind.TIME),
        ("since:0h", FaultKind.TIME),
        ("domain:w_p.pl", FaultKind.DOMAIN),
        ("meta:order", FaultKind.METADATA),
        ("meta:=17", FaultKind.METADATA),
    ],
)
def test_what_is_not_understood_is_named(text: str, kind: FaultKind) -> None:
    assert [fault.kind for fault in read(text).faults] == [kind]


def test_each_part_can_be_taken_away() -> None:
    query = read("to:jan@wp.pl a b").query
    assert [(write(part), write(rest)) for part, rest in query.without()] == [
        ("to:jan@wp.pl", "a b"),
        ("a", "to:jan@wp.pl b"),
        ("b", "to:jan@wp.pl a"),
    ]
    assert ActivityQuery().is_empty
    assert not query.is_empty


def test_moments_become_instants() -> None:
    now = datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert instant(timedelta(hours=2), now, UTC) == datetime(2026, 1, 2, 10, tzinfo=UTC)
    assert instant(datetime.fromisoformat("2026-01-01"), now, UTC) == datetime(
        2026, 1, 1, tzinfo=UTC
    )
    assert instant(None, now, UTC) is None


def test_deferred_is_queued_after_an_attempt() -> None:
    assert status_of(State.QUEUED, 0) is Status.QUEUED
    assert status_of(State.QUEUED, 2) is Status.DEFERRED
    assert status_of(State.BOUNCED, 1) is Status.BOUNCED
    assert {status for status in Status if not status.is_final} == {
        Status.QUEUED,
        Status.DEFERRED,
        Status.SENDING,
        Status.HELD,
    }
