"""Durations and sizes as people write them: `48h`, `5m`, `300s`, `10MiB`.

Elsewhere durations are `timedelta` and sizes are octets; here is the only place that knows their spelling.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TOO_LONG = 1000 * 365 * _SECONDS["d"]
_EXAMPLES = 'write for example "90s", "5m" or "48h"'
_SIZE = re.compile(r"(\d+)\s*(B|KiB|MiB|GiB)?", re.IGNORECASE)
_OCTETS = {"b": 1, "kib": 1024, "mib": 1024**2, "gib": 1024**3}


def parse_duration(written: Any) -> timedelta:
    """Read `90s`, `5m`, `48h`, `7d` or a number of seconds.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(written, timedelta):
        return written
    match = _DURATION.fullmatch(str(written).strip())
    seconds = float(match[1]) * _SECONDS[match[2] or "s"] if match else _TOO_LONG
    if seconds >= _TOO_LONG or isinstance(written, bool):
        raise ValueError(f"{written!r} is not a duration; {_EXAMPLES}")
    return timedelta(seconds=seconds)


def parse_period(written: Any) -> timedelta:
    """Read a duration that cannot be nothing, because then nothing would ever be done.

    Raises:
        ValueError: it is not one, or it is nothing.
    """
    duration = parse_duration(written)
    if not duration:
        raise ValueError(f"must be longer than 0s; {_EXAMPLES}")
    return duration


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that leaves a whole number."""
    milliseconds = round(duration.total_seconds() * 1000)
    for unit in ("d", "h", "m", "s"):
        size = round(_SECONDS[unit] * 1000)
        if milliseconds % size == 0 and (milliseconds >= size or unit == "s"):
            if unit == "d" and milliseconds < 3 * size:
                continue  # 48h says more than 2d beside retry times
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def parse_size(written: Any) -> int:
    """Read `10MiB`, `64KiB` or a number of octets.

    Raises:
        ValueError: it is neither.
    """
    match = _SIZE.fullmatch(str(written).strip())
    if match is None or isinstance(written, bool):
        raise ValueError(f'{written!r} is not a size; write for example "64KiB" or "10MiB"')
    return int(match[1]) * _OCTETS[(match[2] or "B").lower()]


def format_size(octets: int) -> str:
    """Write a size in the largest unit that leaves a whole number."""
    for unit in ("GiB", "MiB", "KiB"):
        if octets and octets % _OCTETS[unit.lower()] == 0:
            return f"{octets // _OCTETS[unit.lower()]}{unit}"
    return f"{octets}B"


Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)
]
Period = Annotated[
    timedelta, BeforeValidator(parse_period), PlainSerializer(format_duration, return_type=str)
]
Size = Annotated[int, BeforeValidator(parse_size), PlainSerializer(format_size, return_type=str)]
