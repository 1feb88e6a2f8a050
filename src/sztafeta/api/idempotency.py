"""The idempotency key of a call: how it is read and described, and how an answer says it is an old one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from sztafeta.api.header_fields import field
from sztafeta.api.problem import Problem
from sztafeta.service.fault import Fault

LONGEST_KEY: Final = 256
REPLAYED: Final[Mapping[str, str]] = {"Idempotent-Replayed": "true"}
IDEMPOTENCY_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeat a call as often as you like: it is done once, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
}


def idempotency_key(request: Request) -> str:
    """Read the caller's idempotency key; empty: there is none.

    Raises:
        Problem: it is too long.
    """
    key = field(request, b"idempotency-key").strip().strip('"')
    if len(key) > LONGEST_KEY or not key.isprintable():
        fault = Fault(
            pointer="", code="bad_key", text=f"A key has 1 to {LONGEST_KEY} visible characters."
        )
        raise Problem("invalid", "The Idempotency-Key cannot be used.", errors=(fault,))
    return key
