"""Limits: how much one client may ask of the submission face, as plain values (acceptance §1.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Plain values for one node; the defaults are the settings' defaults."""

    connections: int = 2000
    """Open connections of all clients together."""
    has_few_files: bool = False
    """There would be more, if the system let the process open more files."""
    reserve: float = 0.2
    """The share of them that only clients who have logged in may hold."""
    connections_per_address: int = 50
    unauthenticated_per_address: int = 30
    """Open connections of one IP address (of one /64, for IPv6) that have not logged in."""
    messages_per_connection: int = 0
    """Messages before the client must connect anew; 0 is no limit."""
    recipients_per_hour: int = 60_000
    """Recipients of one SMTP account; an hour's worth may come at once. 0 is no limit."""
    login_failures_per_minute: int = 10
    login_failures_per_day: int = 50
    """Failed logins of one IP address."""
    idle: timedelta = timedelta(seconds=300)
    """RFC 5321 §4.5.3.2.7."""
    greeting_delay: timedelta = timedelta(milliseconds=10)
    """How long a client that speaks first is given to show itself."""
    slowest_rate: int = 500
    """Octets a second of content below which …"""
    slow_after: timedelta = timedelta(seconds=60)
    """… a message that takes longer than this is cut off; a rate of 0 switches it off."""
    linger: timedelta = timedelta(seconds=5)
    """How long a closing connection may take to read our last words."""
