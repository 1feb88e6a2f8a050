"""TLS policy: how much proof a hop must give before it gets the mail."""

from __future__ import annotations

from enum import Enum


class TlsRequirement(Enum):
    """Ordered by strictness; MTA-STS and DANE come with their own issue."""

    NONE = "none"
    """Never ask for STARTTLS (a route on a trusted wire)."""
    OPPORTUNISTIC = "opportunistic"
    """Encrypt when offered, unauthenticated (RFC 7435); one try in the clear when the handshake fails."""
    ENCRYPTED = "encrypted"
    """Encrypt or defer; the certificate is not looked at."""
    VERIFIED = "verified"
    """Encrypt to a certificate valid for the hop's name, or defer."""
