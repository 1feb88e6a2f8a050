"""Teaches Schemathesis to write a MIME message; loaded by the process that makes the calls."""

from __future__ import annotations

from typing import Any

import schemathesis

HEADER = b"From: alice@example.com\r\nSubject: generated\r\n\r\n"


@schemathesis.serializer("message/rfc822")  # type: ignore[arg-type]
def message(_: Any, value: object) -> bytes:
    """Give half of the generated texts a header, so that some are taken over."""
    octets = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return HEADER + octets if len(octets) % 2 else octets
