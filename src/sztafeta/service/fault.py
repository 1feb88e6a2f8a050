"""Faults of a call: everything that is wrong with it, found at once, each at its place (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing to change."""

    pointer: str
    """Where: a JSON Pointer into the call (RFC 6901), for example `/to/0`."""
    code: str
    """A stable word for programs, for example `invalid_address`."""
    text: str
    """What is wrong, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a verb refuses a call; the face prints it in its own language."""

    code: str
    """A stable word with a page of its own, for example `template_unknown`."""
    http_status: int
    text: str
    """What is wrong, in a sentence."""
    fix: str
    """What to change, in a sentence."""
    faults: tuple[Fault, ...] = ()
    retry_after: int | None = None
    """Seconds after which the same call may succeed; None: it will not."""
