"""A call to send: what an integrator asks for, in our words, whatever face it came through.

Texts are as they came: the verb (`service/sending/send`) reads addresses, checks every value and finds all
faults at once. Pointers say where in the integrator's own call a value stood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum
from typing import Any

from sztafeta.account.api_key import Mode
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.mail.envelope import Envelope
from sztafeta.value import value


class AddresseeKind(Enum):
    """In which field an addressee is shown."""

    TO = "to"
    CC = "cc"
    BCC = "bcc"


@value(frozen=True, slots=True, kw_only=True)
class Person:
    """A mailbox with a display name, unread."""

    address: str
    name: str = ""
    pointer: str = ""


@value(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Somebody who gets a message of his own."""

    person: Person
    kind: AddresseeKind = AddresseeKind.TO
    pointer: str = ""
    """Where `data` and `metadata` stand; empty: beside the person."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Template variables of this addressee; they win over the call's."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    message_id: str = ""
    """The Message-ID to use, without angle brackets; empty: one is made."""


@value(frozen=True, slots=True, kw_only=True)
class TemplateChoice:
    """Which template the content comes from."""

    ref: str
    """Its id or external id."""
    version: int | None = None
    """None: the live one."""


@value(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """A file, decoded."""

    filename: str
    content: bytes
    content_type: str = ""
    """Empty: guessed from the file name."""
    content_id: str = ""
    """Without angle brackets; shown inside the HTML when set."""
    pointer: str = ""


@value(frozen=True, slots=True, kw_only=True)
class Call:
    """One submission: one message for each addressee."""

    author: Person
    addressees: tuple[Addressee, ...]
    subject: str = ""
    html: str = ""
    text: str = ""
    template: TemplateChoice | None = None
    is_template: bool = False
    """`subject`, `html` and `text` of the call itself hold variables (a dialect's inline template)."""
    data: Mapping[str, Any] = field(default_factory=dict)
    reply_to: tuple[Person, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[AttachedFile, ...] = ()
    send_at: datetime | None = None
    expires_at: datetime | None = None
    return_path: Person | None = None
    """The reverse-path; None: the author's address."""


@value(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, and what the history keeps of it."""

    account: SmtpAccount
    mode: Mode
    key_id: str
    address: str
    """The client's IP address; kept for the history, never written into a message."""
    client: str = ""
    """What the client calls itself (User-Agent)."""
    request_id: str = ""
    door: str = "api"
    """Through which face the call came: `api`, or the name of an SMTP listener."""
    dialect: str = ""
    """The foreign dialect that the call was written in; empty: our own."""
    word: str = "HTTP"
    """The `with` word of Received."""
    failure_notices: bool = False
    """Failures are told by mail too, not in the history and the events alone."""

    def protocol(self, envelope: Envelope) -> str:
        """Give the `with` word of Received."""
        return self.word

    def as_history(self, envelope: Envelope) -> dict[str, Any]:
        """Give what the store keeps."""
        return {
            "listener": self.door,
            "address": self.address,
            "client": self.client,
            "key_id": self.key_id,
            "request_id": self.request_id,
            "protocol": self.word,
        }
