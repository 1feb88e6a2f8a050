"""Whether a password is one that somebody of a customer logs in to the panel with."""

from __future__ import annotations

from sztafeta.service.people.hashing import Hashing
from sztafeta.service.ports import MemberStore


class PanelPasswords:
    """Asked before an SMTP account is given a password: those stand in programs and their configuration."""

    def __init__(self, *, members: MemberStore, hashing: Hashing) -> None:
        self._members = members
        self._hashing = hashing

    async def include(self, customer_id: int, password: str) -> bool:
        """Try a password on each member of a customer, some 30 ms of one thread each. Raises: TooBusy."""
        for member in await self._members.members(customer_id):
            known = await self._members.credentials(member.email)
            if known and known.password_hash and await self._is(known.password_hash, password):
                return True
        return False

    async def _is(self, password_hash: str, password: str) -> bool:
        return await self._hashing.matches(password, password_hash)
