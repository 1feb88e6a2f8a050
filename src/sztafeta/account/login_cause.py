"""Why a login failed, for the owner of the login alone; a stranger hears `535` and nothing else (ux §1.3).

Only the shape of what was tried decides, and nothing of it is kept.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sztafeta.account.smtp_account import SmtpAccount, digest_of, password_matches


class LoginCause(Enum):
    """What the owner can do something about."""

    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a word for it
    FORMER_PASSWORD = "former-password"  # noqa: S105 - a word for it
    """The password before this one, whose time is over."""
    BLANKS = "blanks"
    """The right password with blanks, line ends or quotation marks around it."""
    API_KEY = "api-key"
    """An API key: SMTP takes the account's own password."""
    EMPTY = "empty"
    WRONG_IDENTITY = "wrong-identity"
    """The right password, to act for somebody else (RFC 4616 §2)."""
    NETWORK = "network"
    """The right password, from an address that is not on the account's list."""
    CLEARTEXT = "cleartext"
    """Without TLS, which this account may not; the password was not tried and is exposed."""
    SUSPENDED = "suspended"


def cause_of(password: str, account: SmtpAccount, now: datetime) -> LoginCause | None:
    """Say why a password is not good for an account; None: it is."""
    if account.accepts(digest_of(password), now):
        return None
    former = account.former_password
    if not password:
        return LoginCause.EMPTY
    if former is not None and password_matches(password, former.password_sha256):
        return LoginCause.FORMER_PASSWORD
    bare = password.strip(" \t\r\n\"'`„”")
    if bare != password and account.accepts(digest_of(bare), now):
        return LoginCause.BLANKS
    return LoginCause.API_KEY if password.startswith("szt_") else LoginCause.WRONG_PASSWORD
