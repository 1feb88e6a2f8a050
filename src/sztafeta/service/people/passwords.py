"""PASSWORDS of the panel: changed by their owner, or set anew by a link in a letter.

A panel password is never that of an SMTP account: those stand in shops' configuration files. Whatever changes
a password ends the other sessions, is told by mail, and leaves the second step as it was (W-05, W-17).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from sztafeta.account.member import Member
from sztafeta.account.password import PasswordFault, fault_of
from sztafeta.account.smtp_account import password_matches
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.beside import Beside
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.people.letter_texts import Letter
from sztafeta.service.people.letters import Letters
from sztafeta.service.people.log_in import Client
from sztafeta.service.people.sessions import Sessions
from sztafeta.service.people.throttle import LoginThrottle, network_of
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import (
    AccountAdministration,
    Clock,
    Credentials,
    MemberStore,
    TallyStore,
    TicketKind,
    TicketStore,
)

RESET_VALID: Final = timedelta(minutes=30)
HOUR: Final = timedelta(hours=1)
RESETS_AN_HOUR: Final = 20
"""Of one address: an office may share it."""
PROFILE: Final = "/panel/profile"


class PasswordRefusal(Enum):
    """Why a password is not changed, beside what is wrong with the new one."""

    WRONG_OLD = "wrong-old"
    WAIT = "wait"
    GONE = "gone"
    """The link has run out or was used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The password is another; the session goes on under this token."""

    token: str


class Passwords:
    """Changes panel passwords; one instance serves all pages. All raise: TooBusy."""

    def __init__(
        self,
        *,
        members: MemberStore,
        accounts: AccountAdministration,
        sessions: Sessions,
        hashing: Hashing,
        throttle: LoginThrottle,
        tickets: TicketOffice,
        ticket_store: TicketStore,
        tallies: TallyStore,
        letters: Letters,
        audit: AuditLog,
        clock: Clock,
        beside: Beside,
    ) -> None:
        self._members = members
        self._accounts = accounts
        self._sessions = sessions
        self._hashing = hashing
        self._throttle = throttle
        self._tickets = tickets
        self._ticket_store = ticket_store
        self._tallies = tallies
        self._letters = letters
        self._audit = audit
        self._clock = clock
        self._beside = beside

    # -- by its owner ----------------------------------------------------------------------------

    async def change(
        self, member: Member, session_id: int, *, old: str, new: str, client: Client
    ) -> Changed | PasswordFault | PasswordRefusal:
        """Change a password; whoever just came in with one from an SMS needs not say it again."""
        if not member.must_change_password:
            refused = await self.refuse_wrong(member, old, client)
            if refused is not None:
                return refused
        fault = await self.fault_of(member, new)
        if fault is not None:
            return fault
        await self._set(member, new)
        await self._sessions.end_others(member.member_id, session_id)
        token = await self._sessions.renew(session_id)
        await self._tell(member, client, "password.changed")
        return Changed(token=token)

    async def refuse_wrong(
        self, member: Member, password: str, client: Client
    ) -> PasswordRefusal | None:
        """Say why this is not the member's password; tries are bounded as those of a login."""
        account = f"member {member.member_id}"
        if await self._throttle.wait(account, client.address):
            return PasswordRefusal.WAIT
        known = await self._members.credentials(member.email)
        if await self._hashing.matches(password, known.password_hash if known else ""):
            return None
        await self._throttle.failed(account, client.address)
        return PasswordRefusal.WRONG_OLD

    async def fault_of(self, member: Member, new: str) -> PasswordFault | None:
        """Say what is wrong with a new password of a member."""
        company = await self._members.company(member.customer_id)
        facts = (company.name, member.customer_name, member.name, member.email, company.nip)
        fault = fault_of(new, facts=facts)
        if fault is not None:
            return fault
        if await self._is_an_smtp_password(member.customer_name, new):
            return PasswordFault.SMTP_PASSWORD
        known = await self._members.credentials(member.email)
        is_same = known is not None and await self._is(known, new)
        return PasswordFault.SAME if is_same else None

    async def _is_an_smtp_password(self, customer_name: str, password: str) -> bool:
        accounts = await self._accounts.smtp_accounts(customer_name)
        former = [one.former_password for one in accounts if one.former_password is not None]
        hashes = {one.password_sha256 for one in accounts} | {one.password_sha256 for one in former}
        return any(password_matches(password, one) for one in hashes)

    async def _is(self, known: Credentials, password: str) -> bool:
        return await self._hashing.matches(password, known.password_hash)

    # -- by a letter -----------------------------------------------------------------------------

    @property
    def can_be_reset(self) -> bool:
        """Whether letters with links can be sent."""
        return self._letters.are_open

    async def ask_for_reset(self, login: str, client: Client) -> PasswordRefusal | None:
        """Send a link if there is such a member; the answer does not say so (S-31)."""
        now = self._clock.now()
        subject = network_of(client.address)
        asked = await self._tallies.count("reset-from", subject, within=HOUR, now=now)
        if asked.count > RESETS_AN_HOUR:
            return PasswordRefusal.WAIT
        known = await self._members.credentials(login)
        if known is not None and known.member.is_enabled:
            self._beside.begin(self._send_link(known.member))
        return None

    async def _send_link(self, member: Member) -> None:
        token = await self._tickets.give(
            TicketKind.RESET,
            valid=RESET_VALID,
            customer_id=member.customer_id,
            member_id=member.member_id,
        )
        await self._letters.write_bounded(
            Letter.RESET,
            member.email,
            member.language,
            path=f"/panel/reset/{token}",
            account=member.account_name or member.email,
        )

    async def member_of_link(self, token: str) -> Member | None:
        """Find out whose password a link may set."""
        ticket = await self._tickets.look(token, TicketKind.RESET)
        if ticket is None or ticket.member_id is None:
            return None
        return await self._members.member(ticket.member_id)

    async def reset(
        self, token: str, new: str, client: Client
    ) -> Member | PasswordFault | PasswordRefusal:
        """Set a password by a link; it logs nobody in. A fault leaves the link as it is."""
        member = await self.member_of_link(token)
        if member is None or not member.is_enabled:
            return PasswordRefusal.GONE
        fault = await self.fault_of(member, new)
        if fault is not None:
            return fault
        if await self._tickets.take(token, TicketKind.RESET) is None:
            return PasswordRefusal.GONE
        await self._set(member, new)
        await self._ticket_store.drop_tickets(TicketKind.RESET, member_id=member.member_id)
        await self._sessions.end_others(member.member_id)
        await self._tell(member, client, "password.reset")
        return member

    # -- both ------------------------------------------------------------------------------------

    async def _set(self, member: Member, new: str) -> None:
        await self._members.set_password(
            member.member_id,
            await self._hashing.hash(new),
            must_change=False,
            now=self._clock.now(),
        )
        for kind in (TicketKind.SECOND_STEP, TicketKind.EMAIL):
            await self._ticket_store.drop_tickets(kind, member_id=member.member_id)

    async def _tell(self, member: Member, client: Client, action: str) -> None:
        """Note it and write to the member; after a reset to every administrator, too (W-17)."""
        await self._audit.note(member, action, address=client.address)
        told: Sequence[Member] = [member]
        if action == "password.reset":
            everybody = await self._members.members(member.customer_id)
            others = [one for one in everybody if one.is_administrator and one.is_enabled]
            told = [member, *(one for one in others if one.member_id != member.member_id)]
        await tell(self._letters, Letter.PASSWORD_CHANGED, member, told, client, self._clock)


async def tell(
    letters: Letters,
    letter: Letter,
    about: Member,
    told: Sequence[Member],
    client: Client,
    clock: Clock,
    **more: str,
) -> None:
    """Write to people what happened to a member's account; `more` is what this letter says besides."""
    for one in told:
        await letters.write(
            letter,
            one.email,
            one.language,
            path=PROFILE,
            who=f"{about.name} ({about.email})",
            when=letters.when(clock.now(), one.language),
            address=client.address,
            **more,
        )
