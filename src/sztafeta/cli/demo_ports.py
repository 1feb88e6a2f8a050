"""The demo's ports and secrets: free ones at the first start, the same at the second.

What a second start must find again stands in `demo.json` beside the data, readable by its owner alone.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass, field, fields
from itertools import repeat
from pathlib import Path
from typing import Any

from sztafeta.account.api_key import Mode, make_key_text, parse_key
from sztafeta.account.smtp_account import make_password

HOST = "127.0.0.1"
FILE = "demo.json"
PORTS_TRIED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPorts:
    """The ports of the demo; 0 lets the system choose."""

    smtp: int = 2525
    submission: int = 2587
    submissions: int = 2465
    inbox: int = 8025
    operations: int = 8026
    api: int = 8027
    catch_all: int = 2500


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What opens the demo's doors."""

    password: str = field(default_factory=make_password)
    live_key: str = field(default_factory=lambda: str(make_key_text(Mode.LIVE)))
    test_key: str = field(default_factory=lambda: str(make_key_text(Mode.TEST)))
    panel_password: str = field(default_factory=make_password)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What a second start finds again."""

    secrets: Secrets = field(default_factory=Secrets)
    ports: DemoPorts | None = None

    def write(self, folder: Path) -> None:
        """Write it beside the data."""
        content = json.dumps({**asdict(self.secrets), "ports": asdict(self.ports or DemoPorts())})
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content + "\n")


def remember(folder: Path) -> Remembered:
    """Read what an earlier start wrote; a file that cannot be read counts as none."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        names = {one.name for one in fields(DemoPorts)}
        ports = DemoPorts(
            **{name: int(port) for name, port in found["ports"].items() if name in names}
        )
        return Remembered(secrets=_secrets(found), ports=ports)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Remembered()


def _secrets(found: dict[str, Any]) -> Secrets:
    """Read what is there; an older file has no keys yet."""
    known = {one.name: str(found[one.name]) for one in fields(Secrets) if one.name in found}
    for name in known.keys() & {"live_key", "test_key"}:
        parse_key(known[name])
    return Secrets(**known)


def choose_ports(remembered: DemoPorts | None, first_port: int) -> tuple[DemoPorts, list[str]]:
    """Take the ports of last time or the usual ones, and free ones for those that are taken."""
    if first_port == 0:
        wanted = {one.name: 0 for one in fields(DemoPorts)}
    else:
        usual = DemoPorts(smtp=first_port)
        wanted = asdict(remembered if remembered and remembered.smtp else usual)
        if first_port != DemoPorts().smtp:
            wanted["smtp"] = first_port
    chosen: dict[str, int] = {}
    notes: list[str] = []
    for name, port in wanted.items():
        chosen[name] = free_port(port, taken=set(chosen.values()))
        if port and chosen[name] != port:
            notes.append(f"port {port} ({name}) is taken: {chosen[name]} instead")
    return DemoPorts(**chosen), notes


def free_port(wanted: int, *, taken: set[int]) -> int:
    """Give the wanted port if it is free, else one of the next, else any."""
    near = range(wanted, min(wanted + PORTS_TRIED, 65536)) if wanted else ()
    for candidate in (*near, *repeat(0, PORTS_TRIED)):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((HOST, candidate))
            except OSError:
                continue
            port = int(trial.getsockname()[1])
        if port not in taken:
            return port
    raise OSError("no port is free on this machine")
