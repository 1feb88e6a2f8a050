"""INVITATIONS: a link by e-mail makes a member, with the rights that were given and a new password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sztafeta.account.granting import may_give
from sztafeta.account.member import Area, Member, Right
from sztafeta.account.password import PasswordFault
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.people.letter_texts import Letter
from sztafeta.service.people.letters import Letters
from sztafeta.service.people.log_in import Client
from sztafeta.service.people.passwords import Passwords
from sztafeta.service.people.people import PeopleFault, shown_rights
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import (
    AlreadyThere,
    Clock,
    MemberStore,
    Ticket,
    TicketKind,
    TicketStore,
)

INVITATION_VALID: Final = timedelta(days=7)
MOST_INVITATIONS: Final = 50
"""Open at once, of one customer."""


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


class Invitations:
    """Keeps a customer's invitations; one instance serves all pages."""

    def __init__(
        self,
        *,
        members: MemberStore,
        hashing: Hashing,
        passwords: Passwords,
        tickets: TicketOffice,
        ticket_store: TicketStore,
        letters: Letters,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._members = members
        self._hashing = hashing
        self._passwords = passwords
        self._tickets = tickets
        self._ticket_store = ticket_store
        self._letters = letters
        self._audit = audit
        self._clock = clock

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

    async def all_of(self, customer_id: int) -> Sequence[Invitation]:
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
