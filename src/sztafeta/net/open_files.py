"""Open files: as many as the system allows, and no more connections than there are files for (R-23).

A process without a free file cannot accept a connection, not even to say that it is full. So the numbers of
connections are made to fit when the service starts, and who is one too many hears a 421.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass
from typing import Final

OWN: Final = 128
"""Files for what is not a connection of SMTP: the store, ports, logs, letters on disk, the API."""
LEAST: Final = 256
FIX: Final = "raise it, for example with LimitNOFILE=65536 in the systemd unit, or with ulimit -n"


class TooFewFiles(Exception):
    """The system lets this process open too few files to be of use; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Connections:
    """How many may be open at once."""

    incoming: int
    outgoing: int


def raise_limit() -> int:
    """Let the process open as many files as the system allows it; say how many that is."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most if most != resource.RLIM_INFINITY else 2**31


def fitting(wanted: Connections, files: int) -> Connections:
    """Make both numbers smaller alike until there is a file for each.

    Raises:
        TooFewFiles: nothing useful would be left.
    """
    if files < LEAST:
        raise TooFewFiles(
            f"the system lets this process open {files} files, it needs {LEAST} at least; {FIX}"
        )
    share = min((files - OWN) / (wanted.incoming + wanted.outgoing), 1.0)
    return Connections(max(int(wanted.incoming * share), 1), max(int(wanted.outgoing * share), 1))
