"""Composing: what the header of an incoming message must be, and what we change in it.

The author's domains are checked by the account's rule; then mail/compose edits the header. Everything here is
decided on the header alone, before a big body is on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.rejection import Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How the messages of a connection come in, for Received and for the history."""

    listener: str
    address: str
    """The client's IP address; kept for the history, never written into the message."""
    client_name: str
    """What the client called itself."""
    extended: bool
    """It spoke ESMTP."""
    tls: str
    """TLS version and cipher, or empty."""

    def as_history(self) -> dict[str, Any]:
        """Give what the store keeps."""
        return {
            "listener": self.listener,
            "address": self.address,
            "client": self.client_name,
            "tls": self.tls,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Who wants what sent to whom; the content follows."""

    account: SmtpAccount
    envelope: Envelope
    """Without forward-paths."""
    forward_paths: tuple[ForwardPath, ...]
    """Each mailbox once."""
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What became of the header."""

    header: bytes
    """With our edits, up to and including the empty line."""
    body_at: int
    """Where the body begins in what was received."""
    header_message_id: str
    subject: str
    signing_domain: str | None
    """The author's domain, when it is one of the customer's."""


class Composer:
    """Checks and edits headers."""

    def __init__(self, hostname: str) -> None:
        """`hostname` is what stands in Received."""
        self._hostname = hostname

    def compose(
        self, submission: Submission, message_id: int, now: datetime, received: bytes
    ) -> Composed | Rejection:
        """Judge what begins with a whole header, and edit it."""
