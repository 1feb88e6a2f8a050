"""API keys: `szt_live_<id><secret><check>`, shown once and kept as a hash (acceptance W-16).

The id finds the key, the secret proves it, the check characters tell a typo from a stranger before the store
is asked. The prefix says to people and to secret scanners what the text is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final
from zlib import crc32

from sztafeta.account.smtp_account import SenderRule, SmtpAccount
from sztafeta.value import value

ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
ID_LENGTH: Final = 10
SECRET_LENGTH: Final = 33
"""Letters of a secret: 196 bits."""
CHECK_LENGTH: Final = 4
_KEY = re.compile(
    rf"szt_(live|test)_([0-9A-Za-z]{{{ID_LENGTH}}})([0-9A-Za-z]{{{SECRET_LENGTH}}})"
    rf"([0-9A-Za-z]{{{CHECK_LENGTH}}})"
)


class Mode(Enum):
    """Whether mail leaves."""

    LIVE = "live"
    TEST = "test"
    """Nothing leaves: outcomes are played, and the mail is read in the test inbox."""


class Scope(Enum):
    """What a key may be used for."""

    SEND = "send"
    READ = "read"
    TEMPLATES = "templates"
    SUPPRESSIONS = "suppressions"
    DOMAINS = "domains"
    ADMIN = "admin"
    """All of the others, and keys and SMTP accounts."""


class KeyFault(ValueError):
    """The text is no API key; the message says how one looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as the store knows it, with what it sends as."""

    key_id: str
    customer_id: int
    customer_name: str
    name: str
    """What people call it."""
    mode: Mode
    scopes: frozenset[Scope]
    secret_sha256: bytes
    """SHA-256: the secret is random and long, so a slow hash would add nothing."""
    account: SmtpAccount
    """The SMTP account whose settings and statistics its mail goes by."""
    created_at: datetime
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Where it may be used from; empty: from anywhere."""
    allowed_domains: frozenset[str] = frozenset()
    """Which of the customer's domains it may send from, as lower-case A-labels; empty: from all."""
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_from: str = ""
    last_used_by: str = ""
    """What the program that used it last calls itself (User-Agent)."""

    def may(self, scope: Scope) -> bool:
        """Say whether the key may be used for this."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def narrow(self, account: SmtpAccount) -> SmtpAccount:
        """Give an account of the customer as this key may send by it: from fewer domains, or as it is."""
        if not self.allowed_domains:
            return account
        if account.sender_rule is SenderRule.ANY:
            domains = self.allowed_domains
        else:
            domains = account.sending_domains & self.allowed_domains
        return replace(
            account,
            sender_rule=SenderRule.OWN_DOMAINS,
            sending_domains=domains,
            narrowed_by=self.name,
        )

    def is_valid_at(self, now: datetime) -> bool:
        """Say whether it is neither revoked nor expired."""
        is_revoked = self.revoked_at is not None and self.revoked_at <= now
        is_expired = self.expires_at is not None and self.expires_at <= now
        return not (is_revoked or is_expired)

    def may_come_from(self, address: str) -> bool:
        """Say whether its IP allow-list holds this address."""
        if not self.allowed_networks:
            return True
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.allowed_networks)

    def is_proved_by(self, secret: str) -> bool:
        """Compare a secret in constant time."""
        return hmac.compare_digest(digest_of(secret), self.secret_sha256)


@value(frozen=True, slots=True, kw_only=True)
class KeyText:
    """A key as its holder has it."""

    mode: Mode
    key_id: str
    secret: str

    def __str__(self) -> str:
        head = f"szt_{self.mode.value}_{self.key_id}{self.secret}"
        return head + _check(head)


def is_escape(scopes: Iterable[Scope], allowed_domains: Iterable[str]) -> bool:
    """Say whether a limit to domains would be none: `admin` makes keys that have no such limit."""
    return Scope.ADMIN in scopes and bool(frozenset(allowed_domains))


def make_key_text(mode: Mode) -> KeyText:
    """Draw a new id and secret."""
    return KeyText(mode=mode, key_id=_draw(ID_LENGTH), secret=_draw(SECRET_LENGTH))


def parse_key(text: str) -> KeyText:
    """Read a key.

    Raises:
        KeyFault: it is none, or its check characters do not fit.
    """
    found = _KEY.fullmatch(text)
    if found is None:
        raise KeyFault("an API key looks like szt_live_… or szt_test_…, copied whole")
    if not hmac.compare_digest(_check(text[:-CHECK_LENGTH]), found[4]):
        raise KeyFault("the API key has a typing error: its check characters do not fit")
    return KeyText(mode=Mode(found[1]), key_id=found[2], secret=found[3])


def digest_of(secret: str) -> bytes:
    """Give what the store keeps of a secret."""
    return hashlib.sha256(secret.encode("ascii", "replace")).digest()


def _draw(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _check(head: str) -> str:
    number, letters = crc32(head.encode("ascii", "replace")), ""
    for _ in range(CHECK_LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        letters += ALPHABET[letter]
    return letters
