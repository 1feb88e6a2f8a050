"""LOG IN: account name or e-mail and password, then a second step where one is set; then a session.

An unknown login costs what a known one does and gets the same answer (S-31). That an account is switched off
or bound to other addresses is said only to whoever knows its password.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from sztafeta.account.member import Member
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.beside import Beside
from sztafeta.service.people.hashing import Hashing, TooBusy
from sztafeta.service.people.sessions import Sessions, is_allowed
from sztafeta.service.people.throttle import LoginThrottle, subject_of
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import Credentials, MemberStore, TicketKind

SECOND_STEP_VALID: Final = timedelta(minutes=10)


class LoginFault(Enum):
    """Why somebody is not let in."""

    WRONG = "wrong"
    """Login or password: which of them is never said."""
    WAIT = "wait"
    BUSY = "busy"
    SWITCHED_OFF = "switched-off"
    NOT_FROM_HERE = "not-from-here"
    GONE = "gone"
    """The second step took too long or too many tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRefused:
    """Nobody is let in."""

    fault: LoginFault
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """A session is open; the token goes into the browser."""

    member: Member
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepNeeded:
    """The password was right; the token finds the half-finished login again."""

    member: Member
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """From where somebody comes, and with what."""

    address: str
    user_agent: str


Alarm = Callable[[Member, Client], Awaitable[None]]
"""Tells a member that their password is being guessed."""


class LogIn:
    """Takes logins; one instance serves all."""

    def __init__(
        self,
        *,
        members: MemberStore,
        sessions: Sessions,
        hashing: Hashing,
        throttle: LoginThrottle,
        tickets: TicketOffice,
        audit: AuditLog,
        alarm: Alarm,
        beside: Beside,
    ) -> None:
        self._members = members
        self._sessions = sessions
        self._hashing = hashing
        self._throttle = throttle
        self._tickets = tickets
        self._audit = audit
        self._alarm = alarm
        self._beside = beside

    async def by_password(
        self, login: str, password: str, client: Client
    ) -> LoggedIn | SecondStepNeeded | LoginRefused:
        """Take the first step."""
        known = await self._members.credentials(login)
        account = account_subject(known, login)
        wait = await self._throttle.wait(account, client.address)
        if wait:
            return LoginRefused(fault=LoginFault.WAIT, wait=wait)
        try:
            is_right = await self._hashing.matches(password, known.password_hash if known else "")
        except TooBusy:
            return LoginRefused(fault=LoginFault.BUSY, wait=timedelta(seconds=5))
        if known is None or not is_right:
            await self._note_failure(known, account, client)
            return LoginRefused(fault=LoginFault.WRONG)
        return await self._go_on(known.member, client)

    async def _note_failure(self, known: Credentials | None, account: str, client: Client) -> None:
        is_alarming = await self._throttle.failed(account, client.address)
        if known is not None:  # for an unknown login there is nothing to write
            self._beside.begin(self._tell(known.member, client, is_alarming=is_alarming))

    async def _tell(self, member: Member, client: Client, *, is_alarming: bool) -> None:
        await self._audit.note_of_nobody(
            member.customer_id, "login.failed", member.email, address=client.address
        )
        if is_alarming:
            await self._alarm(member, client)

    async def _go_on(
        self, member: Member, client: Client
    ) -> LoggedIn | SecondStepNeeded | LoginRefused:
        """Let in whoever knew the password, or ask for the second step."""
        refused = await self.refusal(member, client)
        if refused is not None:
            return refused
        if not member.has_second_factor:
            return await self.let_in(member, client)
        token = await self._tickets.give(
            TicketKind.SECOND_STEP, valid=SECOND_STEP_VALID, member_id=member.member_id
        )
        return SecondStepNeeded(member=member, token=token)

    async def refusal(self, member: Member, client: Client) -> LoginRefused | None:
        """Say why a member who proved who they are is not let in all the same."""
        if not member.is_enabled:
            return LoginRefused(fault=LoginFault.SWITCHED_OFF)
        networks = await self._members.panel_networks(member.customer_id)
        if not is_allowed(client.address, networks):
            return LoginRefused(fault=LoginFault.NOT_FROM_HERE)
        return None

    async def let_in(self, member: Member, client: Client) -> LoggedIn:
        """Open a session."""
        await self._throttle.succeeded(f"member {member.member_id}", client.address)
        token = await self._sessions.open(
            member.member_id, address=client.address, user_agent=client.user_agent
        )
        await self._audit.note(member, "login.done", address=client.address)
        return LoggedIn(member=member, token=token)


def account_subject(known: Credentials | None, login: str) -> str:
    """Name an account for the throttle: by its member, whichever way they are called."""
    return subject_of(login) if known is None else f"member {known.member.member_id}"
