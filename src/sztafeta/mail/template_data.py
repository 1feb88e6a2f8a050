"""Template variables: plain data within bounds, whatever face they came through (W-19)."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

DEEPEST: Final = 32
"""How far lists and objects may stand inside each other."""
MOST_NAMES: Final = 1000
"""Variables, those inside of others included."""
_LARGEST: Final = 2**63
"""Numbers are those of 64 bits."""


def what_is_wrong_with_data(data: Any) -> str | None:
    """Say why a value cannot be given to a template, or None."""
    trouble = _what_is_wrong(data, 0)
    if trouble is None and _names(data) > MOST_NAMES:
        return f"holds more than {MOST_NAMES} variables"
    return trouble


def _names(data: Any) -> int:
    if isinstance(data, Mapping):
        return len(data) + sum(map(_names, data.values()))
    return sum(map(_names, data)) if isinstance(data, list | tuple) else 0


def _what_is_wrong(data: Any, depth: int) -> str | None:
    if isinstance(data, str):
        return None if _is_unicode(data) else "holds half of a surrogate pair"
    if isinstance(data, int):
        return None if -_LARGEST <= data < _LARGEST else "holds a number of more than 64 bits"
    if isinstance(data, float):
        return None if isfinite(data) else "holds a number that is not JSON"  # RFC 8259 §6
    if not isinstance(data, Mapping | list | tuple):
        return None
    if depth == DEEPEST:
        return f"is nested more than {DEEPEST} deep"
    inside = (*data.keys(), *data.values()) if isinstance(data, Mapping) else data
    found = (_what_is_wrong(one, depth + 1) for one in inside)
    return next((trouble for trouble in found if trouble is not None), None)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
