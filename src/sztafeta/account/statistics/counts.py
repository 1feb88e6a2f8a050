"""Counts: what each event adds to the numbers of its hour and day.

What became of a recipient is counted in the slot in which its message was *accepted*, so that each slot
closes: accepted = delivered + bounced + expired + canceled + unfinished. Only deferrals are counted when they
happen.

When the host that answered belongs to another provider than the recipient's domain suggested at acceptance,
the accepted recipient moves there together with its outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

from sztafeta.account.statistics.waits import bucket_of
from sztafeta.delivery.provider import Provider, provider_of
from sztafeta.event import EventKind


class Step(Enum):
    """How long a slot is; the values are stored."""

    __hash__ = object.__hash__  # there is one of each

    HOUR = "h"
    QUARTER = "q"
    """Of a day."""
    DAY = "d"


class What(Enum):
    """What is counted; the values are stored, some with a detail behind a colon."""

    __hash__ = object.__hash__  # there is one of each

    ACCEPTED = "accepted"
    SUPPRESSED = "suppressed"
    """Refused at once, and never among the accepted."""
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    """With the class."""
    EXPIRED = "expired"
    CANCELED = "canceled"
    DEFERRED = "deferred"
    """Attempts, with the class; in the slot of the attempt."""
    WAITED = "waited"
    """From acceptance to the receiver's 250, with the bucket (see `waits`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event with what counting asks of it and of its message."""

    event_id: int
    kind: EventKind
    at: datetime
    account_id: int
    domain: str
    accepted_at: datetime
    hop: str = ""
    bounce_class: str = ""
    is_expiry: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What a number belongs to."""

    step: Step
    at: datetime
    """The slot's beginning."""
    account_id: int
    provider: Provider
    what: What
    detail: str = ""


def counted(happenings: Iterable[Happening], zone: ZoneInfo) -> Counter[Place]:
    """Add events up by hour, quarter of a day and day; days are those of a zone."""
    hours: Counter[tuple[datetime, int, Provider, What, str]] = Counter()
    for one in happenings:
        for at, provider, what, detail, number in _adds(one):
            hours[hour_of(at), one.account_id, provider, what, detail] += number
    total: Counter[Place] = Counter()
    for (hour, account_id, provider, what, detail), number in hours.items():
        for step, at in slots_with(hour, zone):
            total[Place(step, at, account_id, provider, what, detail)] += number
    return Counter({place: number for place, number in total.items() if number})


_Add = tuple[datetime, Provider, What, str, int]


def _adds(one: Happening) -> list[_Add]:
    at, expected = one.accepted_at, provider_of(one.domain)
    match one.kind:
        case EventKind.QUEUED:
            return [(at, expected, What.ACCEPTED, "", 1)]
        case EventKind.REJECTED:
            return [(at, expected, What.SUPPRESSED, "", 1)]
        case EventKind.CANCELED:
            return [(at, expected, What.CANCELED, "", 1)]
        case EventKind.DEFERRED:
            met = provider_of(one.domain, one.hop)
            return [(one.at, met, What.DEFERRED, one.bounce_class, 1)]
        case EventKind.DELIVERED | EventKind.BOUNCED:
            return _finished(one, expected)
    return []


def _finished(one: Happening, expected: Provider) -> list[_Add]:
    """Count an outcome where it was met."""
    at, met = one.accepted_at, provider_of(one.domain, one.hop)
    adds: list[_Add] = []
    if met is not expected:
        adds += [(at, expected, What.ACCEPTED, "", -1), (at, met, What.ACCEPTED, "", 1)]
    if one.kind is EventKind.DELIVERED:
        adds += [
            (at, met, What.DELIVERED, "", 1),
            (at, met, What.WAITED, str(bucket_of(one.at - at)), 1),
        ]
    elif one.is_expiry:
        adds.append((at, met, What.EXPIRED, "", 1))
    else:
        adds.append((at, met, What.BOUNCED, one.bounce_class, 1))
    return adds


# -- slots ----------------------------------------------------------------------------------------


def hour_of(at: datetime) -> datetime:
    """Give the beginning of the hour."""
    return at.replace(minute=0, second=0, microsecond=0)


def day_of(at: datetime, zone: ZoneInfo) -> datetime:
    """Give the beginning of a zone's day; instants are in UTC."""
    return slots_with(hour_of(at), zone)[-1][1]


@lru_cache(maxsize=4096)
def slots_with(hour: datetime, zone: ZoneInfo) -> tuple[tuple[Step, datetime], ...]:
    """Give the slots that an hour (in UTC) belongs to; days and their quarters are those of a zone."""
    local = hour.astimezone(zone).replace(minute=0, tzinfo=None)
    quarter = local.replace(hour=local.hour // 6 * 6)
    return (
        (Step.HOUR, hour),
        (Step.QUARTER, quarter.replace(tzinfo=zone).astimezone(UTC)),
        (Step.DAY, local.replace(hour=0, tzinfo=zone).astimezone(UTC)),
    )
