"""Faults that a user can mend: the command line prints their texts and no traceback."""

from __future__ import annotations

from typing import Final

from sztafeta.net.listener import CannotListen
from sztafeta.net.open_files import TooFewFiles
from sztafeta.service.ports import AlreadyThere, NotThere, StoreBroken, StoreBusy
from sztafeta.store.gates import CannotOpen, UnsafeStorage
from sztafeta.store.migrate import NewerSchema
from sztafeta.store.seal import WrongMasterKey
from sztafeta.store.sqlite.lock import AlreadyServed

USERS_FAULTS: Final = (
    AlreadyServed,
    AlreadyThere,
    CannotListen,
    CannotOpen,
    NewerSchema,
    NotThere,
    OSError,
    StoreBroken,
    StoreBusy,
    TooFewFiles,
    UnsafeStorage,
    WrongMasterKey,
)
