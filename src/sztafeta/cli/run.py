"""How a command runs: settings first, then the store, and every user's error as one clear line.

Exit codes: 0 done, 1 could not be done, 2 the command line is wrong, 78 the settings are wrong (sysexits.h).
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import uvloop

from sztafeta.bootstrap.faults import USERS_FAULTS
from sztafeta.bootstrap.store import administration
from sztafeta.cli.output import UserFault, complain
from sztafeta.config import CONFIG_VARIABLE, Loaded, Settings, SettingsFault, load
from sztafeta.store.open import Store

CANNOT = 1
BAD_SETTINGS = 78

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help=f"Settings file; else {CONFIG_VARIABLE}, else /etc/sztafeta.toml if there is one.",
    ),
]

Result = TypeVar("Result")
_DEFAULT_FILE = Path("/etc/sztafeta.toml")


def read_settings(config: Path | None) -> Loaded:
    """Read the settings, or end with the faults in clear lines."""
    try:
        return load(find_settings(config))
    except SettingsFault as fault:
        complain(str(fault))
        raise typer.Exit(BAD_SETTINGS) from None


def find_settings(config: Path | None) -> Path | None:
    """Say which file the settings come from, if any."""
    if config is not None:
        return config
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    return _DEFAULT_FILE if _DEFAULT_FILE.is_file() else None


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine on our event loop; what the user can mend is one line, a bug keeps its traceback."""
    try:
        return uvloop.run(work)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except (UserFault, *USERS_FAULTS) as fault:
        fail(_in_words(fault))


def _in_words(fault: Exception) -> str:
    """Name the file that the system refuses, where there is one."""
    if isinstance(fault, OSError) and fault.filename and fault.strerror:
        text = f"{fault.filename}: {fault.strerror}"
        is_forbidden = isinstance(fault, PermissionError)
        return f"{text}; run this as the user who owns it" if is_forbidden else text
    return str(fault) or type(fault).__name__


def fail(text: str) -> NoReturn:
    """End with one clear line."""
    complain(text)
    raise typer.Exit(CANNOT)


def with_store(config: Path | None, work: Callable[[Store], Awaitable[Result]]) -> Result:
    """Open the store of the settings, hand it to `work`, close it."""
    settings = read_settings(config).settings
    return run(_with_store(settings, work))


async def _with_store(settings: Settings, work: Callable[[Store], Awaitable[Result]]) -> Result:
    async with administration(settings) as store:
        return await work(store)
