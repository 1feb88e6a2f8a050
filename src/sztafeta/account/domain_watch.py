"""The watch over sending domains: when to look again, what changed, and when a proof has been gone too long.

A domain whose key has vanished from DNS may have been sold, or its zone may be under repair. So it is told at
once, mail goes on for a while, and then no more until a key is seen again (S-48).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from sztafeta.account.dns_records import Purpose
from sztafeta.account.record_check import Check, CheckState, Mistake
from sztafeta.account.sending_domain import SendingDomain


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCheck:
    """The last look at one record, and what is remembered of those before."""

    purpose: Purpose
    name: str
    state: CheckState
    mistake: Mistake | None = None
    found: tuple[str, ...] = ()
    ttl: int = 0
    right_at: datetime | None = None
    """When it was seen right for the last time."""
    wrong_since: datetime | None = None
    """Since when it has not been right any more; None: it is, or never was."""

    @property
    def is_right(self) -> bool:
        """Say whether it stood as it should."""
        return self.state in (CheckState.OK, CheckState.AT_ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPlan:
    """How closely domains are watched."""

    every: timedelta = timedelta(hours=12)
    """Between two looks at a domain that is in order."""
    when_broken: timedelta = timedelta(minutes=30)
    """Between two looks at one whose record vanished."""
    grace: timedelta = timedelta(hours=12)
    """How long mail is taken from a domain after its proof was seen to be gone."""


class News(Enum):
    """What the watch tells about a domain."""

    VERIFIED = "verified"
    BROKEN = "broken"
    """A record that was right is not any more."""
    MENDED = "mended"
    WITHDRAWN = "withdrawn"
    """Its proof was gone too long: no mail is sent from it."""


def carried_on(before: KeptCheck | None, check: Check, now: datetime) -> KeptCheck:
    """Remember a check, with what the ones before it were."""
    right_at = before.right_at if before else None
    wrong_since = before.wrong_since if before else None
    if check.is_right:
        right_at, wrong_since = now, None
    elif check.state is not CheckState.NO_ANSWER and right_at is not None:
        wrong_since = wrong_since or now
    return KeptCheck(
        purpose=check.record.purpose,
        name=check.record.name,
        state=check.state,
        mistake=check.mistake,
        found=check.found,
        ttl=check.ttl,
        right_at=right_at,
        wrong_since=wrong_since,
    )


def proof_gone_since(domain: SendingDomain, checks: Sequence[KeptCheck]) -> datetime | None:
    """Say since when no key that signs is seen in DNS; None while one is, or while nobody can say.

    A key that never was in DNS proves nothing by not being there: the operator vouched for it.
    """
    selectors = {f"{key.selector}._domainkey.{domain.domain}" for key in domain.keys}
    signing = [one for one in checks if one.name in selectors]
    if not domain.needs_proof or not domain.is_verified or not signing:
        return None
    if any(one.is_right or one.state is CheckState.NO_ANSWER for one in signing):
        return None
    since = [one.wrong_since for one in signing if one.wrong_since is not None]
    return max(since) if since else None


def judged(
    domain: SendingDomain, checks: Sequence[KeptCheck], *, plan: WatchPlan, now: datetime
) -> SendingDomain:
    """Let keys that were seen sign; take the word back when the proof has been gone too long."""
    right = {one.name for one in checks if one.is_right}
    names = {key.selector: f"{key.selector}._domainkey.{domain.domain}" for key in domain.pending}
    seen = frozenset(selector for selector, name in names.items() if name in right)
    domain = domain.with_seen(seen)
    since = proof_gone_since(domain, checks)
    if since is not None and now - since >= plan.grace:
        return domain.without_proof()
    return domain


def news_of(
    domain: SendingDomain,
    after: SendingDomain,
    before: Sequence[KeptCheck],
    checks: Sequence[KeptCheck],
) -> tuple[News, ...]:
    """Tell what changed between two looks."""
    was_broken = any(one.wrong_since for one in before)
    is_broken = any(one.wrong_since for one in checks)
    told = (
        (News.VERIFIED, after.is_verified and not domain.is_verified),
        (News.WITHDRAWN, domain.is_verified and not after.is_verified),
        (News.BROKEN, is_broken and not was_broken),
        (News.MENDED, was_broken and not is_broken),
    )
    return tuple(news for news, is_so in told if is_so)


def next_wait(
    domain: SendingDomain, checks: Sequence[KeptCheck], *, plan: WatchPlan, now: datetime
) -> timedelta:
    """Say when to look again: soon while somebody waits for it, or while something is wrong."""
    if any(one.wrong_since for one in checks):
        return plan.when_broken
    if domain.is_verified:
        return plan.every
    age = now - (domain.created_at or now)
    return next((wait for limit, wait in _WAITS if age < limit), _WAITS[-1][1])


_WAITS: Final = (
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(minutes=30)),
    (timedelta(days=14), timedelta(hours=6)),
    (timedelta.max, timedelta(days=1)),
)
"""How old a claim is, and how long to wait then."""
