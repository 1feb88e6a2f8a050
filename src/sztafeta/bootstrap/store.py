"""The store by the settings: for a service, or for the command line beside a service that may be running."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sztafeta.config import Settings
from sztafeta.store.open import Store, migrate, open_store


@asynccontextmanager
async def administration(settings: Settings) -> AsyncIterator[Store]:
    """Open the store beside a service that may be running."""
    store = await opened_store(settings, serves=False)
    try:
        yield store
    finally:
        await store.close()


async def migrate_store(settings: Settings) -> None:
    """Bring the database to this version's tables."""
    await migrate(_url(settings), settings.data_directory)


async def opened_store(
    settings: Settings, *, serves: bool, on_broken: Callable[[str], None] = lambda reason: None
) -> Store:
    return await open_store(
        _url(settings),
        settings.data_directory,
        serves=serves,
        i_know=settings.accept_unsafe_storage,
        free_share=settings.limits.free_space,
        master_key=settings.master_key,
        on_broken=on_broken,
    )


def _url(settings: Settings) -> str | None:
    return settings.database_url.get_secret_value() if settings.database_url else None
