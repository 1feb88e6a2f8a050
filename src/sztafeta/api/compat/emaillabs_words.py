"""EmailLabs' words for what happened, and its times; they live at this edge alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sztafeta.delivery.classify import BounceClass
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.service.ports import RecipientHistory, SuppressionReason

WARSAW: Final = ZoneInfo("Europe/Warsaw")
"""The times of both APIs are Poland's, without saying so."""
FINAL_STATES: Final = {
    "injected": frozenset({State.QUEUED, State.SENDING, State.HELD}),
    "ok": frozenset({State.DELIVERED}),
    "softbounce": frozenset({State.BOUNCED, State.EXPIRED}),
    "hardbounce": frozenset({State.BOUNCED}),
    "spambounce": frozenset({State.BOUNCED}),
    "dropped": frozenset({State.SUPPRESSED, State.CANCELED}),
    "deferred": frozenset({State.QUEUED}),
    "feedback": frozenset[State](),
}
"""Word → states in which a recipient may be that it fits; `word_of` decides."""
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


def word_of(recipient: RecipientHistory) -> str:
    """Give the status word of a recipient."""
    match recipient.state:
        case State.DELIVERED:
            return "ok"
        case State.SUPPRESSED | State.CANCELED:
            return "dropped"
        case State.BOUNCED:
            return _bounce_word(recipient)
        case State.EXPIRED:
            return "softbounce"
        case _:
            return "deferred" if recipient.attempt else "injected"


def _bounce_word(recipient: RecipientHistory) -> str:
    found = last_event(recipient, EventKind.BOUNCED)
    bounce_class = "" if found is None else str(found.details.get("class", ""))
    if bounce_class in _SPAM_WORDS:
        return "spambounce"
    return "hardbounce" if bounce_class in _HARD_WORDS else "softbounce"


def last_event(recipient: RecipientHistory, kind: EventKind) -> Event | None:
    """Find the latest event of a kind."""
    return next((event for event in reversed(recipient.events) if event.kind is kind), None)


def describe(event: Event | None) -> str:
    """Give what the receiver said, or the rule that judged."""
    if event is None:
        return ""
    return str(
        event.details.get("reply") or event.details.get("reason") or event.details.get("rule") or ""
    )


def local_text(at: datetime | None) -> str | None:
    """Write an instant as a client reads it: Polish time, to the second."""
    return None if at is None else at.astimezone(WARSAW).strftime("%Y-%m-%d %H:%M:%S")


def read_time(text: str) -> datetime | None:
    """Read a Unix time, or a date, or a date and a time of Poland; None for anything else."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) <= 12:
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (OverflowError, ValueError, OSError):
            return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=WARSAW)).astimezone(UTC)
