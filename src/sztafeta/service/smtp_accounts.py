"""SMTP accounts, for the customer whose they are: made, changed, given another password, taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from sztafeta.account.smtp_account import (
    FormerPassword,
    SmtpAccount,
    digest_of,
    make_password,
)
from sztafeta.account.smtp_password import PasswordFault, fault_of
from sztafeta.delivery.egress import SHARED, EgressSources
from sztafeta.service.ports import (
    AccountAdministration,
    AccountStore,
    AlreadyThere,
    Clock,
    NotThere,
)

MOST: Final = 100
"""Logins of one customer."""
LONGEST_OVERLAP: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """A password that was just set; shown now and never again."""

    account: SmtpAccount
    password: str


class PanelPasswords(Protocol):
    """Knows what people log in to the panel with."""

    async def include(self, customer_id: int, password: str) -> bool:
        """Say whether somebody of a customer logs in with this."""


class SmtpAccounts:
    """One customer's accounts in each method; what is another's is not there."""

    def __init__(
        self,
        *,
        administration: AccountAdministration,
        accounts: AccountStore,
        panel_passwords: PanelPasswords,
        sources: EgressSources,
        clock: Clock,
    ) -> None:
        self._administration = administration
        self._accounts = accounts
        self._panel_passwords = panel_passwords
        self._sources = sources
        self._clock = clock

    async def all_of(self, customer_name: str) -> Sequence[SmtpAccount]:
        """List them by login, the second after the first and not after the tenth."""
        found = await self._administration.smtp_accounts(customer_name)
        return sorted(found, key=lambda one: (_number(one.login), one.login))

    async def find(self, customer_id: int, login: str) -> SmtpAccount | None:
        """Find one of a customer's accounts."""
        account = await self._accounts.smtp_account(login)
        return account if account is not None and account.customer_id == customer_id else None

    def sources_of(self, customer_name: str) -> tuple[str, ...]:
        """List where a customer's mail may leave from: the shared source, and those it has alone."""
        return (SHARED, *self._sources.names_of(customer_name))

    def has_lost_its_source(self, account: SmtpAccount) -> bool:
        """Say whether an account's source was taken away: its mail leaves from the shared one."""
        return account.egress not in self.sources_of(account.customer_name)

    async def create_next(self, customer_name: str, wish: SmtpAccount) -> NewPassword | None:
        """Make the next login, `2.<name>.smtp` after `1.<name>.smtp`; None: there are too many."""
        number = max((_number(one.login) for one in await self.all_of(customer_name)), default=0)
        while True:
            number += 1
            login = f"{number}.{customer_name}.smtp"
            try:
                return await self.create(replace(wish, customer_name=customer_name, login=login))
            except AlreadyThere:  # somebody else was quicker
                continue

    async def create(self, account: SmtpAccount) -> NewPassword | None:
        """Make a login with a drawn password; None: the customer has too many.

        Raises:
            AlreadyThere: the login is taken.
            NotThere: there is no such customer.
        """
        if len(await self.all_of(account.customer_name)) >= MOST:
            return None
        password = make_password()
        made = await self._administration.create_smtp_account(
            account, password=password, now=self._clock.now()
        )
        return NewPassword(account=made, password=password)

    async def change(self, account: SmtpAccount) -> None:
        """Write an account's settings; in force within a second. Raises: NotThere."""
        await self._administration.change_smtp_account(account)

    async def change_password(
        self,
        account: SmtpAccount,
        chosen: str = "",
        *,
        overlap: timedelta,
        by: str,
    ) -> NewPassword | PasswordFault:
        """Give an account another password, drawn or chosen; in force at once.

        The former one goes on for `overlap`, at most seven days. `by` is who changes it, for the history.
        Raises TooBusy when more chosen ones come at once than can be compared with the panel's.
        """
        fault = await self._fault_of(account, chosen) if chosen else None
        if fault is not None:
            return fault
        password, now = chosen or make_password(), self._clock.now()
        former = FormerPassword(
            password_sha256=account.password_sha256,
            works_until=now + min(overlap, LONGEST_OVERLAP),
            replaced_at=now,
            replaced_by=by,
        )
        await self._administration.set_password(account.login, password, former)
        changed = replace(account, password_sha256=digest_of(password), former_password=former)
        return NewPassword(account=changed, password=password)

    async def _fault_of(self, account: SmtpAccount, chosen: str) -> PasswordFault | None:
        fault = fault_of(chosen, names=(account.login, account.customer_name))
        if fault is not None:
            return fault
        is_panels = await self._panel_passwords.include(account.customer_id, chosen)
        return PasswordFault.PANEL if is_panels else None

    async def end_overlap(self, account: SmtpAccount) -> bool:
        """Let the former password end now; say whether it was still good."""
        former, now = account.former_password, self._clock.now()
        if former is None or former.works_until <= now:
            return False
        await self._administration.end_former_password(account.login, now=now)
        return True

    async def delete(self, account: SmtpAccount) -> None:
        """Take a login away; its mail stays."""
        try:
            await self._administration.delete_smtp_account(account.login)
        except NotThere:  # somebody else was quicker
            return


def overlap_left(account: SmtpAccount, now: datetime) -> timedelta | None:
    """Say how long the former password still goes on; None: it does not."""
    former = account.former_password
    return None if former is None or former.works_until <= now else former.works_until - now


def _number(login: str) -> int:
    number = login.partition(".")[0]
    return int(number) if number.isdigit() else 0
