"""Members of customers, and the firms they work for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from sztafeta.account.company import Company
from sztafeta.account.member import Member

Networks = tuple[IPv4Network | IPv6Network, ...]


class LastAdministrator(Exception):
    """The change would leave a customer without an enabled administrator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A member with what a login is compared with."""

    member: Member
    password_hash: str
    """argon2id in its own notation; empty when the member has no password yet."""
    password_set_at: datetime


class MemberStore(Protocol):
    """Who may come into the panel."""

    async def member(self, member_id: int) -> Member | None:
        """Find by number, switched off or not."""

    async def credentials(self, login: str) -> Credentials | None:
        """Find by account name or e-mail address; neither minds capital letters."""

    async def members(self, customer_id: int) -> Sequence[Member]:
        """List a customer's members by name."""

    async def register(
        self, company: Company, member: Member, *, password_hash: str, now: datetime
    ) -> Member:
        """Keep a new customer with its first member; both or nothing.

        `member.customer_name` is the customer's name; ids are filled in. Raises: AlreadyThere.
        """

    async def create_member(self, member: Member, *, password_hash: str, now: datetime) -> Member:
        """Keep a new member of the customer `member.customer_id`; the number is filled in.

        Raises:
            AlreadyThere: the e-mail address or account name is taken.
            NotThere: there is no such customer.
        """

    async def change_member(self, member: Member) -> None:
        """Write name, e-mail, phone, rights, language and whether it is enabled.

        Raises:
            AlreadyThere: the e-mail address is taken.
            LastAdministrator: nobody else could run the customer's account.
            NotThere: the customer has no such member.
        """

    async def delete_member(self, customer_id: int, member_id: int) -> None:
        """Forget a member with sessions and second factors. Raises: LastAdministrator, NotThere."""

    async def set_password(
        self, member_id: int, password_hash: str, *, must_change: bool, now: datetime
    ) -> None:
        """Give a member another password. Raises: NotThere."""

    async def company(self, customer_id: int) -> Company:
        """Give what a customer says of itself. Raises: NotThere."""

    async def change_company(self, customer_id: int, company: Company) -> None:
        """Write what a customer says of itself. Raises: NotThere."""

    async def panel_networks(self, customer_id: int) -> Networks:
        """Give the networks that the panel may be used from; none: from anywhere."""

    async def set_panel_networks(self, customer_id: int, networks: Networks) -> None:
        """Say where the panel may be used from. Raises: NotThere."""
