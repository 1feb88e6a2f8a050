"""EmailLabs' words for what happened, and its times; they live at this edge alone (emaillabs.md §6.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sztafeta.delivery.classify import BounceClass
from sztafeta.delivery.state import State
from sztafeta.event import FINAL_KINDS, Event, EventKind
from sztafeta.service.ports import (
    TRIED,
    RecipientHistory,
    Standing,
    StandingCount,
    SuppressionReason,
    standing_of,
)

WARSAW: Final = ZoneInfo("Europe/Warsaw")
"""The times of both APIs are Poland's, without saying so."""
SECOND: Final = timedelta(seconds=1)
INJECTED: Final = "injected"
"""What every message is, whatever becomes of it."""
WORDS: Final = (
    INJECTED,
    "ok",
    "softbounce",
    "hardbounce",
    "spambounce",
    "dropped",
    "deferred",
    "feedback",
)
_HARD: Final = frozenset(
    {BounceClass.BAD_MAILBOX, BounceClass.BAD_DOMAIN, BounceClass.INACTIVE, BounceClass.DNS}
)
_SPAM: Final = frozenset(
    {
        BounceClass.REPUTATION,
        BounceClass.POLICY,
        BounceClass.CONTENT,
        BounceClass.SENDER_CONFIGURATION,
    }
)
_HARD_WORDS: Final = frozenset(one.value for one in _HARD)
_SPAM_WORDS: Final = frozenset(one.value for one in _SPAM)
REASONS: Final = {
    SuppressionReason.BOUNCE: "hardbounce",
    SuppressionReason.COMPLAINT: "spam_complaint",
    SuppressionReason.UNSUBSCRIBE: "unsubscribe",
    SuppressionReason.MANUAL: "other",
}
"""Ours → the dictionary that a client sees."""
REASON_OF: Final = {word: reason for reason, word in REASONS.items()} | {
    "abuse": SuppressionReason.COMPLAINT,
    "spamtrap": SuppressionReason.MANUAL,
}


# -- statuses -------------------------------------------------------------------------------------


def word_of(standing: Standing) -> str:
    """Give the status word of a recipient."""
    match standing.state:
        case State.DELIVERED:
            return "ok"
        case State.SUPPRESSED | State.CANCELED:
            return "dropped"
        case State.EXPIRED:
            return "softbounce"
        case State.BOUNCED:
            return _bounce_word(standing.detail)
        case _:
            return "deferred" if standing.detail == TRIED else INJECTED


def _bounce_word(bounce_class: str) -> str:
    if bounce_class in _SPAM_WORDS:
        return "spambounce"
    return "hardbounce" if bounce_class in _HARD_WORDS else "softbounce"


_STANDINGS: Final = (
    *(Standing(state) for state in State),
    *(Standing(state, TRIED) for state in State if not state.is_final),
    *(Standing(State.BOUNCED, kind.value) for kind in BounceClass),
)


def standings_of(word: str) -> frozenset[Standing] | None:
    """Give where recipients with a status stand; None for all of them."""
    if word == INJECTED:
        return None
    return frozenset(one for one in _STANDINGS if word_of(one) == word)


def count_words(counts: Iterable[StandingCount]) -> dict[str, int]:
    """Count status words, with a zero for those that did not occur; nothing is tracked."""
    words = dict.fromkeys((*WORDS, "open", "click"), 0)
    for one in counts:
        words[INJECTED] += one.recipients
        if (word := word_of(one.standing)) != INJECTED:
            words[word] += one.recipients
    return words


# -- what a recipient passed ----------------------------------------------------------------------


def passed(recipient: RecipientHistory) -> Mapping[str, Event]:
    """Give the statuses that a recipient passed after it was injected, with the latest event of each."""
    statuses: dict[str, Event] = {}
    for event in recipient.events:
        if event.kind is EventKind.DEFERRED:
            statuses["deferred"] = event
    word = word_of(standing_of(recipient))
    finals = [event for event in recipient.events if event.kind in FINAL_KINDS]
    if finals and recipient.state.is_final:
        statuses[word] = finals[-1]
    return statuses


def describe(event: Event) -> str:
    """Give what the receiver said, or the rule that judged."""
    details = event.details
    said = (details.get(name) for name in ("reply", "failure", "reason", "rule"))
    return next((str(one) for one in said if one), "")


# -- times ----------------------------------------------------------------------------------------


def local_text(at: datetime | None) -> str | None:
    """Write an instant as a client reads it: Polish time, to the second."""
    return None if at is None else at.astimezone(WARSAW).strftime("%Y-%m-%d %H:%M:%S")


def read_time(text: str) -> datetime | None:
    """Read a Unix time, or a date, or a date and a time of Poland; None for anything else."""
    text = text.strip()
    try:
        if text.isascii() and text.isdecimal() and len(text) <= 12:
            return datetime.fromtimestamp(int(text), UTC)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=WARSAW)).astimezone(UTC)
    except (OverflowError, ValueError, OSError):
        return None


def through(at: datetime | None) -> datetime | None:
    """Give the end of a second that a period includes; clients count in whole ones."""
    return None if at is None else at + SECOND
