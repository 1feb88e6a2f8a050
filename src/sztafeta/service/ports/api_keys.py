"""API keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from sztafeta.account.api_key import ApiKey
from sztafeta.value import value


@value(frozen=True, slots=True)
class KeyUse:
    """A use of a key."""

    at: datetime
    address: str
    client: str
    """What the program calls itself (User-Agent)."""


@value(frozen=True, slots=True)
class KeyDay:
    """What a key's calls of a day came to, in UTC."""

    day: date
    cause: str
    """The problem's code that the call was refused with; empty: it was not refused."""


class ApiKeyStore(Protocol):
    """Keys, and when they were used."""

    async def api_key(self, key_id: str) -> ApiKey | None:
        """Find by id, as it is in the store at this moment, with its SMTP account."""

    async def api_keys(self, customer_id: int) -> Sequence[ApiKey]:
        """List a customer's keys, the newest first, revoked ones too."""

    async def create_api_key(self, key: ApiKey) -> None:
        """Keep a new key; in force when this returns."""

    async def change_api_key(self, key: ApiKey) -> None:
        """Write name, scopes, networks, domains, expiry and revocation. Raises: NotThere."""

    async def note_use(
        self, uses: Mapping[str, KeyUse], calls: Mapping[tuple[str, KeyDay], int]
    ) -> None:
        """Note the last use of keys by id, and add up their calls; needs not be durable at once."""

    async def calls_of_key(self, key_id: str, *, since: date) -> Mapping[KeyDay, int]:
        """Count a key's calls by day and outcome, from this day on."""

    async def forget_calls(self, before: date) -> None:
        """Forget the counts of days before this one."""
