"""A customer's firm: what stands on its invoices, and what it sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The firm behind a customer; empty fields were never told."""

    name: str = ""
    nip: str = ""
    """Ten digits."""
    street: str = ""
    postcode: str = ""
    city: str = ""
    sends: str = ""
    """What it sends, in its own words."""
    terms_accepted_at: datetime | None = None
