"""CHANGE OF E-MAIL ADDRESS: asked for with the password, done by a link that only the new address gets.

Letters that set passwords go to this address, so whoever changes it takes the account over: the old address
is told when it is asked for and when it is done, and the link works in a session of the same member alone. A
stranger to whom a mistyped address belongs can do nothing with it. An address that somebody has already gets
another letter and the same answer (S-31).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import Enum
from typing import Final

from sztafeta.account.member import Member
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.beside import Beside
from sztafeta.service.people.letter_texts import Letter
from sztafeta.service.people.letters import Letters
from sztafeta.service.people.log_in import Client
from sztafeta.service.people.passwords import Changed, PasswordRefusal, Passwords, tell
from sztafeta.service.people.sessions import Sessions
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import (
    AlreadyThere,
    Clock,
    MemberStore,
    TallyStore,
    TicketKind,
    TicketStore,
)

LINK_VALID: Final = timedelta(minutes=30)
HOUR: Final = timedelta(hours=1)
ASKED_AN_HOUR: Final = 5
"""By one member: each writes to an address that may be a stranger's."""
_DEAD: Final = (TicketKind.EMAIL, TicketKind.RESET, TicketKind.SECOND_STEP)
"""What went to the old address, or began with it, ends with it."""


class EmailFault(Enum):
    """Why an address is not changed."""

    SAME = "same"
    CLOSED = "closed"
    """The operator has not set who writes the letters."""
    WAIT = "wait"
    GONE = "gone"
    """The link has run out, was used, or the address went to somebody else meanwhile."""


class EmailChange:
    """Changes members' e-mail addresses; one instance serves all pages."""

    def __init__(
        self,
        *,
        members: MemberStore,
        sessions: Sessions,
        passwords: Passwords,
        tickets: TicketOffice,
        ticket_store: TicketStore,
        tallies: TallyStore,
        letters: Letters,
        audit: AuditLog,
        clock: Clock,
        beside: Beside,
    ) -> None:
        self._members = members
        self._sessions = sessions
        self._passwords = passwords
        self._tickets = tickets
        self._ticket_store = ticket_store
        self._tallies = tallies
        self._letters = letters
        self._audit = audit
        self._clock = clock
        self._beside = beside

    @property
    def is_open(self) -> bool:
        """Whether letters with links can be sent."""
        return self._letters.are_open

    async def ask(
        self, member: Member, new: str, *, password: str, client: Client
    ) -> EmailFault | PasswordRefusal | None:
        """Send the link; the answer does not say whether somebody has the address. Raises: TooBusy."""
        if not self.is_open:
            return EmailFault.CLOSED
        if new.lower() == member.email:
            return EmailFault.SAME
        refused = await self._passwords.refuse_wrong(member, password, client)
        if refused is not None:
            return refused
        subject, now = f"member {member.member_id}", self._clock.now()
        asked = await self._tallies.count("email-change", subject, within=HOUR, now=now)
        if asked.count > ASKED_AN_HOUR:
            return EmailFault.WAIT
        self._beside.begin(self._write(member, new, client))
        return None

    async def _write(self, member: Member, new: str, client: Client) -> None:
        """Write to both addresses; a link that was sent before is dead."""
        await self._ticket_store.drop_tickets(TicketKind.EMAIL, member_id=member.member_id)
        if await self._members.credentials(new) is None:
            token = await self._give(member, new)
            letter, path = Letter.EMAIL_CONFIRM, f"/panel/profile/email/{token}"
        else:
            letter, path = Letter.EMAIL_TAKEN, "/panel/login"
        await self._letters.write_bounded(letter, new, member.language, path=path)
        await self._tell_the_old(Letter.EMAIL_ASKED, member, new, client)

    async def _give(self, member: Member, new: str) -> str:
        return await self._tickets.give(
            TicketKind.EMAIL,
            valid=LINK_VALID,
            customer_id=member.customer_id,
            member_id=member.member_id,
            details={"email": new},
        )

    async def new_address(self, member: Member, token: str) -> str | None:
        """Find out which address a link gives this member; None for the link of anybody else."""
        ticket = await self._tickets.look(token, TicketKind.EMAIL)
        if ticket is None or ticket.member_id != member.member_id:
            return None
        return str(ticket.details["email"])

    async def confirm(
        self, member: Member, session_id: int, token: str, client: Client
    ) -> Changed | EmailFault:
        """Change the address; all other sessions end, and this one gets another token (W-05)."""
        new = await self.new_address(member, token)
        present = await self._members.member(member.member_id)
        if new is None or present is None:
            return EmailFault.GONE
        if await self._tickets.take(token, TicketKind.EMAIL) is None:
            return EmailFault.GONE
        try:
            await self._members.change_member(replace(present, email=new))
        except AlreadyThere:
            return EmailFault.GONE
        for kind in _DEAD:
            await self._ticket_store.drop_tickets(kind, member_id=member.member_id)
        await self._sessions.end_others(member.member_id, session_id)
        renewed = await self._sessions.renew(session_id)
        await self._note(present, new, client)
        await self._tell_the_old(Letter.EMAIL_CHANGED, present, new, client)
        return Changed(token=renewed)

    async def _note(self, member: Member, new: str, client: Client) -> None:
        await self._audit.note(
            member,
            "profile.email-changed",
            address=client.address,
            before={"email": member.email},
            after={"email": new.lower()},
        )

    async def _tell_the_old(self, letter: Letter, member: Member, new: str, client: Client) -> None:
        await tell(self._letters, letter, member, [member], client, self._clock, new=new)
