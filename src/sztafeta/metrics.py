"""Every metric, with its help text, in one place (docs/operate/metrics.md is printed from here).

What every message counts is counted in plain numbers (`tallies`). What only the store knows (what waits) is
set when somebody looks, not on the way of a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics import MetricWrapperBase

from sztafeta.delivery.state import State
from sztafeta.tallies import Spread, Tally

CONTENT_TYPE = CONTENT_TYPE_LATEST

_COMMIT_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 25)
_ATTEMPT_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 600)
_DELIVERY_SECONDS = (0.1, 0.5, 1, 5, 30, 60, 300, 900, 3600, 14400, 86400, 172800)


class Metrics:
    """The metrics of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._declare_intake()
        self._declare_store()
        self._declare_delivery()

    def _declare_intake(self) -> None:
        self.connections = self._gauge(
            "connections", "Open connections of clients.", labels=("listener",)
        )
        self.sessions = self._counter(
            "sessions", "Connections of clients since the start.", labels=("listener",)
        )
        self.refused_connections = self._counter(
            "refused_connections", "Connections refused by a limit.", labels=("listener", "limit")
        )
        self.auth_failures = self._counter(
            "auth_failures", "Logins that failed.", labels=("reason",)
        )
        self.rejections = self._counter(
            "rejections", "Messages and recipients refused, by reply code.", labels=("code",)
        )
        self.accepted_messages = self._tally("accepted_messages", "Messages answered with 250.")
        self.accepted_recipients = self._tally(
            "accepted_recipients", "Recipients of messages answered with 250."
        )
        self.accepted_octets = self._tally("accepted_octets", "Octets of accepted messages.")

    def _declare_store(self) -> None:
        self.accept_seconds = self._spread(
            "accept_seconds", "From a message's end to its being on disk.", _COMMIT_SECONDS
        )
        self.store_broken = self._gauge(
            "store_broken", "1 when a sync failed and nothing is promised any more."
        )
        self.recipients = self._gauge(
            "recipients", "Recipients that are not final, by state.", labels=("state",)
        )

    def _declare_delivery(self) -> None:
        self.attempts = self._tally(
            "attempts", "Attempts for one recipient, by outcome.", labels=("outcome", "stage")
        )
        self.attempt_seconds = self._spread(
            "attempt_seconds", "How long an attempt took.", _ATTEMPT_SECONDS
        )
        self.delivery_seconds = self._spread(
            "delivery_seconds", "From acceptance to the receiver's 250.", _DELIVERY_SECONDS
        )
        self.outbound_connections = self._gauge(
            "outbound_connections", "Connections to receivers now at work."
        )
        self.ready = self._gauge("ready", "Recipients in memory that wait for a connection.")
        self.log_lines_dropped = self._gauge(
            "log_lines_dropped", "Log lines dropped because nobody read them."
        )

    # -- declaring -----------------------------------------------------------------------------

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"sztafeta_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(f"sztafeta_{name}", text, labels, registry=self.registry)

    def _tally(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Tally:
        return Tally(f"sztafeta_{name}", text, labels, registry=self.registry)

    def _spread(self, name: str, text: str, bounds: tuple[float, ...]) -> Spread:
        return Spread(f"sztafeta_{name}", text, bounds, registry=self.registry)

    def declared(self) -> list[MetricWrapperBase | Tally | Spread]:
        """Give all metrics in the order in which they are declared."""
        kinds = MetricWrapperBase | Tally | Spread
        return [value for value in vars(self).values() if isinstance(value, kinds)]

    # -- counting ------------------------------------------------------------------------------

    def accepted(self, *, recipients: int, octets: int, took: timedelta) -> None:
        """Count a message that was answered with 250."""
        self.accept_seconds.observe(took.total_seconds())
        self.accepted_messages.add()
        self.accepted_recipients.add(recipients)
        self.accepted_octets.add(octets)

    def attempted(self, *, outcome: str, stage: str, took: timedelta, age: timedelta) -> None:
        """Count one recipient's attempt."""
        self.attempts.add(labels=(outcome, stage))
        self.attempt_seconds.observe(took.total_seconds())
        if outcome == "delivered":
            self.delivery_seconds.observe(age.total_seconds())

    def look(
        self, *, live: Mapping[State, int], outbound: int, ready: int, lines_dropped: int
    ) -> None:
        """Note what is so now; asked for when somebody reads the metrics."""
        for state in State:
            if not state.is_final:
                self.recipients.labels(state.name.lower()).set(live.get(state, 0))
        self.outbound_connections.set(outbound)
        self.ready.set(ready)
        self.log_lines_dropped.set(lines_dropped)

    def exposition(self) -> bytes:
        """Write all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
