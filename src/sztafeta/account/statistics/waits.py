"""Waits: how long mail took, kept as counts in buckets, so that hours add up to days.

Four buckets double the time: a percentile read from them is at most 9 % off, from a millisecond to days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, log2

PER_OCTAVE = 4
_MILLISECOND = timedelta(milliseconds=1)


def bucket_of(wait: timedelta) -> int:
    """Say into which bucket a wait falls."""
    return int(PER_OCTAVE * log2(max(wait / _MILLISECOND, 1.0)))


def middle_of(bucket: int) -> timedelta:
    """Give the wait that stands for a bucket: its geometric middle."""
    return 2 ** ((bucket + 0.5) / PER_OCTAVE) * _MILLISECOND


@dataclass(frozen=True, slots=True)
class Percentile:
    """The wait that a share of mail did not exceed."""

    share: float
    wait: timedelta
    is_open: bool = False
    """It falls among mail that still waits: the true value is greater."""


def percentiles(
    shares: Sequence[float], *, delivered: Mapping[int, int], waiting: Mapping[int, int]
) -> Sequence[Percentile]:
    """Read waits; mail under way counts with its age so far, so that a jam does not look quick.

    Both mappings are from bucket to count; nothing at all gives nothing.
    """
    total = sum(delivered.values()) + sum(waiting.values())
    if not total:
        return ()
    entries = sorted(
        [(bucket, False, count) for bucket, count in delivered.items()]
        + [(bucket, True, count) for bucket, count in waiting.items()]
    )
    return [_percentile(share, entries, total) for share in shares]


def _percentile(share: float, entries: Sequence[tuple[int, bool, int]], total: int) -> Percentile:
    wanted, passed, is_open = ceil(share * total), 0, False
    for bucket, is_waiting, count in entries:
        passed += count
        is_open = is_open or (is_waiting and count > 0)
        if passed >= wanted:
            return Percentile(share, middle_of(bucket), is_open)
    return Percentile(share, middle_of(entries[-1][0]), is_open)
