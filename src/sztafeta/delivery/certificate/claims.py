"""What a delivery certificate claims: who, when, which server, what it answered, and which content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

CONTENT: Final = "the message as it was accepted, before DKIM signatures were added"
"""Which octets `size` and `sha256` are of: the signatures differ from attempt to attempt and are not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCertificate:
    """The claims about one recipient of one message; all of them are facts of its history."""

    issuer: str
    """The host name of the service that delivered."""
    customer: str
    """For whom it was sent."""
    sender: str
    """The reverse-path; empty: the null sender."""
    recipient: str
    """The forward-path."""
    accepted_at: datetime
    """When the message was on our disk."""
    delivered_at: datetime
    """When the server's reply was heard."""
    server: str
    """The MX's name."""
    address: str
    """The server's IP address; empty: none was noted."""
    reply: str
    """Code, enhanced status and text, word for word."""
    tls: str
    """TLS version and cipher; empty: the connection was not encrypted."""
    attempt: int
    """Counted from 1."""
    queue_id: str
    message_id: str
    """The Message-ID of the header, with its angle brackets."""
    subject: str
    size: int
    """Octets of the content."""
    sha256: str
    """Of the content, in hexadecimal; empty: the content was not kept any more."""

    def claims(self) -> dict[str, Any]:
        """Give the claims as JSON has them, in the order in which people read them; null: not known."""
        return {
            "issuer": self.issuer,
            "customer": self.customer,
            "sender": self.sender,
            "recipient": self.recipient,
            "accepted_at": instant(self.accepted_at),
            "delivered_at": instant(self.delivered_at),
            "server": {"name": self.server, "address": self.address or None},
            "reply": self.reply,
            "tls": self.tls or None,
            "attempt": self.attempt,
            "queue_id": self.queue_id,
            "message_id": self.message_id,
            "subject": self.subject,
            "content": {"of": CONTENT, "size": self.size, "sha256": self.sha256 or None},
        }


def instant(at: datetime) -> str:
    """Write an instant in UTC, to the millisecond (RFC 3339 §5.6)."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
