"""What one listener offers: its profile, the lines of its EHLO, and the parameters these allow.

Nothing is announced that the session would not obey, and nothing obeyed that was not announced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_MAX_SIZE: Final = 10_485_760


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerProfile:
    """Plain values for one listener."""

    hostname: str
    """What the banner and EHLO say; a fully qualified name (RFC 5321 §4.3.1)."""
    max_size: int = DEFAULT_MAX_SIZE
    """Octets of a message, after dot-unstuffing (RFC 1870)."""
    max_recipients: int = 1000
    """Accepted in one transaction; the next is told 452 4.5.3 (RFC 5321 §4.5.3.1.8)."""
    max_messages: int = 0
    """Accepted on one connection; the next MAIL is told 421. 0: as many as come."""
    offers_starttls: bool = True
    offers_auth: bool = True
    cleartext_auth: bool = True
    """AUTH is offered, and tried, on a wire that is not encrypted."""
    requires_auth: bool = True
    """MAIL before AUTH is told 530 5.7.0 (RFC 6409 §4.3)."""
    requires_tls: bool = False
    """Everything but EHLO, NOOP, STARTTLS and QUIT waits for TLS (RFC 3207 §4)."""
    offers_chunking: bool = True
    offers_dsn: bool = True
    offers_smtputf8: bool = True
    max_errors: int = 20
    """Errors since the last accepted message that are answered; the next one ends the session."""
    max_junk: int = 100
    """Commands that carry no mail (NOOP, RSET, VRFY …), counted likewise."""
    max_auth_errors: int = 3
    """Failed logins that are answered; the next AUTH ends the session."""


def ehlo_lines(profile: ServerProfile, *, encrypted: bool) -> tuple[str, ...]:
    """List the extensions in the order we say them (RFC 5321 §4.1.1.1)."""
    lines = {
        "PIPELINING": True,  # RFC 2920
        f"SIZE {profile.max_size}": True,  # RFC 1870
        "STARTTLS": profile.offers_starttls and not encrypted,  # RFC 3207 §4.2
        "AUTH PLAIN LOGIN": may_log_in(profile, encrypted=encrypted),  # RFC 4954 §3
        "8BITMIME": True,  # RFC 6152
        "SMTPUTF8": profile.offers_smtputf8,  # RFC 6531
        "ENHANCEDSTATUSCODES": True,  # RFC 2034
        "CHUNKING": profile.offers_chunking,  # RFC 3030
        "DSN": profile.offers_dsn,  # RFC 3461
        _limits(profile): True,  # RFC 9422
    }
    return tuple(line for line, is_offered in lines.items() if is_offered)


def _limits(profile: ServerProfile) -> str:
    """Say how much a client may send at a time (RFC 9422 §4)."""
    mails = f" MAILMAX={profile.max_messages}" if profile.max_messages else ""
    return f"LIMITS RCPTMAX={profile.max_recipients}{mails}"


def may_log_in(profile: ServerProfile, *, encrypted: bool) -> bool:
    """Say whether AUTH is offered on the wire as it is."""
    if encrypted:
        return profile.offers_auth
    return profile.offers_auth and profile.cleartext_auth and not profile.requires_tls


def mail_parameters(profile: ServerProfile) -> frozenset[str]:
    """Name the parameters of MAIL that the profile understands."""
    return frozenset(
        {"SIZE", "BODY"}  # RFC 1870 §4, RFC 6152 §2
        | ({"SMTPUTF8"} if profile.offers_smtputf8 else set())  # RFC 6531 §3.4
        | ({"RET", "ENVID"} if profile.offers_dsn else set())  # RFC 3461 §4.3, §4.4
        | ({"AUTH"} if profile.offers_auth else set())  # RFC 4954 §5
    )


def rcpt_parameters(profile: ServerProfile) -> frozenset[str]:
    """Name the parameters of RCPT that the profile understands."""
    return frozenset({"NOTIFY", "ORCPT"} if profile.offers_dsn else ())  # RFC 3461 §4.1, §4.2
