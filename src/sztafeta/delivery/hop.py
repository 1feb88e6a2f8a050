"""A hop as attempts note it: `host[address]:port`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_HOP: Final = re.compile(r"(?P<host>[^\[]*)\[(?P<address>[^\]]+)\]:(?P<port>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """The host that was spoken to."""

    host: str
    """The MX's name, or the address where a route names one."""
    address: str = ""
    """Its IP address; empty: none was noted."""


def read_hop(text: str) -> Hop:
    """Take a hop apart; what has another form is all host."""
    found = _HOP.fullmatch(text)
    return Hop(host=found["host"], address=found["address"]) if found else Hop(host=text)
