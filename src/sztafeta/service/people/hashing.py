"""Panel passwords as argon2id, hashed by a few threads with a bounded queue before them.

19 MiB and two passes (OWASP) cost a thread about 30 ms; a flood of logins fills the queue and is refused at
once, and mail never waits for it (S-34).
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")
THREADS: Final = 2
WAITING: Final = 16
"""Hashes that may wait for a thread: half a second of work."""
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
_NOBODYS: Final = f"$argon2id$v=19$m=19456,t=2,p=1${'A' * 22}${'A' * 43}"
"""A hash that no password has (its salt and digest are zeros), which costs as much to compare."""


class TooBusy(Exception):
    """More passwords came at once than can be looked at; try again in a moment."""


class Hashing:
    """Makes and checks password hashes; one instance serves all."""

    def __init__(self, *, threads: int = THREADS, waiting: int = WAITING) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._most = threads + waiting
        self._under_way = 0
        self.checks = 0
        """How often a password was compared with a hash."""

    async def hash(self, password: str) -> str:
        """Make a hash in argon2's own notation. Raises: TooBusy."""
        return await self._run(lambda: _HASHER.hash(_octets(password)))

    async def matches(self, password: str, password_hash: str) -> bool:
        """Compare; without a hash the work is done all the same, so that both ways take as long (S-31).

        Raises:
            TooBusy: too many wait already.
        """
        self.checks += 1
        is_right = await self._run(lambda: _verify(password, password_hash or _NOBODYS))
        return is_right and password_hash != ""

    async def _run(self, work: Callable[[], T]) -> T:
        if self._under_way >= self._most:
            raise TooBusy("too many passwords are being checked")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False)


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, _octets(password))
    except (VerificationError, InvalidHashError):
        return False


def _octets(password: str) -> bytes:
    """Have one spelling of what people type the same way (NIST SP 800-63B §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
