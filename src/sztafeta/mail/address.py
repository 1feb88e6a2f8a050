"""Mailboxes and domains: the one parser for SMTP paths, header fields and, later, the API.

A domain is kept as lower-case A-labels (RFC 5890), a local part exactly as it was written, because
only the receiving domain may interpret it (RFC 5321 §2.4).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A local part and a domain (RFC 5321 §2.3.11)."""

    local_part: str
    """As written, unquoted; may hold UTF-8 (RFC 6531)."""
    domain: str
    """Lower-case A-labels without a trailing dot, or an address literal in brackets."""

    @property
    def needs_smtputf8(self) -> bool:
        """Say whether only a receiver with SMTPUTF8 can take this address (RFC 6531 §3.2)."""
        return not self.local_part.isascii()


class AddressFault(ValueError):
    """The text is not an address; the message says what to change."""
