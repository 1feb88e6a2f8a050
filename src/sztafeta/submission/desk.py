"""What conversations share: of one listener (`Door`), and of the whole node (`Desk`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sztafeta.account.login_cause import LoginCause
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.accept import Accepted
from sztafeta.service.composing import Submission
from sztafeta.service.incoming import Incoming
from sztafeta.service.rejection import Rejection
from sztafeta.smtp.extensions import ServerProfile
from sztafeta.submission.doorkeeper import Doorkeeper
from sztafeta.submission.journal import Journal
from sztafeta.submission.known_accounts import KnownAccounts
from sztafeta.submission.limits import Limits
from sztafeta.submission.login import Login
from sztafeta.submission.throttle import RecipientRate


class Encryption(Protocol):
    """Begins TLS on a wire that is open."""

    def is_ready(self, address: str) -> bool:
        """Say whether a certificate is loaded and this client may begin a handshake now."""

    def begin(
        self,
        wire: asyncio.Transport,
        protocol: asyncio.Protocol,
        *,
        address: str,
        on_ready: Callable[[asyncio.Transport], None],
    ) -> None:
        """Shake hands, then call `on_ready` with the transport to use from now on."""


class Acceptance(Protocol):
    """The verb that takes messages over (`service/submitting`)."""

    def has_room(self, size: int) -> bool:
        """Say whether a message of this size in octets would find room on the disk (R-20)."""

    def begin(self, submission: Submission) -> Incoming:
        """Begin a message; give the result its octets, then hand it to `accept`."""

    async def accept(self, incoming: Incoming) -> Accepted | Rejection:
        """Take a whole message over, or say why not; durable on return."""


class LoginBook(Protocol):
    """Where the owner of a login finds who used it (`service/smtp_logins`)."""

    def note(
        self,
        account: SmtpAccount,
        *,
        address: str,
        tls: str,
        client_name: str,
        cause: LoginCause | None,
    ) -> None:
        """Note a login, or why one failed; quick, never fails."""


class NoBook:
    """Notes nothing."""

    def note(self, account: SmtpAccount, **_: object) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One listener, as its conversations see it."""

    name: str
    profile: ServerProfile
    encryption: Encryption | None = None
    """None where TLS has begun before the conversation, or is not to be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What decides and counts for all conversations of a node."""

    limits: Limits
    doorkeeper: Doorkeeper
    accounts: KnownAccounts
    login: Login
    rate: RecipientRate
    accept: Acceptance
    journal: Journal
    logins: LoginBook
    time: Callable[[], float]
    """Seconds of a steady clock."""
    now: Callable[[], datetime]
    """The time of day, in UTC."""
