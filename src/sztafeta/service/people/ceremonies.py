"""The two ceremonies of WebAuthn as functions of values: a browser is asked, and what it answers is verified.

The library costs 6 MB of memory: `passkeys` loads this when the first passkey is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

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
from sztafeta.service.ports import Passkey

Asked = tuple[str, str]
"""The options as JSON, and the challenge in them."""
_FAULTS = (WebAuthnException, ValueError, KeyError, TypeError)


def ask_for_new(member: Member, known: Sequence[Passkey], *, host: str, service_name: str) -> Asked:
    """Ask a browser to make a passkey."""
    return _asked(
        webauthn.generate_registration_options(
            rp_id=host,
            rp_name=service_name,
            user_id=str(member.member_id).encode(),
            user_name=member.email,
            user_display_name=member.name,
            exclude_credentials=_descriptors(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
    )


def made(answer: str, challenge: str, *, host: str, origin: str) -> tuple[bytes, bytes, int] | None:
    """Give id, public key and count of the passkey that a browser made; None when it does not fit."""
    try:
        verified = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    except _FAULTS:
        return None
    return verified.credential_id, verified.credential_public_key, verified.sign_count


def ask(known: Sequence[Passkey], *, host: str) -> Asked:
    """Ask a browser for one of these passkeys; for whichever it has when none is named."""
    return _asked(
        webauthn.generate_authentication_options(
            rp_id=host,
            allow_credentials=_descriptors(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def credential_of(answer: str) -> bytes | None:
    """Say which passkey a browser answers with."""
    try:
        return base64url_to_bytes(str(_read(answer)["id"]))
    except _FAULTS:
        return None


def proved(answer: str, challenge: str, passkey: Passkey, *, host: str, origin: str) -> int | None:
    """Give the new count of the passkey that signed the challenge; None when it did not."""
    try:
        verified = webauthn.verify_authentication_response(
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _FAULTS:
        return None
    return verified.new_sign_count


def _descriptors(known: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one.credential_id) for one in known]


def _asked(options: Any) -> Asked:
    return webauthn.options_to_json(options), bytes_to_base64url(options.challenge)


def _read(answer: str) -> dict[str, Any]:
    """Read what a browser sent. Raises: ValueError."""
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise ValueError("a credential is an object")
    return found
