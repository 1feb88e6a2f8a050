"""What the submission face reports to logs and metrics, stated as a Protocol.

No mail address, no content, no password and no unknown login is ever passed on: people type passwords into
the wrong field (acceptance S-37). Accounts are named by their ids, messages by theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.accept import Accepted
from sztafeta.smtp.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who is at the other end."""

    listener: str
    """The listener's name."""
    address: str
    """The IP address, as the wire or a trusted proxy gives it."""


class Journal(Protocol):
    """Where the face writes what happened; called on the event loop, must be quick and never fail."""

    def opened(self, client: Client) -> None:
        """A client was let in."""

    def refused(self, client: Client, limit: str, reply: Reply) -> None:
        """A connection was sent away: `connections`, `account` or `early`."""

    def closed(self, client: Client, reason: str, messages: int) -> None:
        """A client that was let in is gone: `quit`, `lost` or a 421's text; with its accepted messages."""

    def logged_in(self, client: Client, account: SmtpAccount, tls: str) -> None:
        """A login succeeded; `tls` is version and cipher, or empty."""

    def login_failed(self, client: Client, account: SmtpAccount | None, reason: str) -> None:
        """A login failed.

        The reason is `unknown-login`, `wrong-password`, `wrong-identity`, `network`, `suspended`,
        `too-many-failures`, `store`, or `cleartext`: then the password was sent in the clear, not tried,
        and is exposed.
        """

    def accepted(self, account: SmtpAccount, accepted: Accepted) -> None:
        """A message is on disk and is answered with 250."""

    def rejected(self, account: SmtpAccount, stage: str, reply: Reply, code: str) -> None:
        """MAIL, RCPT or a message was refused; `stage` is `mail`, `rcpt` or `content`."""

    def trouble(self, what: str, why: BaseException, message_id: int | None) -> None:
        """An error of ours, with the message it concerns."""


class Silence:
    """A journal that nobody reads."""

    def opened(self, client: Client) -> None:
        """Say nothing."""

    def refused(self, client: Client, limit: str, reply: Reply) -> None:
        """Say nothing."""

    def closed(self, client: Client, reason: str, messages: int) -> None:
        """Say nothing."""

    def logged_in(self, client: Client, account: SmtpAccount, tls: str) -> None:
        """Say nothing."""

    def login_failed(self, client: Client, account: SmtpAccount | None, reason: str) -> None:
        """Say nothing."""

    def accepted(self, account: SmtpAccount, accepted: Accepted) -> None:
        """Say nothing."""

    def rejected(self, account: SmtpAccount, stage: str, reply: Reply, code: str) -> None:
        """Say nothing."""

    def trouble(self, what: str, why: BaseException, message_id: int | None) -> None:
        """Say nothing."""
