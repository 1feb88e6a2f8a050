"""An operator's hands in the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sztafeta.service.ports.queues import QueueKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which recipients an operator means; what is None does not narrow it."""

    message_id: int | None = None
    customer_id: int | None = None
    domain: str | None = None
    recipient_ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOverview:
    """A ready queue with its live recipients counted."""

    queue_id: int
    key: QueueKey
    customer_name: str
    node: str | None
    """The name of the node that holds it."""
    queued: int
    sending: int
    held: int
    oldest_accepted_at: datetime
    next_due: datetime | None
    """When the earliest QUEUED recipient is due."""


class QueueAdministration(Protocol):
    """An operator's hands in the queue; each gives the number of recipients it changed."""

    async def overview(
        self, *, limit: int, customer_id: int | None = None, domain: str | None = None
    ) -> Sequence[QueueOverview]:
        """List the ready queues that hold live recipients, the fullest first."""

    async def hold(self, selection: Selection, *, now: datetime, reason: str = "") -> int:
        """QUEUED to HELD."""

    async def release(self, selection: Selection, *, now: datetime) -> int:
        """HELD to QUEUED, due now."""

    async def cancel(self, selection: Selection, *, now: datetime, reason: str = "") -> int:
        """QUEUED or HELD to CANCELED."""

    async def retry(self, selection: Selection, *, now: datetime) -> int:
        """Make QUEUED recipients due now."""

    async def reschedule(self, customer_id: int, message_id: int, due_at: datetime) -> int:
        """Give another due time to QUEUED recipients of a customer's message that nobody tried yet."""
