"""The audit log: what people changed, in a chain that shows when a row was touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that somebody did."""

    customer_id: int
    number: int = 0
    """Counted from 1 within the customer; the store gives it."""
    at: datetime
    member_id: int | None
    """None: nobody who was logged in, an API key, or somebody of the operator's."""
    who: str
    """As they were called at that time."""
    action: str
    """`<area>.<what>`, for example `domain.added`."""
    subject: str
    """What it was done to, in words that people recognise."""
    address: str
    by_customer_service: bool = False
    key_id: str = ""
    """The API key it was done with; empty: with none."""
    request_id: str = ""
    """The call it was done by, as its answer named it."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """`before` and `after`, without secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """What is looked for; what is None or empty does not narrow it."""

    since: datetime | None = None
    until: datetime | None = None
    action: str = ""
    """An action, or an area with its dot: `domain.`."""
    member_id: int | None = None
    text: str = ""
    """Stands in who, subject or address."""


class AuditStore(Protocol):
    """Entries are added and read, never changed."""

    async def add_audit_entry(self, entry: AuditEntry) -> AuditEntry:
        """Add the next link of the customer's chain. Raises: NotThere."""

    async def audit_entries(
        self, customer_id: int, query: AuditQuery, *, limit: int, before: int | None = None
    ) -> Sequence[AuditEntry]:
        """List them, the newest first, below a number."""

    async def broken_audit_entry(self, customer_id: int) -> int | None:
        """Walk the chain; give the number of the first entry that was changed or is gone."""
