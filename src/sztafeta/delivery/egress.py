"""Egress: the addresses and names we send from, and whose mail leaves from which.

A ready queue's pool says which source its mail leaves from. A dedicated source belongs to one customer, whose
name stands in its pool: whatever the settings say later, nobody's mail leaves from another's address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SHARED: Final = "shared"
"""What an SMTP account chooses that has no source of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressSource:
    """A local address and EHLO name we send from."""

    name: str
    ehlo_name: str
    ipv4: str | None = None
    """Local address to bind for IPv4; None lets the system choose, unless the source is dedicated."""
    ipv6: str | None = None
    is_dedicated: bool = False
    """Sends from its own addresses or not at all."""

    def address_for(self, remote: str) -> str | None:
        """Give the local address to bind for a remote one; None: the system's choice."""
        return self.ipv6 if ":" in remote else self.ipv4

    def reaches(self, remote: str) -> bool:
        """Say whether it has an address of this kind to send from."""
        return not self.is_dedicated or self.address_for(remote) is not None

    def path(self, site: str) -> str:
        """Name source × site: where limits and connections live."""
        return f"{site} from {self.name}" if self.is_dedicated else site


def dedicated_pool(customer: str, source: str) -> str:
    """Name the pool of a customer's dedicated source; no other pool has a slash in its name."""
    return f"{customer}/{source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressSources:
    """All sources of an installation."""

    shared: EgressSource
    dedicated: Mapping[str, EgressSource] = field(default_factory=dict)
    """By their pools."""

    def of(self, pool: str) -> EgressSource:
        """Give the source of a pool: the shared one where there is no other, or no longer."""
        return self.dedicated.get(pool, self.shared)

    def names_of(self, customer: str) -> tuple[str, ...]:
        """List what this customer's accounts may choose beside `shared`."""
        found = self.dedicated.items()
        return tuple(one.name for pool, one in found if pool == dedicated_pool(customer, one.name))
