"""SMTP logins, for the owner of the login: when it was used last and from where, and why it failed.

The submission face tells of logins as they happen; they are kept in memory and written now and then, so that
nobody who logs in waits for it. What is lost in a crash is no mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sztafeta.account.login_cause import LoginCause
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.ports import Clock, LoginStore, SmtpLogin

KEPT: Final = timedelta(days=7)
"""Failures."""
SWEPT_EVERY: Final = timedelta(hours=1)
MOST_WAITING: Final = 1000
"""Failures in memory; more are dropped, because whoever guesses must not fill it."""
MOST_OF_ACCOUNT: Final = 20
"""Of one account in one batch, so that a guesser does not hide the others."""
LONGEST_NAME: Final = 200


class SmtpLogins:
    """Notes logins; one instance serves all listeners and pages of a node."""

    def __init__(self, *, store: LoginStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last: dict[int, SmtpLogin] = {}
        self._failures: list[tuple[int, SmtpLogin]] = []
        self._of_account: dict[int, int] = {}
        self._swept_at = datetime.min.replace(tzinfo=UTC)

    def note(
        self,
        account: SmtpAccount,
        *,
        address: str,
        tls: str,
        client_name: str,
        cause: LoginCause | None,
    ) -> None:
        """Note a login or a failure; quick, never fails."""
        login = SmtpLogin(
            at=self._clock.now(),
            address=address,
            tls=tls,
            client_name=client_name[:LONGEST_NAME],
            cause=cause,
        )
        account_id = account.account_id
        if cause is None:
            self._last[account_id] = login
            return
        count = self._of_account.get(account_id, 0)
        if count < MOST_OF_ACCOUNT and len(self._failures) < MOST_WAITING:
            self._of_account[account_id] = count + 1
            self._failures.append((account_id, login))

    async def write(self) -> None:
        """Write down what was noted, and forget now and then what is old."""
        last, failures = self._last, self._failures
        self._last, self._failures, self._of_account = {}, [], {}
        if last or failures:
            await self._store.note_logins(last, failures)
        if failures and self._clock.now() - self._swept_at > SWEPT_EVERY:
            self._swept_at = self._clock.now()
            await self._store.forget_login_failures(self._swept_at - KEPT)

    async def last_of(self, accounts: Sequence[SmtpAccount]) -> Mapping[int, SmtpLogin]:
        """Give the last login of each account that ever had one, by account number."""
        await self.write()
        return await self._store.last_logins([one.account_id for one in accounts])

    async def failures_of(self, account: SmtpAccount, *, limit: int = 50) -> Sequence[SmtpLogin]:
        """Give the failures of the last days, the newest first."""
        await self.write()
        return await self._store.login_failures(account.account_id, limit=limit)
