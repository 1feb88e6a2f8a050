"""The envelope: what MAIL and RCPT said, apart from the message itself (RFC 5321 §2.3.1)."""

from __future__ import annotations

from enum import Enum, Flag, auto

from sztafeta.mail.address import Mailbox
from sztafeta.value import value


class Notify(Flag):
    """When the author wants a status notification (RFC 3461 §4.1)."""

    NEVER = 0
    SUCCESS = auto()
    FAILURE = auto()
    DELAY = auto()


class Return(Enum):
    """How much of the message a failure notice carries (RFC 3461 §4.3)."""

    FULL = "FULL"
    HEADERS = "HDRS"


@value(frozen=True, slots=True, kw_only=True)
class ForwardPath:
    """One RCPT: the unit of delivery, state and billing."""

    mailbox: Mailbox
    notify: Notify | None = None
    """None: the author said nothing, so failure only (RFC 3461 §4.1)."""
    original: str | None = None
    """ORCPT as `type;address`, still xtext-encoded (RFC 3461 §4.2)."""


@value(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One mail transaction."""

    reverse_path: Mailbox | None
    """None is the null sender `<>` (RFC 5321 §4.5.5)."""
    forward_paths: tuple[ForwardPath, ...] = ()
    smtputf8: bool = False
    eight_bit: bool = False
    """BODY=8BITMIME was declared (RFC 6152)."""
    returns: Return | None = None
    envelope_id: str | None = None
    """ENVID, still xtext-encoded (RFC 3461 §4.4)."""

    def to(self, forward_paths: tuple[ForwardPath, ...]) -> Envelope:
        """Give the same envelope with these forward-paths."""
        return Envelope(
            reverse_path=self.reverse_path,
            forward_paths=forward_paths,
            smtputf8=self.smtputf8,
            eight_bit=self.eight_bit,
            returns=self.returns,
            envelope_id=self.envelope_id,
        )
