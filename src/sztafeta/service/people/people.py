"""PEOPLE of a customer and their firm: given rights by area, switched off, removed.

Nobody gives what they do not have, nobody changes their own rights, and the last administrator stays (W-03).
A change of rights ends the member's sessions (W-05).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from enum import Enum
from typing import Any

from sztafeta.account.company import Company
from sztafeta.account.granting import may_give
from sztafeta.account.member import Member
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.log_in import Client
from sztafeta.service.people.sessions import Sessions, is_allowed
from sztafeta.service.ports import (
    AccountAdministration,
    LastAdministrator,
    MemberStore,
    Networks,
    NotThere,
)


class PeopleFault(Enum):
    """Why nothing is changed."""

    EXCEEDS = "exceeds"
    """More than whoever asks has."""
    LAST_ADMINISTRATOR = "last-administrator"
    TAKEN = "taken"
    """Somebody of this customer has this address."""
    YOURSELF = "yourself"
    NOT_THERE = "not-there"
    TOO_MANY = "too-many"
    LOCKED_OUT = "locked-out"
    """The allow-list does not hold the address that it is changed from."""
    GONE = "gone"
    NOT_WRITTEN = "not-written"
    """No letter could be sent: the operator set nobody to write them, or the address had enough today."""


class People:
    """Keeps a customer's people; one instance serves all pages."""

    def __init__(
        self,
        *,
        members: MemberStore,
        accounts: AccountAdministration,
        sessions: Sessions,
        audit: AuditLog,
    ) -> None:
        self._members = members
        self._accounts = accounts
        self._sessions = sessions
        self._audit = audit

    # -- members ---------------------------------------------------------------------------------

    async def all_of(self, customer_id: int) -> Sequence[Member]:
        """List a customer's members."""
        return await self._members.members(customer_id)

    async def find(self, customer_id: int, member_id: int) -> Member | None:
        """Find one of a customer's members."""
        member = await self._members.member(member_id)
        return member if member is not None and member.customer_id == customer_id else None

    async def change_profile(self, member: Member, client: Client, **changes: Any) -> None:
        """Write one's own name, telephone and language."""
        changed = replace(member, **changes)
        await self._members.change_member(changed)
        before, after = _profile(member), _profile(changed)
        await self._audit.note(
            member, "profile.changed", address=client.address, before=before, after=after
        )

    async def change(self, by: Member, changed: Member, client: Client) -> PeopleFault | None:
        """Write another member's rights and whether they are switched on."""
        before = await self.find(by.customer_id, changed.member_id)
        fault = PeopleFault.NOT_THERE if before is None else _fault(by, before, changed)
        if before is None or fault is not None:
            return fault
        try:
            await self._members.change_member(changed)
        except LastAdministrator:
            return PeopleFault.LAST_ADMINISTRATOR
        await self._sessions.end_others(changed.member_id)
        await self._audit.note(
            by,
            "member.changed",
            changed.email,
            address=client.address,
            before=shown_rights(before),
            after=shown_rights(changed),
        )
        return None

    async def remove(self, by: Member, member_id: int, client: Client) -> PeopleFault | None:
        """Remove a member; their sessions end."""
        member = await self.find(by.customer_id, member_id)
        fault = PeopleFault.NOT_THERE if member is None else _fault(by, member, member)
        if member is None or fault is not None:
            return fault
        try:
            await self._members.delete_member(by.customer_id, member_id)
        except LastAdministrator:
            return PeopleFault.LAST_ADMINISTRATOR
        except NotThere:
            return PeopleFault.NOT_THERE
        await self._audit.note(by, "member.removed", member.email, address=client.address)
        return None

    async def smtp_accounts(self, by: Member) -> Sequence[SmtpAccount]:
        """List the SMTP accounts that a member may give rights on."""
        accounts = await self._accounts.smtp_accounts(by.customer_name)
        return [one for one in accounts if by.reaches(one.account_id)]

    # -- the firm --------------------------------------------------------------------------------

    async def company(self, customer_id: int) -> Company:
        """Give what a customer says of itself."""
        return await self._members.company(customer_id)

    async def change_company(self, by: Member, changed: Company, client: Client) -> None:
        """Write what a firm says of itself; a NIP that is known stays."""
        before = await self.company(by.customer_id)
        after = replace(
            changed, nip=before.nip or changed.nip, terms_accepted_at=before.terms_accepted_at
        )
        await self._members.change_company(by.customer_id, after)
        await self._audit.note(
            by,
            "account.company-changed",
            after.name,
            address=client.address,
            before=asdict(before),
            after=asdict(after),
        )

    # -- from where ------------------------------------------------------------------------------

    async def networks(self, customer_id: int) -> Networks:
        """Give the networks that the panel may be used from; none: from anywhere."""
        return await self._members.panel_networks(customer_id)

    async def set_networks(
        self, by: Member, networks: Networks, client: Client
    ) -> PeopleFault | None:
        """Say where the panel may be used from; never so that whoever says it is out."""
        if not is_allowed(client.address, networks):
            return PeopleFault.LOCKED_OUT
        before = await self.networks(by.customer_id)
        await self._members.set_panel_networks(by.customer_id, networks)
        await self._audit.note(
            by,
            "panel.networks-changed",
            address=client.address,
            before={"networks": " ".join(map(str, before))},
            after={"networks": " ".join(map(str, networks))},
        )
        return None


def _fault(by: Member, before: Member, changed: Member) -> PeopleFault | None:
    if by.member_id == changed.member_id:
        return PeopleFault.YOURSELF
    if not (may_give(by, before) and may_give(by, changed)):
        return PeopleFault.EXCEEDS
    return None


def shown_rights(member: Member) -> dict[str, Any]:
    """Write what a member may do, for the audit log."""
    accounts = member.smtp_accounts
    return {
        "administrator": member.is_administrator,
        "enabled": member.is_enabled,
        **{area.value: right.name.lower() for area, right in member.rights.items() if right},
        "accounts": "all" if accounts is None else " ".join(map(str, sorted(accounts))),
    }


def _profile(member: Member) -> dict[str, Any]:
    return {"name": member.name, "phone": member.phone, "language": member.language}
