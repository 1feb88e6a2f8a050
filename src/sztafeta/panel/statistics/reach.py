"""Which SMTP accounts' numbers a member may see."""

from __future__ import annotations

from sztafeta.account.member import Member
from sztafeta.service.ports.statistics import Accounts


def reach_of(member: Member) -> Accounts:
    """Give the accounts; None: all of the customer."""
    return None if member.is_administrator else member.smtp_accounts
