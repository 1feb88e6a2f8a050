"""Accounts as they were a moment ago: what MAIL checks on every message without asking the store each time.

An entry is trusted for half a second, so a revoked account stops sending within one, however busy the store
is; many sessions of an account share one question to it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.ports import AccountStore

TRUSTED_SECONDS = 0.5
KEPT = 10_000


class KnownAccounts:
    """A small memory in front of the account store."""

    def __init__(self, store: AccountStore, *, time: Callable[[], float]) -> None:
        """`time` gives seconds of a steady clock."""
        self._store = store
        self._time = time
        self._entries: OrderedDict[str, tuple[SmtpAccount, float]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[SmtpAccount | None]] = {}

    def recent(self, login: str) -> SmtpAccount | None:
        """Give the account if it was read a moment ago."""
        entry = self._entries.get(login)
        if entry is None or self._time() - entry[1] > TRUSTED_SECONDS:
            return None
        return entry[0]

    async def find(self, login: str) -> SmtpAccount | None:
        """Ask the store, together with whoever asks for the same login now."""
        asking = self._asking.get(login)
        if asking is None:
            asking = self._asking[login] = asyncio.ensure_future(self._ask(login))
            asking.add_done_callback(lambda _: self._asking.pop(login))
        return await asyncio.shield(asking)

    async def _ask(self, login: str) -> SmtpAccount | None:
        asked_at = self._time()
        account = await self._store.smtp_account(login)
        if account is None:
            self._entries.pop(login, None)  # logins of strangers are not remembered
        else:
            self._entries[login] = (account, asked_at)
            self._entries.move_to_end(login)
            if len(self._entries) > KEPT:
                self._entries.popitem(last=False)
        return account
