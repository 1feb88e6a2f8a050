"""What the service and a rendering process say to each other: frames of msgpack over a pipe."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

import msgspec

LENGTH: Final = 4
"""Octets of the number before each frame, big-endian."""


class Task(Enum):
    """What is to be done."""

    RENDER = "render"
    """With each of these values."""
    PUBLISH = "publish"
    """Make the HTML that mail is made from, and see that it can be read."""
    TEXT = "text"
    """Make text of HTML."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do."""

    task: Task
    subject: str = ""
    html: str = ""
    mjml: str = ""
    text: str = ""
    refuses_missing: bool = True
    shared: dict[str, Any] = {}
    data: list[dict[str, Any]] = []


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A template's fault."""

    text: str
    part: str
    line: int | None = None
    column: int | None = None
    missing: tuple[str, ...] = ()
    index: int = 0
    """Which of the values it came with."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job: subject, HTML and text for each of the values, or why not."""

    parts: list[tuple[str, str, str]] = []
    variables: list[str] = []
    faults: list[Fault] = []


def frame(octets: bytes) -> bytes:
    """Put the length before a frame."""
    return len(octets).to_bytes(LENGTH, "big") + octets


encode = msgspec.msgpack.Encoder().encode
decode_job = msgspec.msgpack.Decoder(Job).decode
decode_done = msgspec.msgpack.Decoder(Done).decode
