"""SMTP accounts: a login `1.<name>.smtp` with its own password, never the panel's."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from sztafeta.delivery.egress import SHARED, dedicated_pool


class SenderRule(Enum):
    """Which author domains an SMTP account may use."""

    OWN_DOMAINS = "own-domains"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerPassword:
    """The password before the present one: it may go on for a while, and explains failed logins later."""

    password_sha256: bytes
    works_until: datetime
    replaced_at: datetime
    replaced_by: str = ""
    """Who changed it, as people know them; empty: the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpAccount:
    """What AUTH finds by login."""

    account_id: int
    customer_id: int
    customer_name: str
    login: str
    password_sha256: bytes
    """SHA-256: the password is random and long, so a slow hash would add nothing."""
    enabled: bool = True
    """False when the account or its customer is suspended."""
    cleartext_auth: bool = False
    """May log in without TLS, for old devices."""
    sender_rule: SenderRule = SenderRule.OWN_DOMAINS
    may_send_bounces: bool = False
    """May use the null sender `<>`."""
    failure_notices: bool = True
    """Send an RFC 3464 notice on failure when NOTIFY says nothing."""
    max_connections: int = 50
    ttl: timedelta = timedelta(hours=48)
    """How long a message of this account is tried."""
    sending_domains: frozenset[str] = frozenset()
    """The customer's domains, as lower-case A-labels."""
    narrowed_by: str = ""
    """The API key that limits the domains further; empty: none does."""
    display_name: str = ""
    """What its owner calls it."""
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Where it may log in from; empty: from anywhere."""
    former_password: FormerPassword | None = None
    """The password before this one, if it was ever changed."""
    egress: str = SHARED
    """The source its mail leaves from: `shared`, or the name of one that its customer has alone."""

    @property
    def dedicated_pool(self) -> str:
        """The egress pool of its own source; empty: that of all."""
        return "" if self.egress == SHARED else dedicated_pool(self.customer_name, self.egress)

    def may_come_from(self, address: str) -> bool:
        """Say whether its IP allow-list holds this address."""
        if not self.allowed_networks:
            return True
        try:
            found = ip_address(address)
        except ValueError:
            return False
        plain = getattr(found, "ipv4_mapped", None) or found
        return any(plain in network for network in self.allowed_networks)

    def accepts(self, password_sha256: bytes, now: datetime) -> bool:
        """Say whether a password is the present one, or the former one within its overlap."""
        if hmac.compare_digest(password_sha256, self.password_sha256):
            return True
        former = self.former_password
        return (
            former is not None
            and now < former.works_until
            and hmac.compare_digest(password_sha256, former.password_sha256)
        )


UNKNOWN_PASSWORD_SHA256 = bytes(32)
"""Compared against when the login is unknown, so that both ways cost the same."""


def digest_of(password: str) -> bytes:
    """Give what the store keeps of a password."""
    return hashlib.sha256(password.encode("utf-8", "surrogateescape")).digest()


def password_matches(password: str, password_sha256: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(digest_of(password), password_sha256)


LOGIN: Final = re.compile(r"[1-9][0-9]{0,3}\.([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)\.smtp")
"""`<number>.<name>.smtp`; the name is mostly the customer's."""
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""5 bits each, none mistaken for another."""


def make_password() -> str:
    """Draw a password of 125 bits, in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(5))
