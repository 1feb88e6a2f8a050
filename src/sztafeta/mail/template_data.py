"""Template variables: plain data within bounds, whatever face they came through (W-19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

DEEPEST: Final = 32
"""How far lists and objects may stand inside each other."""
_LARGEST: Final = 2**63
"""Numbers are those of 64 bits."""


def what_is_wrong_with_data(data: Any, depth: int = 0) -> str | None:
    """Say why a value cannot be given to a template, or None."""
    if isinstance(data, str):
        return None if _is_unicode(data) else "holds half of a surrogate pair"
    if isinstance(data, int):
        return None if -_LARGEST <= data < _LARGEST else "holds a number of more than 64 bits"
    if not isinstance(data, Mapping | list | tuple):
        return None
    if depth == DEEPEST:
        return f"is nested more than {DEEPEST} deep"
    inside = (*data.keys(), *data.values()) if isinstance(data, Mapping) else data
    found = (what_is_wrong_with_data(one, depth + 1) for one in inside)
    return next((trouble for trouble in found if trouble is not None), None)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
