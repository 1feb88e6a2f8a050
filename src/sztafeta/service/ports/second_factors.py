"""Second factors: TOTP seeds, recovery codes and passkeys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """A seed that an app holds too."""

    seed: bytes
    last_step: int
    """The time step of the last code that was taken; no code of it or before is taken again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A key pair whose private half never leaves its owner's device (WebAuthn)."""

    credential_id: bytes
    member_id: int
    name: str
    public_key: bytes
    sign_count: int
    created_at: datetime
    last_used_at: datetime | None = None


class LastFactor(Exception):
    """A member who may not be without a second factor would lose the last one."""


class SecondFactorStore(Protocol):
    """Seeds are sealed at rest, recovery codes are hashed."""

    async def totp(self, member_id: int) -> Totp | None:
        """Find a member's seed."""

    async def set_totp(self, member_id: int, seed: bytes) -> None:
        """Keep a seed. Raises: NotThere."""

    async def remove_totp(self, member_id: int, *, may_be_last: bool) -> None:
        """Take the seed away. Raises: LastFactor."""

    async def use_step(self, member_id: int, step: int) -> bool:
        """Spend a time step; False when it or a later one was spent already."""

    async def set_recovery_codes(self, member_id: int, codes_sha256: Collection[bytes]) -> None:
        """Replace a member's recovery codes."""

    async def use_recovery_code(self, member_id: int, code_sha256: bytes) -> bool:
        """Spend a recovery code; False when there is no such code."""

    async def recovery_codes_left(self, member_id: int) -> int:
        """Count the codes that were not spent."""

    async def passkeys(self, member_id: int) -> Sequence[Passkey]:
        """List a member's passkeys, the oldest first."""

    async def passkey(self, credential_id: bytes) -> Passkey | None:
        """Find a passkey by its id."""

    async def add_passkey(self, passkey: Passkey) -> None:
        """Keep a new passkey. Raises: AlreadyThere."""

    async def use_passkey(self, credential_id: bytes, *, sign_count: int, now: datetime) -> None:
        """Note that a passkey was used."""

    async def remove_passkey(
        self, member_id: int, credential_id: bytes, *, may_be_last: bool
    ) -> bool:
        """Forget one of a member's passkeys; say whether it was theirs. Raises: LastFactor."""
