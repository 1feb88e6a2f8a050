"""What a site is given after trouble and after success."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sztafeta.delivery.shaping import SiteLimits, SiteState
from sztafeta.delivery.verdict import Answer, Failure, FailureKind, Stage, judge
from sztafeta.smtp.reply import reply

NOW = datetime(2026, 11, 24, tzinfo=UTC)
REFUSED = judge(Answer(Stage.CONNECT, Failure(FailureKind.REFUSED, "x")))
CLOSING = judge(Answer(Stage.RCPT, reply(421, "4.7.0", "too many")))
UNKNOWN = judge(Answer(Stage.DOT, Failure(FailureKind.CLOSED, "x")))
DELIVERED = judge(Answer(Stage.DOT, reply(250, "2.0.0", "ok")))
NO_USER = judge(Answer(Stage.RCPT, reply(550, "5.1.1", "no")))


def _state() -> SiteState:
    return SiteState(SiteLimits())


def test_a_healthy_site_gets_all_its_connections() -> None:
    assert _state().allowance(NOW) == 20


def test_a_site_that_throttles_gets_half_and_recovers_one_by_one() -> None:
    """R-57."""
    state = _state()
    state.learn(CLOSING, NOW)
    assert state.allowance(NOW) == 10
    for _ in range(11):
        state.learn(DELIVERED, NOW)
    assert state.allowance(NOW) == 11


def test_a_dead_site_gets_one_probe_an_interval_and_the_interval_grows() -> None:
    """R-50."""
    state, now, pauses = _state(), NOW, []
    for _ in range(6):
        state.learn(REFUSED, now)
        assert state.allowance(now) == 0
        assert state.retry_at is not None
        pauses.append(state.retry_at - now)
        now = state.retry_at
        assert state.allowance(now) == 1
    minutes = [pause / timedelta(minutes=1) for pause in pauses]
    assert minutes == [1, 2, 4, 8, 15, 15]


def test_attempts_that_were_under_way_do_not_count_twice() -> None:
    state = _state()
    for _ in range(20):
        state.learn(REFUSED, NOW)
    assert state.retry_at == NOW + timedelta(minutes=1)


def test_a_success_opens_the_site_again() -> None:
    state = _state()
    state.learn(REFUSED, NOW)
    state.learn(DELIVERED, NOW + timedelta(minutes=1))
    assert state.allowance(NOW + timedelta(minutes=1)) >= 10


def test_a_refused_recipient_shows_that_the_site_talks() -> None:
    state = _state()
    state.learn(REFUSED, NOW)
    state.learn(NO_USER, NOW + timedelta(minutes=1))
    assert state.retry_at is None


def test_unknown_outcomes_in_a_row_mean_a_long_pause() -> None:
    """R-41: a loop of duplicates is worse than a delay."""
    state = _state()
    for _ in range(3):
        state.learn(UNKNOWN, NOW)
    assert state.retry_at == NOW + timedelta(minutes=15)


def test_a_site_that_only_closes_is_closed() -> None:
    state = _state()
    for _ in range(5):
        state.learn(CLOSING, NOW)
    assert state.allowance(NOW) == 0
