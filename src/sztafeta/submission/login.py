"""LOGIN: is this who it says it is, and may it come in the clear?

An unknown login takes the same way as a known one: the same look-up, the same comparison, the same words.
In the clear, an account that may not log in so and an unknown login get the same 538, and the password is
not even compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sztafeta.account.login_cause import LoginCause, cause_of
from sztafeta.account.smtp_account import UNKNOWN_PASSWORD_SHA256, SmtpAccount, password_matches
from sztafeta.smtp.command import Auth
from sztafeta.smtp.reply import Reply
from sztafeta.smtp.server_replies import ENCRYPT_FIRST_538, LOGGED_IN_235
from sztafeta.submission.known_accounts import KnownAccounts
from sztafeta.submission.replies import (
    ACCOUNT_SUSPENDED_525,
    AUTHENTICATION_FAILED_535,
    too_many_failures_454,
)
from sztafeta.submission.throttle import LoginThrottle


@dataclass(frozen=True, slots=True)
class LoginVerdict:
    """What AUTH is answered, and why."""

    reply: Reply
    account: SmtpAccount | None
    """Whose login it was, if there is such an account."""
    failure: str | None
    """The journal's word for the failure; None when the login succeeded."""
    cause: LoginCause | None = None
    """The same for the owner of the login, who may know more."""


class Login:
    """Judges logins; one instance serves all listeners."""

    def __init__(
        self,
        accounts: KnownAccounts,
        throttle: LoginThrottle,
        *,
        time: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._throttle = throttle
        self._time = time
        self._now = now

    async def judge(self, auth: Auth, network: str, address: str) -> LoginVerdict:
        """Decide a finished exchange; a failure is answered late when there were many.

        Raises whatever the store raises: then nothing is known, and the password must not be called wrong.
        """
        wait = self._throttle.wait(network, self._time())
        if wait:
            return LoginVerdict(too_many_failures_454(wait), None, "too-many-failures")
        account = await self._accounts.find(auth.login)
        if auth.cleartext and not (account is not None and account.cleartext_auth):
            return LoginVerdict(ENCRYPT_FIRST_538, account, "cleartext", LoginCause.CLEARTEXT)
        failure, cause = _failure(auth, account, address, self._now())
        if account is not None and failure is None:
            self._throttle.succeeded(auth.login)
            return LoginVerdict(LOGGED_IN_235, account, None)
        if failure == "suspended":
            return LoginVerdict(ACCOUNT_SUSPENDED_525, account, failure, cause)
        await asyncio.sleep(self._throttle.failed(network, auth.login, self._time()))
        return LoginVerdict(AUTHENTICATION_FAILED_535, account, failure, cause)


Failure = tuple[str | None, LoginCause | None]
"""The journal's word and the owner's; both None when nothing is wrong."""


def _failure(auth: Auth, account: SmtpAccount | None, address: str, now: datetime) -> Failure:
    """Name what is wrong; whoever is unknown costs a comparison, too."""
    if account is None:
        password_matches(auth.password, UNKNOWN_PASSWORD_SHA256)
        return "unknown-login", None
    cause = cause_of(auth.password, account, now)
    if cause is not None:
        return "wrong-password", cause
    if auth.authorization not in ("", auth.login):  # RFC 4616 §2: to act for others is not offered
        return "wrong-identity", LoginCause.WRONG_IDENTITY
    if not account.may_come_from(address):
        return "network", LoginCause.NETWORK
    return (None, None) if account.enabled else ("suspended", LoginCause.SUSPENDED)
