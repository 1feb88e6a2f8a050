"""PASSKEYS (WebAuthn): made in the profile, proved at the login.

The private half never leaves its owner's device and signs for our host name alone, so that a look-alike page
gets nothing. A challenge is a ticket: it works once and for ten minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from sztafeta.account.member import Member
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import AlreadyThere, Clock, Passkey, SecondFactorStore, TicketKind

VALID: Final = timedelta(minutes=10)
MOST: Final = 10
"""Passkeys of one member."""
LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a browser is asked to sign."""

    token: str
    """Finds the challenge again."""
    options: str
    """JSON for `navigator.credentials`."""


class Passkeys:
    """Makes and proves passkeys; one instance serves all."""

    def __init__(
        self,
        *,
        factors: SecondFactorStore,
        tickets: TicketOffice,
        clock: Clock,
        base_url: str,
        service_name: str,
    ) -> None:
        parts = urlsplit(base_url)
        self._factors = factors
        self._tickets = tickets
        self._clock = clock
        self._host = parts.hostname or ""
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._service_name = service_name

    @property
    def can_be_used(self) -> bool:
        """Whether the panel has a host name: a passkey is bound to one, never to an IP address."""
        try:
            ip_address(self._host)
        except ValueError:
            return bool(self._host)
        return False

    async def of_member(self, member_id: int) -> Sequence[Passkey]:
        """List a member's passkeys."""
        return await self._factors.passkeys(member_id)

    # -- in the profile --------------------------------------------------------------------------

    async def ask_for_new(self, member: Member) -> Challenge:
        """Ask a browser to make a passkey."""
        from sztafeta.service.people import ceremonies

        known = await self._factors.passkeys(member.member_id)
        options, challenge = ceremonies.ask_for_new(
            member, known, host=self._host, service_name=self._service_name
        )
        return await self._given(options, challenge, member.member_id)

    async def keep(self, member: Member, token: str, answer: str, name: str) -> Passkey | None:
        """Keep the passkey that a browser made; None when its answer does not fit."""
        from sztafeta.service.people import ceremonies

        ticket = await self._tickets.take(token, TicketKind.PASSKEY)
        if ticket is None or ticket.member_id != member.member_id:
            return None
        if len(await self._factors.passkeys(member.member_id)) >= MOST:
            return None
        challenge = str(ticket.details["challenge"])
        made = ceremonies.made(answer, challenge, host=self._host, origin=self._origin)
        return None if made is None else await self._added(member, name, *made)

    async def _added(
        self, member: Member, name: str, credential_id: bytes, public_key: bytes, sign_count: int
    ) -> Passkey | None:
        passkey = Passkey(
            credential_id=credential_id,
            member_id=member.member_id,
            name=name.strip()[:LONGEST_NAME],
            public_key=public_key,
            sign_count=sign_count,
            created_at=self._clock.now(),
        )
        try:
            await self._factors.add_passkey(passkey)
        except AlreadyThere:
            return None
        return passkey

    # -- at the login ----------------------------------------------------------------------------

    async def ask(self, member_id: int | None = None) -> Challenge:
        """Ask a browser for a passkey: of this member, or whichever it has for us."""
        from sztafeta.service.people import ceremonies

        known = [] if member_id is None else await self._factors.passkeys(member_id)
        options, challenge = ceremonies.ask(known, host=self._host)
        return await self._given(options, challenge, member_id)

    async def proved(self, token: str, answer: str) -> int | None:
        """Give the member whose passkey signed the challenge; None when nothing was proved."""
        from sztafeta.service.people import ceremonies

        ticket = await self._tickets.take(token, TicketKind.PASSKEY)
        credential_id = ceremonies.credential_of(answer)
        if ticket is None or credential_id is None:
            return None
        passkey = await self._factors.passkey(credential_id)
        if passkey is None or ticket.member_id not in (None, passkey.member_id):
            return None
        challenge = str(ticket.details["challenge"])
        count = ceremonies.proved(answer, challenge, passkey, host=self._host, origin=self._origin)
        if count is None:
            return None
        now = self._clock.now()
        await self._factors.use_passkey(credential_id, sign_count=count, now=now)
        return passkey.member_id

    async def _given(self, options: str, challenge: str, member_id: int | None) -> Challenge:
        """Give a ticket for a challenge."""
        token = await self._tickets.give(
            TicketKind.PASSKEY,
            valid=VALID,
            member_id=member_id,
            details={"challenge": challenge},
        )
        return Challenge(token=token, options=options)
