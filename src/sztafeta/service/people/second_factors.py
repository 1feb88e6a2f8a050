"""SECOND FACTORS: set up and taken away in the profile; each change ends the other sessions and is told."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from sztafeta.account.member import Member
from sztafeta.account.totp import matching_step
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.people.letter_texts import Letter
from sztafeta.service.people.letters import Letters
from sztafeta.service.people.log_in import Client
from sztafeta.service.people.passkeys import Passkeys
from sztafeta.service.people.passwords import tell
from sztafeta.service.people.required_second_step import RequiredSecondStep
from sztafeta.service.people.second_step import recovery_digest
from sztafeta.service.people.sessions import Sessions
from sztafeta.service.ports import Clock, LastFactor, Passkey, SecondFactorStore

RECOVERY_CODES: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz"
"""No digits: a code of an app has nothing else, so that the two are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedOn:
    """A second step is asked for from now on."""

    token: str
    """The session goes on under it."""
    recovery_codes: tuple[str, ...]
    """Shown this once."""


class SecondFactors:
    """Keeps a member's second factors; one instance serves all pages."""

    def __init__(
        self,
        *,
        factors: SecondFactorStore,
        passkeys: Passkeys,
        sessions: Sessions,
        letters: Letters,
        audit: AuditLog,
        clock: Clock,
        required: RequiredSecondStep,
    ) -> None:
        self._factors = factors
        self._passkeys = passkeys
        self._sessions = sessions
        self._letters = letters
        self._audit = audit
        self._clock = clock
        self._required = required

    async def has_totp(self, member: Member) -> bool:
        """Say whether codes of an app are asked for."""
        return await self._factors.totp(member.member_id) is not None

    async def codes_left(self, member: Member) -> int:
        """Count the recovery codes that were not spent."""
        return await self._factors.recovery_codes_left(member.member_id)

    async def switch_on(
        self, member: Member, session_id: int, *, seed: bytes, code: str, client: Client
    ) -> SwitchedOn | None:
        """Ask for codes of an app from now on; None when the app does not have this seed."""
        plain = code.replace(" ", "")
        step = matching_step(seed, plain, self._clock.now())
        if step is None:
            return None
        await self._factors.set_totp(member.member_id, seed)
        await self._factors.use_step(member.member_id, step)
        codes = await self.new_codes(member)
        token = await self._changed(member, session_id, "second-factor.app-added", client)
        return SwitchedOn(token=token, recovery_codes=codes)

    async def switch_off(self, member: Member, session_id: int, client: Client) -> str | None:
        """Ask for no codes of an app any more; give the session's new token.

        None when it is the last second factor of somebody who may not be without one.
        """
        may_be_last = not self._required.binds(member)
        try:
            await self._factors.remove_totp(member.member_id, may_be_last=may_be_last)
        except LastFactor:
            return None
        if not await self._factors.passkeys(member.member_id):
            await self._factors.set_recovery_codes(member.member_id, [])
        return await self._changed(member, session_id, "second-factor.app-removed", client)

    async def new_codes(self, member: Member) -> tuple[str, ...]:
        """Replace the recovery codes; they are shown this once."""
        codes = tuple(_make_code() for _ in range(RECOVERY_CODES))
        digests = [recovery_digest(code.replace("-", "")) for code in codes]
        await self._factors.set_recovery_codes(member.member_id, digests)
        return codes

    async def add_passkey(
        self,
        member: Member,
        session_id: int,
        *,
        challenge: str,
        answer: str,
        name: str,
        client: Client,
    ) -> SwitchedOn | None:
        """Keep a passkey that a browser made; recovery codes come with the first."""
        kept = await self._passkeys.keep(member, challenge, answer, name)
        if kept is None:
            return None
        has_codes = await self.codes_left(member) > 0
        codes = () if has_codes else await self.new_codes(member)
        token = await self._changed(member, session_id, "second-factor.passkey-added", client)
        return SwitchedOn(token=token, recovery_codes=codes)

    async def remove_passkey(
        self, member: Member, session_id: int, passkey: Passkey, client: Client
    ) -> str | None:
        """Forget a passkey; give the session's new token.

        None when it is the last second factor of somebody who may not be without one.
        """
        may_be_last = not self._required.binds(member)
        try:
            await self._factors.remove_passkey(
                member.member_id, passkey.credential_id, may_be_last=may_be_last
            )
        except LastFactor:
            return None
        return await self._changed(member, session_id, "second-factor.passkey-removed", client)

    async def _changed(self, member: Member, session_id: int, action: str, client: Client) -> str:
        """End the other sessions, give this one another token, note it and tell of it (W-05)."""
        await self._sessions.end_others(member.member_id, session_id)
        token = await self._sessions.renew(session_id)
        await self._audit.note(member, action, address=client.address)
        told = Letter.SECOND_FACTOR_CHANGED
        await tell(self._letters, told, member, [member], client, self._clock)
        return token


def _make_code() -> str:
    """Draw a recovery code of 54 bits, in groups."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
