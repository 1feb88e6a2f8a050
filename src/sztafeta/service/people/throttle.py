"""How often a login may be tried: bounded by address, slowed down by account, locked for nobody (S-30).

An address that guesses waits; an account that is guessed at takes the next try later and later, up to a
quarter of an hour. Its owner is not kept out: an address that the account was used from lately tries at once.
Counts are shared by all nodes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Final

from sztafeta.service.ports import Clock, Tally, TallyStore

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
PER_MINUTE: Final = 10
PER_DAY: Final = 50
NEIGHBOURS: Final = 3
"""How much more a whole network may fail than one address of it."""
PATIENT_FAILURES: Final = 4
"""Failures in a row of an account that nobody waits for."""
LONGEST_WAIT: Final = timedelta(minutes=15)
KNOWN_FOR: Final = timedelta(days=60)
"""How long an address stays known to an account that was used from it."""
ALARMING: Final = 10
"""Failures of one account in a day that its owner is told of."""


class LoginThrottle:
    """Counts failed logins and says how long to wait."""

    def __init__(self, *, tallies: TallyStore, clock: Clock) -> None:
        self._tallies = tallies
        self._clock = clock

    async def wait(self, account: str, address: str) -> timedelta:
        """Say how long nothing is tried for this account from this address; zero when it may be."""
        now = self._clock.now()
        waits = [
            _left(await self._tallies.tally(kind, subject), most, window, now)
            for kind, subject, most, window in _windows(address)
        ]
        if not await self._is_known(account, address, now):
            waits.append(_slowed(await self._tallies.tally("login-account", account), now))
        return max(waits)

    async def failed(self, account: str, address: str) -> bool:
        """Count a failure; True when the account's owner should be told."""
        now = self._clock.now()
        for kind, subject, _, window in _windows(address):
            await self._tallies.count(kind, subject, within=window, now=now)
        counted = await self._tallies.count("login-account", account, within=DAY, now=now)
        return counted.count == ALARMING

    async def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of an account whose owner has come, and know the address."""
        await self._tallies.forget_tally("login-account", account)
        subject = f"{account} {network_of(address)}"
        await self._tallies.count("login-from", subject, within=KNOWN_FOR, now=self._clock.now())

    async def _is_known(self, account: str, address: str, now: datetime) -> bool:
        known = await self._tallies.tally("login-from", f"{account} {network_of(address)}")
        return known is not None and now - known.last_at < KNOWN_FOR


def subject_of(login: str) -> str:
    """Name an account that may not exist: its counts say nothing about whose they are."""
    return sha256(login.strip().lower().encode("utf-8", "surrogateescape")).hexdigest()[:32]


def network_of(address: str, *, wide: bool = False) -> str:
    """Name the smallest network that one client may own: an IPv4 address, or an IPv6 /64; or wider."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    lengths = (32, 26) if plain.version == 4 else (64, 48)
    return str(ip_network((plain, lengths[wide]), strict=False))


def _windows(address: str) -> list[tuple[str, str, int, timedelta]]:
    one, many = network_of(address), network_of(address, wide=True)
    return [
        ("login-minute", one, PER_MINUTE, MINUTE),
        ("login-day", one, PER_DAY, DAY),
        ("login-minute", f"+{many}", PER_MINUTE * NEIGHBOURS, MINUTE),
        ("login-day", f"+{many}", PER_DAY * NEIGHBOURS, DAY),
    ]


def _left(tally: Tally | None, most: int, window: timedelta, now: datetime) -> timedelta:
    """Say how much of a window is left in which enough has failed."""
    if tally is None or tally.count < most:
        return timedelta()
    return max(timedelta(), tally.since + window - now)


def _slowed(tally: Tally | None, now: datetime) -> timedelta:
    """Double the wait with every failure after the first few."""
    if tally is None or tally.count <= PATIENT_FAILURES or now - tally.since >= DAY:
        return timedelta()
    doublings = min(tally.count - PATIENT_FAILURES, 20)
    wait = min(timedelta(seconds=2**doublings), LONGEST_WAIT)
    return max(timedelta(), tally.last_at + wait - now)
