"""All failure judgement in one table: what a reply or a failure means, and how far it reaches.

Unknown is temporary. The scope says who else is meant: the recipient, the message, the session (this
connection) or the site (the receivers behind one set of MX hosts).
"""

from __future__ import annotations

from enum import Enum


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
