"""What was found in the place of a domain's records, kept between two looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sztafeta.account.domain_watch import KeptCheck
from sztafeta.service.ports.zones import Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLook:
    """The last look at all records of a domain."""

    zone: Zone = field(default_factory=Zone)
    """Without addresses: those are asked for anew."""
    looked_at: datetime | None = None
    """None: nobody looked yet."""
    checks: tuple[KeptCheck, ...] = ()


class RecordCheckStore(Protocol):
    """Keeps looks; what is another customer's is not there."""

    async def kept_look(self, customer_id: int, domain: str) -> KeptLook:
        """Give the last look at a domain."""

    async def kept_looks(self, customer_id: int) -> Mapping[str, KeptLook]:
        """Give the last looks at all of a customer's domains, by domain."""

    async def keep_look(
        self, customer_id: int, domain: str, look: KeptLook, *, next_look: datetime
    ) -> None:
        """Keep a look in the place of the one before; a domain that is gone is left alone."""

    async def take_due(
        self, now: datetime, *, until: datetime, limit: int
    ) -> Sequence[tuple[int, str]]:
        """Take domains to look at, with their customers; no other node takes them before `until`."""
