"""x"""

from __future__ import annotations

from sztafeta.store.database import Database
from sztafeta.store.latch import Latch


async def migrate_postgresql(url: str) -> None: ...
async def open_postgresql(
    url: str, latch: Latch, *, i_know: bool
) -> tuple[Database, tuple[str, ...]]:
    raise NotImplementedError
