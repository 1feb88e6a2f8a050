"""The judge of timing tests: Welch's t-test, and how far medians are apart."""

from __future__ import annotations

from math import erfc, sqrt
from statistics import fmean, median, variance
from typing import Final

TRIES: Final = 1000
"""Of each kind, interleaved."""
LEAST_P: Final = 0.01
MOST_APART: Final = 0.001
"""Seconds between the medians."""


def welch(one: list[float], other: list[float]) -> float:
    """Give the two-sided p of Welch's t-test; with this many tries t is as good as normal."""
    spread = sqrt(variance(one) / len(one) + variance(other) / len(other))
    return erfc(abs(fmean(one) - fmean(other)) / spread / sqrt(2))


def trimmed(times: list[float]) -> list[float]:
    """Leave the slowest twentieth out: what the machine did meanwhile."""
    return sorted(times)[: len(times) * 19 // 20]


def assert_same(known: list[float], unknown: list[float]) -> None:
    """Fail when the times, in seconds, tell the two kinds apart."""
    p, apart = welch(trimmed(known), trimmed(unknown)), abs(median(known) - median(unknown))
    assert apart < MOST_APART, f"{apart * 1e3:.2f} ms apart, p {p:.3f}"
    assert p > LEAST_P, f"{apart * 1e3:.3f} ms apart, p {p:.5f}"
