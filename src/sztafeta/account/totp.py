"""Codes of an authenticator app (RFC 6238): six digits, half a minute, SHA-1, as every app has it."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

import pyotp

SEED_OCTETS: Final = 20
"""RFC 4226 §4: 160 bits."""
STEP_SECONDS: Final = 30
DRIFT: Final = 1
"""Steps that a telephone's clock may be off."""
DIGITS: Final = 6


def make_seed() -> bytes:
    """Draw a seed."""
    return secrets.token_bytes(SEED_OCTETS)


def seed_text(seed: bytes) -> str:
    """Write a seed as apps take it, in groups of four."""
    text = base64.b32encode(seed).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def read_seed(text: str) -> bytes | None:
    """Read a seed back; None when it is none of ours."""
    try:
        seed = base64.b32decode(text.replace(" ", ""))
    except ValueError:
        return None
    return seed if len(seed) == SEED_OCTETS else None


def seed_address(seed: bytes, *, account: str, service: str) -> str:
    """Write the address that a QR code holds."""
    label = f"{quote(service, safe='')}:{quote(account, safe='')}"
    values = {"secret": base64.b32encode(seed).decode(), "issuer": service}
    return f"otpauth://totp/{label}?{urlencode(values, quote_via=quote)}"


def matching_step(seed: bytes, code: str, now: datetime) -> int | None:
    """Find the time step that a code is of; None when it is of none near now."""
    if len(code) != DIGITS or not (code.isascii() and code.isdecimal()):
        return None
    generator = pyotp.TOTP(base64.b32encode(seed).decode())
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(generator.generate_otp(step), code):
            found = step
    return found
