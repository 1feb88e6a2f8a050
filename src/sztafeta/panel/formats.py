"""How dates, numbers and sizes are written for people: on the server only, so that all agree (ux §2.6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent

NBSP = "\u00a0"
_UNITS = ("B", "kB", "MB", "GB", "TB")
_LOCALES = {"pl": "pl_PL", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Formats:
    """The habits of one language in one time zone."""

    language: str
    zone: ZoneInfo

    @property
    def _locale(self) -> str:
        return _LOCALES[self.language]

    def local(self, at: dt.datetime) -> dt.datetime:
        """Give the instant as a clock on the wall shows it."""
        return at.astimezone(self.zone)

    def date(self, day: dt.date | dt.datetime) -> str:
        """Write a day: `3 listopada 2026`."""
        shown = self.local(day).date() if isinstance(day, dt.datetime) else day
        return format_date(shown, "d MMMM y", locale=self._locale)

    def datetime(self, at: dt.datetime) -> str:
        """Write an instant to the minute: `3.11.2026, 15:05`."""
        pattern = "d.MM.y, HH:mm" if self.language == "pl" else "d MMM y, HH:mm"
        return format_datetime(at, pattern, tzinfo=self.zone, locale=self._locale)

    def second(self, at: dt.datetime) -> str:
        """Write an instant to the second: `3.11.2026, 15:05:09`."""
        return f"{self.datetime(at)}:{self.local(at):%S}"

    def day(self, at: dt.datetime) -> str:
        """Write a day as briefly as axes need it: `3 lis`."""
        return format_date(self.local(at).date(), "d MMM", locale=self._locale)

    def hour(self, at: dt.datetime) -> str:
        """Write the hour and the minute."""
        return f"{self.local(at):%H:%M}"

    def clock(self, at: dt.datetime) -> str:
        """Write the hour, the minute and the second."""
        return format_time(self.local(at).time(), "HH:mm:ss", locale=self._locale)

    def moment(self, at: dt.datetime, now: dt.datetime) -> str:
        """Write when something was as briefly as it is clear: the hour today, the day before that."""
        then, today = self.local(at), self.local(now)
        if then.date() == today.date():
            return f"{then:%H:%M}"
        same_year = then.year == today.year
        pattern = ("d MMM" if same_year else "d MMM y") + ", HH:mm"
        return format_datetime(at, pattern, tzinfo=self.zone, locale=self._locale)

    def utc(self, at: dt.datetime) -> str:
        """Write an instant for machines, as RFC 3339 does."""
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def number(self, value: float) -> str:
        """Write a number with the language's groups and decimal sign."""
        return _decimal(value, self._locale)

    def percent(self, share: float) -> str:
        """Write a share of one, with one decimal."""
        pattern = f"0.#{NBSP}%" if self.language == "pl" else "0.#%"
        return str(format_percent(share, pattern, locale=self._locale))

    def octets(self, size: int) -> str:
        """Write a size with the unit that leaves it readable."""
        value, unit = float(size), _UNITS[0]
        for unit in _UNITS:
            if value < 1000 or unit == _UNITS[-1]:
                break
            value /= 1000
        shown = round(value, 1 if unit != "B" and value < 100 else 0)
        return f"{self.number(int(shown) if shown == int(shown) else shown)}{NBSP}{unit}"

    def seconds(self, took: timedelta) -> str:
        """Write how long something took: `40 ms`, `0,35 s`, `1 min 20 s`, `3 h 5 min`."""
        total = took.total_seconds()
        if total < 0.1:
            return f"{round(total * 1000)}{NBSP}ms"
        if total < 60:
            return f"{self.number(round(total, 2 if total < 10 else 0))}{NBSP}s"
        minutes, seconds = divmod(round(total), 60)
        if minutes < 60:
            return f"{minutes}{NBSP}min" + (f" {seconds}{NBSP}s" if seconds else "")
        hours, minutes = divmod(minutes, 60)
        if hours < 48:
            return f"{hours}{NBSP}h" + (f" {minutes}{NBSP}min" if minutes else "")
        return f"{hours // 24}{NBSP}d" + (f" {hours % 24}{NBSP}h" if hours % 24 else "")


@lru_cache(maxsize=8192)
def _decimal(value: float, locale: str) -> str:
    """Write a number; tables have hundreds, many of them alike."""
    return str(format_decimal(value, locale=locale)).replace(" ", NBSP)
