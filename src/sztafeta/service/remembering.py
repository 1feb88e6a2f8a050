"""REMEMBER: a request with an idempotency key is done once, however often it comes (R-13).

What is under way on this node is known in memory; a race between nodes ends at the row that is unique by
customer, endpoint and key, and that is committed together with the messages it answers for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, TypeVar

from sztafeta.account.api_key import Mode
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.service.ports import AlreadyRemembered, Clock, MessageStore, Remembered

KEPT_FOR: Final = timedelta(hours=24)

Done = TypeVar("Done")


class KeyTrouble(Enum):
    """Why a request with a known key is not done."""

    IN_PROGRESS = "idempotency_in_progress"
    MISMATCH = "idempotency_mismatch"


def within(endpoint: str, account: SmtpAccount, mode: Mode) -> str:
    """Name an endpoint as its keys are kept: nobody gets the answer of another account, or of a test."""
    return f"{endpoint} {account.account_id} {mode.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """A request that carries an idempotency key."""

    customer_id: int
    endpoint: str
    """As `within` names it."""
    key: str
    request_sha256: bytes

    def remember(self, now: datetime, http_status: int, answer: bytes) -> Remembered:
        """Give what is committed together with what the request brought."""
        return Remembered(
            customer_id=self.customer_id,
            endpoint=self.endpoint,
            key=self.key,
            request_sha256=self.request_sha256,
            http_status=http_status,
            answer=answer,
            until=now + KEPT_FOR,
        )


class Remembering:
    """Does requests once; one instance serves all faces of a node."""

    def __init__(self, store: MessageStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._under_way: set[tuple[int, str, str]] = set()

    async def once(
        self, use: KeyUse, do: Callable[[], Awaitable[Done]]
    ) -> Done | Remembered | KeyTrouble:
        """Do a request, or give the answer that was kept when it was done before.

        `do` commits `use.remember(…)` together with all else.
        """
        name = (use.customer_id, use.endpoint, use.key)
        if name in self._under_way:
            return KeyTrouble.IN_PROGRESS
        self._under_way.add(name)
        try:
            earlier = await self._store.remembered(*name)
            if earlier is None or earlier.until <= self._clock.now():
                return await do()
        except AlreadyRemembered as race:
            earlier = race.remembered
        finally:
            self._under_way.discard(name)
        return earlier if earlier.request_sha256 == use.request_sha256 else KeyTrouble.MISMATCH
