"""Who logged in over SMTP last, and who tried in vain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sztafeta.account.login_cause import LoginCause


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpLogin:
    """One login, good or not."""

    at: datetime
    address: str
    tls: str
    """Version and cipher; empty: in the clear."""
    client_name: str
    """What the client called itself in EHLO."""
    cause: LoginCause | None = None
    """Why it failed; None: it did not."""


class LoginStore(Protocol):
    """Written in batches beside the mail path."""

    async def note_logins(
        self, last: Mapping[int, SmtpLogin], failures: Sequence[tuple[int, SmtpLogin]]
    ) -> None:
        """Keep the last login of accounts, and failed ones, by account number."""

    async def last_logins(self, account_ids: Sequence[int]) -> Mapping[int, SmtpLogin]:
        """Give the last login of each account that ever had one."""

    async def login_failures(self, account_id: int, *, limit: int) -> Sequence[SmtpLogin]:
        """Give the failed ones of an account, the newest first."""

    async def forget_login_failures(self, before: datetime) -> int:
        """Forget old failures; give their number."""
