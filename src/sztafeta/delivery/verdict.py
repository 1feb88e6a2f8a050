"""All failure judgement in one table: what a reply or a failure means, and how far it reaches.

Unknown is temporary. The scope says who else is meant: the recipient, the message, the session (this
connection) or the site (the receivers behind one set of MX hosts).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sztafeta.smtp.reply import Reply


class Outcome(Enum):
    """What an attempt means for one recipient."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    EXPIRED = "expired"


class Scope(Enum):
    """How far a verdict reaches."""

    RECIPIENT = "recipient"
    MESSAGE = "message"
    SESSION = "session"
    SITE = "site"


class Stage(Enum):
    """Where in the dialogue an attempt stood when it ended."""

    ROUTE = "route"
    CONNECT = "connect"
    TLS = "tls"
    BANNER = "banner"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


class FailureKind(Enum):
    """How the other side failed without a usable reply."""

    DNS_TEMPORARY = "dns-temporary"
    NO_SUCH_DOMAIN = "no-such-domain"
    NO_MAIL_HOST = "no-mail-host"
    NULL_MX = "null-mx"
    LOOP = "loop"
    FORBIDDEN_ADDRESS = "forbidden-address"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    TLS = "tls"
    PROTOCOL = "protocol"
    SIZE = "size"
    NEEDS_SMTPUTF8 = "needs-smtputf8"
    NEEDS_8BITMIME = "needs-8bitmime"


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure of the other side that is not a reply: a timeout, a refusal, a bad certificate."""

    kind: FailureKind
    text: str
    """One line for the history; nothing internal."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one recipient got, and where in the dialogue."""

    stage: Stage
    said: Reply | Failure
