"""JSON as we write it: UTF-8, times in RFC 3339 with `Z`, nothing escaped that need not be."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec


def to_json(value: object) -> bytes:
    """Write a value."""
    return _encoder.encode(value)


def time_text(at: datetime | None) -> str | None:
    """Write an instant, to the millisecond."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _known(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_encoder = msgspec.json.Encoder(enc_hook=_known)
