"""Customers, their SMTP accounts and sending domains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import FormerPassword, SmtpAccount


class AccountStore(Protocol):
    """Who may send what."""

    async def smtp_account(self, login: str) -> SmtpAccount | None:
        """Find by login, as it is in the store at this moment."""

    async def sending_domain(self, domain: str) -> SendingDomain | None:
        """Find a domain and its keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A firm that sends."""

    customer_id: int
    name: str
    enabled: bool
    created_at: datetime


class AlreadyThere(Exception):
    """A name is taken; the text says which."""


class NotThere(Exception):
    """A name is not known; the text says which."""


class AccountAdministration(Protocol):
    """Customers, their SMTP accounts and sending domains, for the operator."""

    async def create_customer(self, name: str, *, now: datetime) -> Customer:
        """Raises: AlreadyThere."""

    async def customers(self) -> Sequence[Customer]:
        """List them by name."""

    async def enable_customer(self, name: str, *, enabled: bool) -> None:
        """Let a customer send, or suspend it with all its accounts. Raises: NotThere."""

    async def create_smtp_account(
        self, account: SmtpAccount, *, password: str, now: datetime
    ) -> SmtpAccount:
        """Create a login for the customer `account.customer_name`; ids and hash are filled in.

        Raises:
            AlreadyThere: the login is taken.
            NotThere: there is no such customer.
        """

    async def change_smtp_account(self, account: SmtpAccount) -> None:
        """Write an account's settings (not its password). Raises: NotThere."""

    async def set_password(
        self, login: str, password: str, former: FormerPassword | None = None
    ) -> None:
        """Give an account another password; `former` says what becomes of the one before.

        Raises:
            NotThere: there is no such login.
        """

    async def end_former_password(self, login: str, *, now: datetime) -> None:
        """Let the password before the present one end now. Raises: NotThere."""

    async def delete_smtp_account(self, login: str) -> None:
        """Take a login away; its mail stays. Raises: NotThere."""

    async def smtp_accounts(self, customer_name: str | None = None) -> Sequence[SmtpAccount]:
        """List them by login."""

    async def add_sending_domain(self, domain: SendingDomain, *, now: datetime) -> None:
        """Keep a customer's domain, with its keys sealed; an unverified one of another's makes room.

        Raises:
            AlreadyThere: it is verified, or the customer has it already.
            NotThere: there is no such customer.
        """

    async def change_sending_domain(self, domain: SendingDomain, *, now: datetime) -> None:
        """Write its keys and whether it is verified. Raises: NotThere."""

    async def remove_sending_domain(self, domain: str) -> None:
        """Forget a domain and its keys. Raises: NotThere."""

    async def sending_domains(self, customer_id: int | None = None) -> Sequence[SendingDomain]:
        """List them by name, with their keys."""
