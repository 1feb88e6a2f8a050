"""Where programs send to: what the panel tells people to enter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """The host and the ports of submission."""

    host: str
    port: int | None
    """With STARTTLS; None: there is no such port."""
    tls_port: int | None
    """With TLS from the first byte; None: there is no such port."""
    other_ports: tuple[int, ...] = ()
    """More with STARTTLS, for networks that close the first."""
