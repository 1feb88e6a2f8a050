"""SECOND STEP: a code of an app, a recovery code or a passkey after the password; or a passkey alone.

A code counts for its half minute and the two beside it, once; a recovery code once; ten tries end the
half-finished login, and each wrong one counts as a failed login of the account (W-17).
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from sztafeta.account.totp import matching_step
from sztafeta.service.people.log_in import Client, LoggedIn, LogIn, LoginFault, LoginRefused
from sztafeta.service.people.passkeys import Passkeys
from sztafeta.service.people.throttle import LoginThrottle, network_of
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import Clock, MemberStore, SecondFactorStore, TicketKind

MOST_TRIES: Final = 10
GONE: Final = LoginRefused(fault=LoginFault.GONE)
WRONG: Final = LoginRefused(fault=LoginFault.WRONG)


class SecondStep:
    """Finishes logins; one instance serves all."""

    def __init__(
        self,
        *,
        members: MemberStore,
        factors: SecondFactorStore,
        passkeys: Passkeys,
        tickets: TicketOffice,
        throttle: LoginThrottle,
        log_in: LogIn,
        clock: Clock,
    ) -> None:
        self._members = members
        self._factors = factors
        self._passkeys = passkeys
        self._tickets = tickets
        self._throttle = throttle
        self._log_in = log_in
        self._clock = clock

    async def member_of(self, token: str) -> int | None:
        """Find out whose half-finished login this is."""
        ticket = await self._tickets.look(token, TicketKind.SECOND_STEP)
        return None if ticket is None else ticket.member_id

    async def by_code(self, token: str, code: str, client: Client) -> LoggedIn | LoginRefused:
        """Finish a login with the code of an app or a recovery code."""
        member_id = await self.member_of(token)
        if member_id is None:
            return GONE
        wait = await self._throttle.wait(f"member {member_id}", client.address)
        if wait:
            return LoginRefused(fault=LoginFault.WAIT, wait=wait)
        if await self._tickets.count_try(token) > MOST_TRIES:
            await self._tickets.take(token, TicketKind.SECOND_STEP)
            return GONE
        if not await self.is_right(member_id, code):
            await self._throttle.failed(f"member {member_id}", client.address)
            return WRONG
        return await self._finish(token, client)

    async def is_right(self, member_id: int, code: str) -> bool:
        """Spend a code of the app, or a recovery code; False when it is neither, or was spent."""
        plain = re.sub(r"[\s-]", "", code).lower()
        if not plain.isdecimal():
            return await self._factors.use_recovery_code(member_id, recovery_digest(plain))
        totp = await self._factors.totp(member_id)
        if totp is None:
            return False
        step = matching_step(totp.seed, plain, self._clock.now())
        return step is not None and await self._factors.use_step(member_id, step)

    async def by_passkey(
        self, challenge: str, answer: str, client: Client, *, token: str = ""
    ) -> LoggedIn | LoginRefused:
        """Finish a login with a passkey; without a half-finished one it is enough alone."""
        account = f"passkey {network_of(client.address)}"
        wait = await self._throttle.wait(account, client.address)
        if wait:
            return LoginRefused(fault=LoginFault.WAIT, wait=wait)
        member_id = await self._passkeys.proved(challenge, answer)
        expected = await self.member_of(token) if token else member_id
        if member_id is None or member_id != expected:
            await self._throttle.failed(account, client.address)
            return GONE if token and expected is None else WRONG
        if token:
            return await self._finish(token, client)
        return await self._let_in(member_id, client)

    async def _finish(self, token: str, client: Client) -> LoggedIn | LoginRefused:
        """Whoever is first with a half-finished login has it alone."""
        ticket = await self._tickets.take(token, TicketKind.SECOND_STEP)
        if ticket is None or ticket.member_id is None:
            return GONE
        return await self._let_in(ticket.member_id, client)

    async def _let_in(self, member_id: int, client: Client) -> LoggedIn | LoginRefused:
        member = await self._members.member(member_id)
        if member is None:
            return GONE
        return await self._log_in.refusal(member, client) or await self._log_in.let_in(
            member, client
        )


def recovery_digest(plain: str) -> bytes:
    """Give what is kept of a recovery code, which is random and long enough for a fast hash."""
    return sha256(plain.encode("utf-8", "surrogateescape")).digest()
