"""Scales: where a value stands on a picture, and which values are written beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log, log10

_STEPS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def top_of(greatest: float) -> float:
    """Give the round number at which an axis of counts ends; its half is whole, too."""
    if greatest <= 10:
        return max(2.0 * ceil(greatest / 2), 4.0)
    power = 10.0 ** floor(log10(greatest))
    return next(step * power for step in _STEPS if step * power >= greatest)


def even_ticks(top: float) -> Sequence[float]:
    """Give nothing, half and all of an axis."""
    return (0.0, top / 2, top)


@dataclass(frozen=True, slots=True)
class Linear:
    """From 0 to `top` over a length."""

    top: float
    length: float

    def __call__(self, value: float) -> float:
        """Place a value; what is beyond the end is put there."""
        return min(max(value / self.top, 0.0), 1.0) * self.length


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """From one value to a greater one over a length, by their logarithms."""

    first: float
    last: float
    length: float

    def __call__(self, value: float) -> float:
        """Place a value; what is beyond an end is put there."""
        share = log(max(value, self.first) / self.first) / log(self.last / self.first)
        return min(share, 1.0) * self.length


NATURAL_SECONDS = (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600, 72 * 3600)
"""Waits as people say them."""


def wait_ticks(seconds: Sequence[float]) -> Sequence[float]:
    """Choose those between which all waits lie; at least two."""
    least, most = min(seconds, default=1.0), max(seconds, default=1.0)
    first = max((at for at, one in enumerate(NATURAL_SECONDS) if one <= least), default=0)
    last = min(
        (at for at, one in enumerate(NATURAL_SECONDS) if one >= most),
        default=len(NATURAL_SECONDS) - 1,
    )
    first = min(first, len(NATURAL_SECONDS) - 2)
    return NATURAL_SECONDS[first : max(last, first + 1) + 1]
