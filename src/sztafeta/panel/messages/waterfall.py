"""The waterfall: where the time of a message went, step by step, as rows with a bar each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sztafeta.delivery.hop import read_hop
from sztafeta.delivery.steps import read_steps
from sztafeta.panel.messages.words import RULE, STEP
from sztafeta.panel.texts import N_
from sztafeta.service.ports import Attempt, RecipientHistory

PREPARING: Final = N_("Preparing: claimed and signed")
LEAST: Final = 0.6
"""The least width of a bar, in hundredths, so that it is seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A step: its words, and where its bar stands, in hundredths of the attempt."""

    text: str
    took: timedelta
    begins: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An attempt as the page shows it."""

    attempt: Attempt
    waited: timedelta
    """In the queue, before it."""
    host: str
    address: str
    bars: Sequence[Bar]
    reading: str
    """What the rule means."""

    @property
    def took(self) -> timedelta:
        """From its claim to its end."""
        return self.attempt.ended_at - self.attempt.started_at


def waterfall(accepted_at: datetime, recipient: RecipientHistory) -> list[Tried]:
    """Lay the attempts out, one after the other."""
    tried, before = [], accepted_at
    for attempt in recipient.attempts:
        hop = read_hop(attempt.hop)
        tried.append(
            Tried(
                attempt=attempt,
                waited=max(timedelta(0), attempt.started_at - before),
                host=hop.host,
                address=hop.address,
                bars=_bars(attempt),
                reading=RULE.get(attempt.rule, ""),
            )
        )
        before = attempt.ended_at
    return tried


def _bars(attempt: Attempt) -> list[Bar]:
    """Put the steps behind each other; what they leave of the attempt was preparation."""
    total = attempt.ended_at - attempt.started_at
    steps = [(STEP[stage], took) for stage, took in read_steps(attempt.steps)]
    if not steps:
        return []
    measured = sum((took for _, took in steps), timedelta(0))
    steps.insert(0, (PREPARING, max(timedelta(0), total - measured)))
    whole = max(total, measured, timedelta(milliseconds=1))
    bars, begins = [], timedelta(0)
    for text, took in steps:
        width = max(LEAST, 100 * (took / whole))
        bars.append(
            Bar(text, took, round(min(100 * (begins / whole), 100 - LEAST), 2), round(width, 2))
        )
        begins += took
    return bars
