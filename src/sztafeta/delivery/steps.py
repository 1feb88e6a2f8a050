"""How long each step of an attempt took, as a short text: `route 3 connect 12 tls 31 mail 9 dot 120`.

The steps are the stages of the dialogue, in milliseconds, in the order in which they were taken. Commands
that went out in one packet are one step, named for the first. A kept connection has no connect and no TLS.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sztafeta.delivery.verdict import Stage

_STAGES = {stage.value: stage for stage in Stage}
_MILLISECOND = timedelta(milliseconds=1)


def write_steps(steps: Iterable[tuple[str, float]]) -> str:
    """Write stages with the seconds that they took."""
    return " ".join([f"{stage} {round(seconds * 1000)}" for stage, seconds in steps])


def with_look_up(steps: str, look_up: timedelta | None) -> str:
    """Put the time of the look-up in DNS first, when there was one."""
    if look_up is None:
        return steps
    first = f"{Stage.ROUTE.value} {look_up // _MILLISECOND}"
    return f"{first} {steps}" if steps else first


def read_steps(text: str) -> tuple[tuple[Stage, timedelta], ...]:
    """Read them back; what is not a step is passed over."""
    words = text.split()
    return tuple(
        (_STAGES[stage], timedelta(milliseconds=int(millis)))
        for stage, millis in zip(words[::2], words[1::2], strict=False)
        if stage in _STAGES and millis.isdecimal()
    )
