"""One mail transaction: what MAIL, RCPT and the content have brought so far (RFC 5321 §3.3)."""

from __future__ import annotations

from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.incoming import Incoming
from sztafeta.smtp.command import Mail


class Transaction:
    """The envelope as it grows, then the message."""

    __slots__ = ("_forward_paths", "incoming", "mail")

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.incoming: Incoming | None = None
        """The message, once its content has begun."""
        self._forward_paths: dict[Mailbox, ForwardPath] = {}

    def add(self, forward_path: ForwardPath) -> None:
        """Take a recipient; the same mailbox again changes nothing, and gets one copy."""
        self._forward_paths.setdefault(forward_path.mailbox, forward_path)

    @property
    def forward_paths(self) -> tuple[ForwardPath, ...]:
        """The recipients, each mailbox once, in the order in which they were named first."""
        return tuple(self._forward_paths.values())

    def envelope(self) -> Envelope:
        """Give what MAIL said."""
        mail = self.mail
        return Envelope(
            reverse_path=mail.reverse_path,
            smtputf8=mail.smtputf8,
            eight_bit=mail.eight_bit,
            returns=mail.returns,
            envelope_id=mail.envelope_id,
        )

    def discard(self) -> None:
        """Forget what came; harmless when the message was accepted."""
        if self.incoming is not None:
            self.incoming.discard()
            self.incoming = None
