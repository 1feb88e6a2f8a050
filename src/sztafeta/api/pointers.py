"""JSON Pointers (RFC 6901): where in a call a value stands, from what the checker of shapes reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sztafeta.service.fault import Fault

_PLACES: Final = frozenset({"body", "query", "path", "header"})


def pointer(path: Iterable[object]) -> str:
    """Write a pointer, for example `/to/0` (RFC 6901 §3)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def faults_of(errors: Sequence[Any]) -> tuple[Fault, ...]:
    """Say each fault that was found in our words."""
    return tuple([_fault(one) for one in errors])


def _fault(error: Any) -> Fault:
    path = list(error["loc"])
    if path and path[0] in _PLACES:
        path = path[1:]
    return Fault(pointer=pointer(path), code=error["type"], text=_sentence(error["msg"]))


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return text if text.endswith((".", "…", "!")) else f"{text}."
