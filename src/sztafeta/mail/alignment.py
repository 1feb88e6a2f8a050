"""Alignment of what a message is signed as with its author, as DMARC compares them (RFC 7489 §3.1)."""

from __future__ import annotations

from enum import Enum


class Alignment(Enum):
    """How two domains relate."""

    STRICT = "strict"
    """The same."""
    RELAXED = "relaxed"
    """One lies within the other."""
    NONE = "none"


def alignment(author_domain: str, other: str) -> Alignment:
    """Compare; siblings below one registered domain are not recognised, the list of those is not ours."""
    if not author_domain or not other:
        return Alignment.NONE
    if author_domain == other:
        return Alignment.STRICT
    is_within = author_domain.endswith(f".{other}") or other.endswith(f".{author_domain}")
    return Alignment.RELAXED if is_within else Alignment.NONE
