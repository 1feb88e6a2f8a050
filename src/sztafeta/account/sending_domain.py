"""Sending domains: domains that a customer may write from, for which we sign."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from sztafeta.mail.dkim_key import DkimKey, KeyAlgorithm

__all__ = ["DkimKey", "KeyAlgorithm", "SendingDomain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingDomain:
    """A domain with its keys; every key signs (RSA and Ed25519 together)."""

    domain: str
    customer_id: int
    keys: tuple[DkimKey, ...] = ()
    pending: tuple[DkimKey, ...] = ()
    """Keys that do not sign yet: their records have not been seen in DNS."""
    is_verified: bool = True
    """The operator vouches for it, or a key of it was seen in DNS; no mail is sent from one that is not."""
    needs_proof: bool = False
    """A customer claimed it: it is verified only while a key of it is seen in DNS (S-48)."""
    created_at: datetime | None = field(default=None, compare=False)
    """When it was added; what comes from the store says so."""

    def with_seen(self, selectors: frozenset[str]) -> SendingDomain:
        """Let pending keys that were seen in DNS sign, each in the place of the older ones of its kind."""
        seen = tuple(key for key in self.pending if key.selector in selectors)
        if not seen:
            return self
        kinds = {key.algorithm for key in seen}
        return replace(
            self,
            keys=(*(key for key in self.keys if key.algorithm not in kinds), *seen),
            pending=tuple(key for key in self.pending if key not in seen),
            is_verified=True,
        )

    def without_proof(self) -> SendingDomain:
        """Let no key sign until one is seen in DNS again."""
        return replace(self, keys=(), pending=(*self.keys, *self.pending), is_verified=False)
