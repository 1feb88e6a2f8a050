"""Commands: what an SMTP client says, parsed and legal in the state it was said in (RFC 5321 §4.1).

The server session yields only commands that need a decision. Syntax faults, bad sequences, unknown verbs,
NOOP, RSET, HELP, VRFY and EXPN are answered by the session itself.
"""

from __future__ import annotations

from enum import Enum

from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import ForwardPath, Return
from sztafeta.smtp.reply import Reply
from sztafeta.value import value


class Pause(Enum):
    """Why there is no command to act on."""

    NEED_DATA = "read more from the wire"
    PAUSED = "answer the last command first (RFC 2920 §3.2)"


@value(frozen=True, slots=True)
class Ehlo:
    """EHLO or HELO; the session drafts the 250 with its extensions when told `welcome()`."""

    name: str
    extended: bool


@value(frozen=True, slots=True)
class StartTls:
    """STARTTLS (RFC 3207): reply 220 (or 454), then wrap the wire and call `start_tls()`."""


@value(frozen=True, slots=True)
class Auth:
    """A finished SASL exchange (RFC 4954): reply 235, 535 or 454.

    `cleartext` is set when the wire was not encrypted.
    """

    mechanism: str
    authorization: str
    """The identity to act as; empty when the client named none (RFC 4616 §2)."""
    login: str
    password: str
    cleartext: bool

    def __repr__(self) -> str:  # a password never reaches a log
        return f"Auth({self.mechanism}, {self.login!r}, cleartext={self.cleartext})"


@value(frozen=True, slots=True)
class Mail:
    """MAIL FROM with its parameters (RFC 5321 §4.1.1.2, 1870, 6152, 6531, 3461, 4954 §5)."""

    reverse_path: Mailbox | None
    size: int | None = None
    eight_bit: bool = False
    smtputf8: bool = False
    returns: Return | None = None
    envelope_id: str | None = None


@value(frozen=True, slots=True)
class Rcpt:
    """RCPT TO with its parameters (RFC 5321 §4.1.1.3, 3461 §4.1)."""

    forward_path: ForwardPath


@value(frozen=True, slots=True)
class ContentStart:
    """DATA, or the first BDAT (RFC 3030): call `take_content()` to receive it, or reply a refusal."""


@value(frozen=True, slots=True)
class Content:
    """A part of the message, dots already removed (RFC 5321 §4.5.2). Needs no reply."""

    data: bytes


@value(frozen=True, slots=True)
class ContentEnd:
    """The true end of the message. Reply with the outcome.

    With a `fault` (bare CR or LF, NUL-free line rules, too big) the reply must be that fault: nothing may be
    kept.
    """

    size: int
    fault: Reply | None = None


@value(frozen=True, slots=True)
class Quit:
    """QUIT: the session has drafted its 221; write it and close."""


Command = Ehlo | StartTls | Auth | Mail | Rcpt | ContentStart | Content | ContentEnd | Quit
