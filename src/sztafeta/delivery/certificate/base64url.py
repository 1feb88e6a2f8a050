"""Base64url without padding, in the one form that each octet string has (RFC 7515 §2)."""

from __future__ import annotations

import base64


def encode(octets: bytes) -> str:
    """Write octets."""
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def decode(text: str) -> bytes:
    """Read octets.

    Raises:
        ValueError: it is no base64url, or not the form that `encode` gives.
    """
    padded = text + "=" * (-len(text) % 4)
    octets = base64.b64decode(padded, altchars=b"-_", validate=True)
    if encode(octets) != text:
        raise ValueError("base64url has one form for the same octets, and this is another")
    return octets
