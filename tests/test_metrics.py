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
    metrics.accepted(recipients=3, octets=100, took=timedelta(0))
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


def test_what_waits_is_shown_by_state() -> None:
    metrics = Metrics()
    metrics.look(live={State.QUEUED: 2}, outbound=3, ready=1, lines_dropped=0)
    assert value(metrics, "recipients", state="queued") == 2
    assert value(metrics, "recipients", state="held") == 0
    assert value(metrics, "outbound_connections") == 3


def test_two_services_in_one_process_do_not_share_counts() -> None:
    one, other = Metrics(), Metrics()
    one.accepted(recipients=1, octets=1, took=timedelta(0))
    assert value(other, "accepted_messages_total") == 0
