"""`sztafeta serve`, `sztafeta migrate` and `sztafeta health`."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import typer

from sztafeta.bootstrap.store import migrate_store
from sztafeta.cli.output import Json, Output, UserFault
from sztafeta.cli.run import CANNOT, ConfigOption, fail, read_settings, run
from sztafeta.config import Settings

if TYPE_CHECKING:
    from sztafeta.bootstrap.service import Service

HEALTH_SECONDS = 5
BROKEN_END_SECONDS = 4
SWITCH_SECONDS = 0.0005
COLLECT_AFTER = 20_000
"""Objects more than were freed, after which the youngest are looked at."""
M_ARENA_MAX = -8
"""From malloc.h."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(config: ConfigOption = None) -> None:
    """Run the service until SIGTERM or Ctrl-C; then drain and end.

    SIGTERM closes the ports within a second, lets open sessions and deliveries finish, and ends within 30 s.
    SIGHUP reads the certificate anew (it is read by itself when it changes).
    """
    # Half of all code: no other command waits for it.
    from sztafeta.bootstrap.service import Service

    _share_one_heap()
    run(serve_until_told(Service(read_settings(config).settings)))


def migrate(config: ConfigOption = None, as_json: Json = False) -> None:
    """Bring the database to this version's tables; harmless when it is there already."""
    settings = read_settings(config).settings
    run(migrate_store(settings))
    output = Output(as_json=as_json)
    output.facts({"migrated": True}) if as_json else output.line("The database is up to date.")


def health(config: ConfigOption = None, as_json: Json = False) -> None:
    """Ask the running service how it is; ends with 0 when it is ready."""
    settings = read_settings(config).settings
    is_ready, found = ask_health(settings)
    output = Output(as_json=as_json)
    if as_json:
        output.value(found)
    else:
        rows = [{"check": name} | check for name, check in found.get("checks", {}).items()]
        output.table(["check", "good", "text"], rows, empty="The service answers without checks.")
    if not is_ready:
        raise typer.Exit(CANNOT)


def ask_health(settings: Settings) -> tuple[bool, dict[str, Any]]:
    """Fetch `/health`, or end with one clear line."""
    address = settings.http.address
    host = f"[{address}]" if ":" in address else address
    url = f"http://{host}:{settings.http.port}/health"
    try:
        return _fetch(url)
    except ValueError:
        fail(f"what answers at {url} is not sztafeta serve; set http.port to the one it has")
    except (URLError, OSError) as fault:
        reason = getattr(fault, "reason", fault)
        fail(f"nothing answers at {url} ({reason}); is sztafeta serve running with these settings?")


def _fetch(url: str) -> tuple[bool, dict[str, Any]]:
    try:
        with urlopen(url, timeout=HEALTH_SECONDS) as response:  # noqa: S310 - our own port
            return True, json.load(response)
    except HTTPError as refusal:  # it answers, and says what is wrong
        return False, json.load(refusal)


def _share_one_heap() -> None:
    """Have all threads allocate from one place (mallopt(3)): each of its own would keep what it freed."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's; others have nothing to set
    if mallopt is not None:
        mallopt(M_ARENA_MAX, 1)


def _tune_interpreter() -> None:
    """Set the interpreter for a loop that must answer quickly beside threads that wait for disk and OpenSSL.

    The collector looks past what lives as long as the process: a full collection over the libraries'
    objects holds the loop for a tenth of a second, and our own objects die by their reference counts. The
    writer gives up the interpreter at every step of SQLite, and gets it back within a switch interval.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)
    sys.setswitchinterval(SWITCH_SECONDS)


async def serve_until_told(service: Service) -> None:
    """Run a service until a signal comes; a second one ends it at once."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, told.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # whoever starts reads everything anew anyway
    async with service:
        loop.add_signal_handler(signal.SIGHUP, service.reload)
        _tune_interpreter()
        stopping = asyncio.ensure_future(told.wait())
        broken = asyncio.ensure_future(service.broken())
        await asyncio.wait((stopping, broken), return_when=asyncio.FIRST_COMPLETED)
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        if broken.done():  # a disk that hangs must not keep us
            loop.call_later(BROKEN_END_SECONDS, os._exit, CANNOT)
        stopping.cancel()
    if broken.done():
        raise UserFault(
            f"the store is broken: {broken.result()}; look at the disk, then start again"
        )
    broken.cancel()
