"""Statistics: counts by hour and day, how events come into them, and facts about a customer's beginnings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sztafeta.account.statistics.counts import Happening, Place, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrolled:
    """A customer with events that are not in the counts yet."""

    customer_id: int
    mark: int
    """The last event that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginnings:
    """What a customer has done already."""

    has_test_mail: bool
    has_real_mail: bool
    has_verified_domain: bool
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some events of a customer, in the order of their ids."""

    happenings: Sequence[Happening]
    """Without those of our own notices: nobody sent them."""
    last: int
    """The last id of the page, 0 when it is empty."""
    is_full: bool
    """There may be more."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts, and how far they reach: both as they were at one moment."""

    mark: int
    """The last event that is in them."""
    counts: Sequence[tuple[Place, int]]


Accounts = Collection[int] | None
"""The SMTP accounts that are meant; None: all of the customer."""


class RollingStore(Protocol):
    """How events come into the counts: each once, whichever node counts it."""

    async def is_first_node(self, *, now: datetime) -> bool:
        """Say whether this node has the lowest number of those that live."""

    async def unrolled(self, *, before: int) -> Sequence[Unrolled]:
        """Name the customers with events (of live mail) that have an id below this and are not counted."""

    async def happenings(
        self, customer_id: int, *, after: int, before: int | None, limit: int
    ) -> Page:
        """Give events of live mail between two ids."""

    async def add(self, unrolled: Unrolled, *, mark: int, counts: Mapping[Place, int]) -> bool:
        """Add to the counts and move the mark, in one transaction; False: somebody else was first."""

    async def forget_counts(self, *, hours_before: datetime, days_before: datetime) -> None:
        """Delete what grew too old."""


class StatisticsStore(Protocol):
    """Reads; each method is of one customer."""

    async def counts(
        self, customer_id: int, *, step: Step, first: datetime, until: datetime, accounts: Accounts
    ) -> Counted:
        """Give the counts of slots that begin in a span; those of several accounts are added up.

        The places then name account 0.
        """

    async def accepted(
        self, customer_id: int, *, first: datetime, until: datetime, accounts: Accounts
    ) -> Counted:
        """Give what was accepted hour by hour, by account."""

    async def used(
        self, customer_id: int, *, first: date, last: date, accounts: Accounts
    ) -> Mapping[date, int]:
        """Give the recipients of live mail day by day (UTC), as they are charged."""

    async def beginnings(self, customer_id: int) -> Beginnings:
        """Say what the customer has done already."""

    async def is_checklist_dismissed(self, member_id: int) -> bool:
        """Say whether a member wants to see the checklist no more."""

    async def dismiss_checklist(self, member_id: int, *, dismissed: bool, now: datetime) -> None:
        """Keep that wish."""
