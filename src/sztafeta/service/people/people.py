"""PEOPLE of a customer: invited by a link, given rights by area, switched off, removed.

Nobody gives what they do not have, nobody changes their own rights, and the last administrator stays (W-03).
A change of rights ends the member's sessions (W-05).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any, Final

from sztafeta.account.company import Company
from sztafeta.account.granting import may_give
from sztafeta.account.member import Area, Member, Right
from sztafeta.account.password import PasswordFault
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.people.letter_texts import Letter
from sztafeta.service.people.letters import Letters
from sztafeta.service.people.log_in import Client
from sztafeta.service.people.passwords import Passwords
from sztafeta.service.people.sessions import Sessions, is_allowed
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import (
    AccountAdministration,
    AlreadyThere,
    Clock,
    LastAdministrator,
    MemberStore,
    Networks,
    NotThere,
    Ticket,
    TicketKind,
    TicketStore,
)

INVITATION_VALID: Final = timedelta(days=7)
MOST_INVITATIONS: Final = 50
"""Open at once, of one customer."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An open invitation."""

    reference: str
    """Names it in the list; it is no token."""
    email: str
    inviter: str
    wanted: Member
    """What the member will be."""
    expires_in: timedelta


class People:
    """Keeps a customer's people; one instance serves all pages."""

    def __init__(
        self,
        *,
        members: MemberStore,
        accounts: AccountAdministration,
        sessions: Sessions,
        hashing: Hashing,
        passwords: Passwords,
        tickets: TicketOffice,
        ticket_store: TicketStore,
        letters: Letters,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._members = members
        self._accounts = accounts
        self._sessions = sessions
        self._hashing = hashing
        self._passwords = passwords
        self._tickets = tickets
        self._ticket_store = ticket_store
        self._letters = letters
        self._audit = audit
        self._clock = clock

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

    # -- invitations -----------------------------------------------------------------------------

    async def invite(self, by: Member, wanted: Member, client: Client) -> PeopleFault | None:
        """Invite somebody by e-mail; `wanted` says what they will be.

        An address that belongs to another customer's member gets a letter of its own and the same answer.
        """
        if not may_give(by, wanted):
            return PeopleFault.EXCEEDS
        known = await self._members.credentials(wanted.email)
        if known is not None and known.member.customer_id == by.customer_id:
            return PeopleFault.TAKEN
        if len(await self._open(by.customer_id)) >= MOST_INVITATIONS:
            return PeopleFault.TOO_MANY
        company = await self._members.company(by.customer_id)
        token = await self._tickets.give(
            TicketKind.INVITATION,
            valid=INVITATION_VALID,
            customer_id=by.customer_id,
            details={"inviter": by.name, **_written(wanted)},
        )
        is_written = await self._letters.write_bounded(
            Letter.INVITATION if known is None else Letter.ALREADY_THERE,
            wanted.email,
            by.language,
            path=f"/panel/invitation/{token}" if known is None else "/panel/login",
            inviter=by.name,
            company=company.name or by.customer_name,
        )
        if not is_written:
            await self._tickets.take(token, TicketKind.INVITATION)
            return PeopleFault.NOT_WRITTEN
        await self._audit.note(
            by,
            "member.invited",
            wanted.email,
            address=client.address,
            after=shown_rights(wanted),
        )
        return None

    async def invitations(self, customer_id: int) -> Sequence[Invitation]:
        """List the open invitations of a customer."""
        now = self._clock.now()
        return [
            Invitation(
                reference=one.token_sha256.hex()[:32],
                email=one.details["email"],
                inviter=one.details["inviter"],
                wanted=_read(one, customer_id, ""),
                expires_in=one.expires_at - now,
            )
            for one in await self._open(customer_id)
        ]

    async def withdraw(self, by: Member, reference: str, client: Client) -> PeopleFault | None:
        """Take an invitation back."""
        for one in await self._open(by.customer_id):
            if one.token_sha256.hex()[:32] == reference:
                await self._ticket_store.drop_ticket(one.token_sha256, customer_id=by.customer_id)
                email = one.details["email"]
                await self._audit.note(
                    by, "member.invitation-withdrawn", email, address=client.address
                )
                return None
        return PeopleFault.NOT_THERE

    async def _open(self, customer_id: int) -> Sequence[Ticket]:
        return await self._ticket_store.tickets(
            customer_id, TicketKind.INVITATION, now=self._clock.now()
        )

    async def invited(self, token: str) -> Member | None:
        """Find out what a link makes of whoever follows it."""
        ticket = await self._tickets.look(token, TicketKind.INVITATION)
        if ticket is None or ticket.customer_id is None:
            return None
        members = await self._members.members(ticket.customer_id)
        if not members or not members[0].customer_name:
            return None
        return _read(ticket, ticket.customer_id, members[0].customer_name)

    async def accept(
        self, token: str, *, name: str, phone: str, language: str, password: str, client: Client
    ) -> Member | PasswordFault | PeopleFault:
        """Become a member, with a password of one's own. Raises: TooBusy."""
        wanted = await self.invited(token)
        if wanted is None:
            return PeopleFault.GONE
        wanted = replace(wanted, name=name, phone=phone, language=language)
        fault = await self._passwords.fault_of(wanted, password)
        if fault is not None:
            return fault
        password_hash = await self._hashing.hash(password)
        if await self._tickets.take(token, TicketKind.INVITATION) is None:
            return PeopleFault.GONE
        try:
            member = await self._members.create_member(
                wanted, password_hash=password_hash, now=self._clock.now()
            )
        except AlreadyThere:
            return PeopleFault.GONE
        await self._audit.note(member, "member.joined", member.email, address=client.address)
        return member

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


def _written(wanted: Member) -> dict[str, Any]:
    accounts = wanted.smtp_accounts
    return {
        "email": wanted.email,
        "administrator": wanted.is_administrator,
        "rights": {area.value: int(right) for area, right in wanted.rights.items()},
        "accounts": None if accounts is None else sorted(accounts),
        "language": wanted.language,
    }


def _read(ticket: Ticket, customer_id: int, customer_name: str) -> Member:
    details = ticket.details
    accounts = details["accounts"]
    return Member(
        member_id=0,
        customer_id=customer_id,
        customer_name=customer_name,
        email=details["email"],
        name="",
        is_administrator=details["administrator"],
        rights={Area(area): Right(right) for area, right in details["rights"].items()},
        smtp_accounts=None if accounts is None else frozenset(accounts),
        language=details["language"],
    )
