"""Metrics: each has a help text, and the accounting identity shows a lost baton."""

from __future__ import annotations

from datetime import timedelta

from sztafeta.delivery.state import State
from sztafeta.metrics import Metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"sztafeta_{name}", labels)


def test_every_metric_has_a_sentence() -> None:
    assert all(one._documentation.endswith(".") for one in Metrics().declared())


def test_accepting_counts_messages_recipients_and_octets() -> None:
    metrics = Metrics()
    metrics.accepted(recipients=3, octets=100)
    assert value(metrics, "accepted_messages_total") == 1
    assert value(metrics, "accepted_recipients_total") == 3
    assert value(metrics, "accepted_octets_total") == 100


def test_an_attempt_is_counted_by_outcome_and_stage() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.attempted(
            outcome="delivered", stage="dot", took=timedelta(seconds=1), age=timedelta(seconds=2)
        )
    assert value(metrics, "attempts_total", outcome="delivered", stage="dot") == 2
    assert value(metrics, "delivery_seconds_count") == 2


def test_a_lost_recipient_shows_as_a_difference() -> None:
    """Acceptance §1.4: accepted = delivered + bounced + expired + canceled + suppressed + queued."""
    metrics = Metrics()
    metrics.counted({State.QUEUED: 2, State.DELIVERED: 7}, accepted=10)
    assert value(metrics, "accounting_difference") == 1
    metrics.counted({State.QUEUED: 2, State.DELIVERED: 8}, accepted=10)
    assert value(metrics, "accounting_difference") == 0


def test_two_services_in_one_process_do_not_share_counts() -> None:
    one, other = Metrics(), Metrics()
    one.accepted(recipients=1, octets=1)
    assert value(other, "accepted_messages_total") == 0
