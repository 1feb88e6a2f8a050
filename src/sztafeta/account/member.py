"""Members: the people of a customer, and what each may see and do in the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum


class Area(Enum):
    """A part of the panel that rights are given for."""

    MESSAGES = "messages"
    SMTP_ACCOUNTS = "smtp-accounts"
    """SMTP accounts and API keys: what programs log in with."""
    TEMPLATES = "templates"
    DOMAINS = "domains"
    SUPPRESSIONS = "suppressions"
    SETTLEMENTS = "settlements"
    PEOPLE = "people"


class Right(IntEnum):
    """How far a member may go in an area; each includes the ones before it."""

    NONE = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of a customer, as the panel knows them once they have logged in."""

    member_id: int
    customer_id: int
    customer_name: str
    email: str
    name: str
    account_name: str = ""
    """Another name to log in by: the customer's, for whoever opened its account."""
    phone: str = ""
    """In E.164, or empty."""
    is_administrator: bool = False
    """Has every right, and alone makes other administrators."""
    rights: Mapping[Area, Right] = field(default_factory=dict)
    """What is not named is not allowed."""
    smtp_accounts: frozenset[int] | None = None
    """The SMTP accounts that the rights on messages and SMTP accounts reach; None: all."""
    language: str = "pl"
    """`pl` or `en`."""
    must_change_password: bool = False
    """Came in with a password that somebody else has seen: the SMS."""
    has_second_factor: bool = False
    verified_domain_since: datetime | None = None
    """Since when the customer has had a verified sending domain; None: it has none."""
    is_enabled: bool = True
    """False when the member or the whole customer is switched off."""
    created_at: datetime | None = None

    def may(self, area: Area, right: Right) -> bool:
        """Say whether a right is given."""
        return self.is_administrator or self.rights.get(area, Right.NONE) >= right

    def reaches(self, account_id: int) -> bool:
        """Say whether an SMTP account is among those that this member's rights are about."""
        return (
            self.is_administrator or self.smtp_accounts is None or account_id in self.smtp_accounts
        )
