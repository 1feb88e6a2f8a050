"""Throttles: failed logins by address and by login, and recipients by account.

Nobody is locked out: an address that guesses must wait, a login that is guessed at answers failures more and
more slowly, and the right password from elsewhere goes through at once (acceptance S-30). Instants are
seconds of a steady clock; memory is bounded.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from sztafeta.submission.limits import Limits

MINUTE = 60.0
DAY = 86_400.0
KEPT = 10_000
"""Addresses and logins remembered; the longest unheard of are forgotten first."""
PATIENT_FAILURES = 3
"""Failures in a row that are answered without delay."""
FIRST_DELAY = 0.5
LONGEST_DELAY = 8.0


class LoginThrottle:
    """Remembers failed logins."""

    def __init__(self, limits: Limits) -> None:
        self._windows = (
            (limits.login_failures_per_minute, MINUTE),
            (limits.login_failures_per_day, DAY),
        )
        self._by_network: OrderedDict[str, deque[float]] = OrderedDict()
        self._in_a_row: OrderedDict[str, int] = OrderedDict()

    def wait(self, network: str, now: float) -> float:
        """Say for how many seconds no login of this network is tried; 0 when one may be."""
        failures = self._by_network.get(network)
        if failures is None:
            return 0.0
        return max(_until_fewer(failures, *window, now) for window in self._windows)

    def failed(self, network: str, login: str, now: float) -> float:
        """Note a failure; give the seconds to wait before it is answered."""
        failures = self._by_network.setdefault(network, deque(maxlen=self._windows[1][0]))
        failures.append(now)
        self._by_network.move_to_end(network)
        in_a_row = self._in_a_row[login] = self._in_a_row.get(login, 0) + 1
        self._in_a_row.move_to_end(login)
        _bound(self._by_network)
        _bound(self._in_a_row)
        return delay_after(in_a_row)

    def succeeded(self, login: str) -> None:
        """Forget the failures of a login whose owner has come."""
        self._in_a_row.pop(login, None)


def _until_fewer(failures: deque[float], allowed: int, window: float, now: float) -> float:
    """Say when fewer than `allowed` failures lie in the window."""
    if len(failures) < allowed:
        return 0.0
    return max(0.0, failures[-allowed] + window - now)


def _bound(remembered: OrderedDict[str, deque[float]] | OrderedDict[str, int]) -> None:
    if len(remembered) > KEPT:
        remembered.popitem(last=False)


def delay_after(failures_in_a_row: int) -> float:
    """Give the seconds before a failure is answered: none at first, then doubling up to a bound."""
    doublings = failures_in_a_row - PATIENT_FAILURES - 1
    return 0.0 if doublings < 0 else min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(doublings, 10))


class RecipientRate:
    """A token bucket an account, which holds an hour's worth of recipients."""

    def __init__(self, an_hour: int) -> None:
        self.an_hour = an_hour
        self._buckets: dict[int, tuple[float, float]] = {}

    def take(self, account_id: int, now: float) -> float:
        """Count one recipient; or give the seconds until there is room for it."""
        if not self.an_hour:
            return 0.0
        left, at = self._buckets.get(account_id, (float(self.an_hour), now))
        left = min(self.an_hour, left + (now - at) * self.an_hour / 3600)
        if left < 1:
            self._buckets[account_id] = left, now
            return (1 - left) * 3600 / self.an_hour
        self._buckets[account_id] = left - 1, now
        return 0.0
