"""Suppressions: addresses that a customer's mail is not sent to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol


class SuppressionReason(Enum):
    """Why an address is suppressed."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One address of one customer."""

    customer_id: int
    address: str
    """As `suppressed_form` gives it."""
    reason: SuppressionReason
    source: str
    """Who asked: `api`, `smtp`, `panel`, or a dialect's own word."""
    comment: str
    created_at: datetime
    message_id: int | None = None
    """The message that caused it, when one did and we know which; it may have left since."""
    reply: str = ""
    """What the receiver said then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionQuery:
    """Which suppressions of a customer are meant; what is None or empty does not narrow it."""

    customer_id: int
    address: str = ""
    """As `suppressed_form` gives it."""
    part: str = ""
    """Stands somewhere in the address."""
    reason: SuppressionReason | None = None
    source: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Not included."""


class SuppressionStore(Protocol):
    """Each method is of one customer; what is another's is not there."""

    async def suppressed(
        self, customer_id: int, addresses: Collection[str]
    ) -> Mapping[str, Suppression]:
        """Find which of these addresses are suppressed; cheap for a customer who has none."""

    async def suppressions(
        self,
        customer_id: int,
        *,
        limit: int,
        after: str | None = None,
        reason: SuppressionReason | None = None,
    ) -> Sequence[Suppression]:
        """List them by address."""

    async def find_suppressions(
        self, query: SuppressionQuery, *, limit: int, offset: int = 0, is_descending: bool = True
    ) -> tuple[Sequence[Suppression], int]:
        """List them by the time they were added, the newest first, and count all that match."""

    async def search_suppressions(
        self,
        query: SuppressionQuery,
        *,
        limit: int,
        before: tuple[datetime, str] | None = None,
    ) -> Sequence[Suppression]:
        """List them, the newest first, below the time and the address of the last one seen."""

    async def count_suppressions(self, customer_id: int) -> int:
        """Count them."""

    async def suppress(self, suppressions: Sequence[Suppression]) -> int:
        """Add addresses; those already there stay as they are. Give the number that was new."""

    async def unsuppress(self, customer_id: int, address: str) -> bool:
        """Remove one; say whether it was there."""
