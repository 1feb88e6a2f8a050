"""The oracle of the campaigns: what was offered, what was seen, and what the service says became of it.

Three books are kept by three parties. The load generator writes what it offered and what it was told; the
receivers write every copy they got; the service's own history says where each recipient stands. `audit`
compares them (acceptance §1.4) and knows nothing of how the service works.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum

Name = tuple[str, str]
"""Message-ID and recipient."""


class Told(Enum):
    """What the client heard after the final dot, or at an earlier refusal."""

    YES = "250"
    NO = "4xx or 5xx"
    NOTHING = "the connection broke first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One message for one recipient, as the client offered it."""

    key: str
    """The Message-ID."""
    recipient: str
    body_sha256: str
    told: Told

    @property
    def name(self) -> Name:
        """What it is called in the books."""
        return self.key, self.recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy at a receiver that had its final dot."""

    key: str
    recipient: str
    body_sha256: str
    accepted: bool
    """The receiver said 250, or kept the message and hung up."""

    @property
    def name(self) -> Name:
        """What it is called in the books."""
        return self.key, self.recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Where the service says a recipient stands."""

    key: str
    recipient: str
    state: str
    is_final: bool
    final_events: int
    attempts: int

    @property
    def name(self) -> Name:
        """What it is called in the books."""
        return self.key, self.recipient


@dataclass(frozen=True, slots=True)
class Audit:
    """The findings; everything but `duplicated` must be empty, always."""

    lost: list[str] = field(default_factory=list)
    """A 250 was given and the service does not know the recipient."""
    invented: list[str] = field(default_factory=list)
    """A receiver saw what nobody offered."""
    forbidden: list[str] = field(default_factory=list)
    """A refusal was given and a receiver saw the message nevertheless."""
    altered: list[str] = field(default_factory=list)
    """A copy's body differs from what was offered."""
    silent: list[str] = field(default_factory=list)
    """A final state without exactly one final event, or an event without the state."""
    undelivered: list[str] = field(default_factory=list)
    """The service says delivered and no receiver accepted a copy."""
    uncounted: list[str] = field(default_factory=list)
    """Receivers saw more copies than the service counted attempts."""
    duplicated: list[str] = field(default_factory=list)
    """A receiver accepted more than one copy: one entry for each copy too many."""

    def violations(self, excused: Mapping[Name, int] | None = None) -> dict[str, list[str]]:
        """Give what is forbidden; each fault excuses one copy more of what was in flight, no other."""
        found = {each.name: list(getattr(self, each.name)) for each in fields(self)}
        for name, copies in (excused or {}).items():
            for _ in range(min(copies, found["duplicated"].count(_text(name)))):
                found["duplicated"].remove(_text(name))
        return {name: entries for name, entries in found.items() if entries}


def audit(offers: Iterable[Offer], copies: Iterable[Copy], fates: Iterable[Fate]) -> Audit:
    """Compare the three books."""
    offered = _last_words(offers)
    known = {fate.name: fate for fate in fates}
    seen: dict[Name, list[Copy]] = defaultdict(list)
    for copy in copies:
        seen[copy.name].append(copy)
    found = Audit()
    for name, offer in offered.items():
        if offer.told is Told.YES and name not in known:
            found.lost.append(_text(name))
    for name, of_one in seen.items():
        _audit_copies(found, _text(name), offered.get(name), of_one)
    for name, fate in known.items():
        _audit_fate(found, _text(name), fate, seen.get(name, []))
    return found


def _last_words(offers: Iterable[Offer]) -> dict[Name, Offer]:
    """Know each offer by its name; of one that was repeated, a 250 once given stays given."""
    known: dict[Name, Offer] = {}
    for offer in offers:
        if offer.name not in known or known[offer.name].told is not Told.YES:
            known[offer.name] = offer
    return known


def _audit_copies(found: Audit, name: str, offer: Offer | None, copies: list[Copy]) -> None:
    if offer is None:
        found.invented.append(name)
        return
    if offer.told is Told.NO:
        found.forbidden.append(name)
    found.altered.extend(name for copy in copies if copy.body_sha256 != offer.body_sha256)
    accepted = sum(copy.accepted for copy in copies)
    found.duplicated.extend([name] * (accepted - 1))


def _audit_fate(found: Audit, name: str, fate: Fate, copies: list[Copy]) -> None:
    if fate.final_events != (1 if fate.is_final else 0):
        found.silent.append(f"{name}: {fate.state} with {fate.final_events} final events")
    if fate.state == "delivered" and not any(copy.accepted for copy in copies):
        found.undelivered.append(name)
    if len(copies) > fate.attempts:
        found.uncounted.append(f"{name}: {len(copies)} copies, {fate.attempts} attempts")


def _text(name: Name) -> str:
    return f"{name[0]} for {name[1]}"
