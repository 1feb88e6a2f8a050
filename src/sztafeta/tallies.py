"""Tallies: counters and histograms of the mail path, kept as plain numbers.

prometheus_client takes a lock for every number it changes. These belong to the event loop alone, so they
are added up without one and put into Prometheus' words when somebody reads them. Names and texts are kept
where prometheus_client keeps its own, for whoever lists all metrics.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

INFINITY: Final = float("inf")


class Tally(Collector):
    """A counter, with or without labels."""

    def __init__(
        self, name: str, text: str, labels: Sequence[str] = (), *, registry: CollectorRegistry
    ) -> None:
        self._name, self._documentation, self._labelnames = name, text, tuple(labels)
        self._counts: dict[tuple[str, ...], int] = {} if labels else {(): 0}
        registry.register(self)

    def add(self, amount: int = 1, labels: tuple[str, ...] = ()) -> None:
        """Count."""
        self._counts[labels] = self._counts.get(labels, 0) + amount

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Give what was counted."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labelnames)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family


class Spread(Collector):
    """A histogram."""

    def __init__(
        self, name: str, text: str, bounds: Sequence[float], *, registry: CollectorRegistry
    ) -> None:
        self._name, self._documentation = name, text
        self._labelnames: tuple[str, ...] = ()
        self._bounds = (*bounds, INFINITY)
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        registry.register(self)

    def observe(self, amount: float) -> None:
        """Count an amount in the bucket of the first bound that it does not exceed."""
        self._counts[bisect_left(self._bounds, amount)] += 1
        self._sum += amount

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Give the buckets; each counts what the lower ones count, too."""
        family = HistogramMetricFamily(self._name, self._documentation)
        bounds = map(floatToGoString, self._bounds)
        family.add_metric((), list(zip(bounds, accumulate(self._counts), strict=True)), self._sum)
        yield family
