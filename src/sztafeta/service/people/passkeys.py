"""PASSKEYS (WebAuthn): made in the profile, proved at the login.

The private half never leaves its owner's device and signs for our host name alone, so that a look-alike page
gets nothing. A challenge is a ticket: it works once and for ten minutes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from sztafeta.account.member import Member
from sztafeta.service.people.tokens import TicketOffice
from sztafeta.service.ports import (
    AlreadyThere,
    Clock,
    Passkey,
    SecondFactorStore,
    TicketKind,
)

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
        options = webauthn.generate_registration_options(
            rp_id=self._host,
            rp_name=self._service_name,
            user_id=str(member.member_id).encode(),
            user_name=member.email,
            user_display_name=member.name,
            exclude_credentials=await self._descriptors(member.member_id),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return await self._challenge(options, member.member_id)

    async def keep(self, member: Member, token: str, answer: str, name: str) -> Passkey | None:
        """Keep the passkey that a browser made; None when its answer does not fit."""
        ticket = await self._tickets.take(token, TicketKind.PASSKEY)
        if ticket is None or ticket.member_id != member.member_id:
            return None
        if len(await self._factors.passkeys(member.member_id)) >= MOST:
            return None
        try:
            verified = webauthn.verify_registration_response(
                credential=_read(answer),
                expected_challenge=base64url_to_bytes(ticket.details["challenge"]),
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
            passkey = Passkey(
                credential_id=verified.credential_id,
                member_id=member.member_id,
                name=name.strip()[:LONGEST_NAME],
                public_key=verified.credential_public_key,
                sign_count=verified.sign_count,
                created_at=self._clock.now(),
            )
            await self._factors.add_passkey(passkey)
        except (WebAuthnException, AlreadyThere, ValueError, KeyError):
            return None
        return passkey

    # -- at the login ----------------------------------------------------------------------------

    async def ask(self, member_id: int | None = None) -> Challenge:
        """Ask a browser for a passkey: of this member, or whichever it has for us."""
        allowed = [] if member_id is None else await self._descriptors(member_id)
        options = webauthn.generate_authentication_options(
            rp_id=self._host,
            allow_credentials=allowed,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return await self._challenge(options, member_id)

    async def proved(self, token: str, answer: str) -> int | None:
        """Give the member whose passkey signed the challenge; None when nothing was proved."""
        ticket = await self._tickets.take(token, TicketKind.PASSKEY)
        if ticket is None:
            return None
        try:
            credential = _read(answer)
            passkey = await self._factors.passkey(base64url_to_bytes(str(credential["id"])))
            if passkey is None or ticket.member_id not in (None, passkey.member_id):
                return None
            verified = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=base64url_to_bytes(ticket.details["challenge"]),
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError):
            return None
        await self._factors.use_passkey(
            passkey.credential_id, sign_count=verified.new_sign_count, now=self._clock.now()
        )
        return passkey.member_id

    # -- both ------------------------------------------------------------------------------------

    async def _descriptors(self, member_id: int) -> list[PublicKeyCredentialDescriptor]:
        return [
            PublicKeyCredentialDescriptor(id=one.credential_id)
            for one in await self._factors.passkeys(member_id)
        ]

    async def _challenge(self, options: Any, member_id: int | None) -> Challenge:
        token = await self._tickets.give(
            TicketKind.PASSKEY,
            valid=VALID,
            member_id=member_id,
            details={"challenge": bytes_to_base64url(options.challenge)},
        )
        return Challenge(token=token, options=webauthn.options_to_json(options))


def _read(answer: str) -> dict[str, Any]:
    """Read what a browser sent. Raises: ValueError."""
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise ValueError("a credential is an object")
    return found
