"""DNS as whoever publishes records needs it: the zone's own servers first, then what caches say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sztafeta.account.dns_records import RecordType
from sztafeta.account.record_check import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Where a name is administered."""

    apex: str = ""
    """The name of the zone; empty when nobody could say."""
    servers: tuple[str, ...] = ()
    """The names of its servers."""
    addresses: tuple[str, ...] = ()
    """Addresses of its servers that may be asked."""


class ZoneLookUp(Protocol):
    """Asks name servers afresh; no method raises for what DNS says."""

    async def zone_of(self, name: str) -> Zone:
        """Find the zone that a name belongs to, and its servers."""

    async def at_zone(self, zone: Zone, name: str, kind: RecordType) -> Seen:
        """Ask the zone's own servers."""

    async def in_caches(self, name: str, kind: RecordType) -> Seen:
        """Ask the configured resolver, as receivers ask theirs."""
