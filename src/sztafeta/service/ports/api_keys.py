"""API keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sztafeta.account.api_key import ApiKey


class ApiKeyStore(Protocol):
    """Keys, and when they were used."""

    async def api_key(self, key_id: str) -> ApiKey | None:
        """Find by id, as it is in the store at this moment, with its SMTP account."""

    async def api_keys(self, customer_id: int) -> Sequence[ApiKey]:
        """List a customer's keys, the newest first, revoked ones too."""

    async def create_api_key(self, key: ApiKey) -> None:
        """Keep a new key; in force when this returns."""

    async def change_api_key(self, key: ApiKey) -> None:
        """Write name, scopes, networks, expiry and revocation. Raises: NotThere."""

    async def note_use(self, uses: Mapping[str, tuple[datetime, str]]) -> None:
        """Note when and from where keys were last used; needs not be durable at once."""
