"""The doorkeeper: who may connect, counted by address and by SMTP account.

Counts alone decide, in constant time a connection. An IPv6 address counts as its /64: that is what one
subscriber is given. A share of all places is kept for clients that have logged in, so that strangers cannot
lock customers out.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Network
from typing import TypeVar

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.smtp.reply import Reply
from sztafeta.submission.limits import Limits
from sztafeta.submission.replies import (
    TOO_FEW_FILES_421,
    TOO_MANY_CONNECTIONS_421,
    too_many_of_account_421,
    too_many_of_address_421,
)

Key = TypeVar("Key", str, int)


def network_of(address: str) -> str:
    """Give what an address is counted as."""
    if ":" not in address:
        return address
    return str(IPv6Network((address, 64), strict=False))


class Doorkeeper:
    """Counts the open connections of one node."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._for_strangers = int(limits.connections * (1 - limits.reserve))
        self._total = 0
        self._strangers = 0
        self._by_network: Counter[str] = Counter()
        self._strangers_by_network: Counter[str] = Counter()
        self._by_account: Counter[int] = Counter()

    @property
    def total(self) -> int:
        """Connections inside."""
        return self._total

    def refusal(self, network: str) -> Reply | None:
        """Say why a client may not come in, or None."""
        limits = self._limits
        if self._total >= limits.connections or self._strangers >= self._for_strangers:
            return TOO_FEW_FILES_421 if limits.has_few_files else TOO_MANY_CONNECTIONS_421
        here = self._by_network[network]
        if here >= limits.connections_per_address:
            return too_many_of_address_421(here, limits.connections_per_address, "connections")
        strangers = self._strangers_by_network[network]
        if strangers >= limits.unauthenticated_per_address:
            return too_many_of_address_421(
                strangers, limits.unauthenticated_per_address, "connections without a login"
            )
        return None

    def enter(self, network: str) -> None:
        """Count a client that came in; it has not logged in yet."""
        self._total += 1
        self._by_network[network] += 1
        self._count_stranger(network, 1)

    def log_in(self, network: str, account: SmtpAccount) -> Reply | None:
        """Count a client as one of the account's; or say why not, and it stays a stranger."""
        in_use = self._by_account[account.account_id]  # Counter gives 0 and keeps nothing
        if in_use >= account.max_connections:
            return too_many_of_account_421(in_use, account.max_connections)
        self._by_account[account.account_id] += 1
        self._count_stranger(network, -1)
        return None

    def log_out(self, network: str, account_id: int) -> None:
        """Count a client as a stranger again: it began TLS after its login (RFC 3207 §4.2)."""
        _decrease(self._by_account, account_id)
        self._count_stranger(network, 1)

    def leave(self, network: str, account_id: int | None) -> None:
        """Forget a client."""
        self._total -= 1
        _decrease(self._by_network, network)
        if account_id is None:
            self._count_stranger(network, -1)
        else:
            _decrease(self._by_account, account_id)

    def _count_stranger(self, network: str, change: int) -> None:
        self._strangers += change
        if change > 0:
            self._strangers_by_network[network] += 1
        else:
            _decrease(self._strangers_by_network, network)


def _decrease(counter: Counter[Key], key: Key) -> None:
    """Count one less, and keep no zeros."""
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
