"""The query language of the list of mail: `to:jan@wp.pl status:deferred since:2h "order 5"`.

It stands in the page's address, so that a view can be sent to a colleague. Words without a key are looked
for in recipients and subjects; a value with blanks stands in quotes. `write` and `read` are each other's
inverse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from sztafeta.account.activity import ActivityQuery, Moment, Status
from sztafeta.mail.address import AddressFault, parse_domain

LONGEST: Final = 500
"""Letters of a query."""
KEYS: Final = {
    "to": "to",
    "from": "sender",
    "subject": "subject",
    "tag": "tag",
    "meta": "metadata",
    "domain": "domain",
    "account": "account",
    "id": "identity",
    "status": "statuses",
    "class": "bounce_class",
    "provider": "provider",
    "since": "since",
    "until": "until",
}
"""The keys, with the field that each fills."""


class FaultKind(Enum):
    """What is wrong with a word of a query."""

    TOO_LONG = "too-long"
    OPEN_QUOTE = "open-quote"
    UNKNOWN_KEY = "unknown-key"
    EMPTY = "empty"
    TWICE = "twice"
    STATUS = "status"
    TIME = "time"
    DOMAIN = "domain"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class QueryFault:
    """A word that was not understood; who shows it says what to change."""

    kind: FaultKind
    word: str


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """What was understood, and what was not."""

    query: ActivityQuery
    faults: tuple[QueryFault, ...] = ()


_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_TOKEN = re.compile(rf'(?:([A-Za-z]+):)?(?:{_QUOTED}|([^\s"]*"?[^\s]*))', re.DOTALL)
_PLAIN = re.compile(r'[^\s":\\]+')
_PLAIN_VALUE = re.compile(r'[^\s"\\]+')
_AGO = re.compile(r"([1-9]\d{0,4})([mhdw])")
_UNITS: Final = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2})?")
_MIDNIGHT: Final = "T00:00"


class _NotRead(Exception):
    """A value cannot be read."""

    def __init__(self, kind: FaultKind) -> None:
        super().__init__(kind.value)
        self.kind = kind


def read(text: str) -> ReadQuery:
    """Read a query; what is not understood is named and left out."""
    if len(text) > LONGEST:
        return ReadQuery(ActivityQuery(), (QueryFault(FaultKind.TOO_LONG, text[:40]),))
    values: dict[str, Any] = {}
    words: list[str] = []
    faults: list[QueryFault] = []
    for token in _tokens(text):
        try:
            if token.is_open:
                raise _NotRead(FaultKind.OPEN_QUOTE)
            if token.key:
                _take(values, token.key, token.value)
            elif not token.value:
                raise _NotRead(FaultKind.EMPTY)
            else:
                words.append(token.value)
        except _NotRead as fault:
            faults.append(QueryFault(fault.kind, token.whole))
    return ReadQuery(ActivityQuery(**values, words=tuple(words)), tuple(faults))


def write(query: ActivityQuery) -> str:
    """Write a query as it is read."""
    parts = []
    for key, name in KEYS.items():
        value = getattr(query, name)
        if value:
            text = "=".join(value) if name == "metadata" else _as_text(value)
            parts.append(f"{key}:{_quoted(text, _PLAIN_VALUE)}")
    parts += [_quoted(word, _PLAIN) for word in query.words]
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of a query, unquoted."""

    key: str
    value: str
    whole: str
    """As it stood."""
    is_open: bool
    """Its quotation mark is not closed."""


def _tokens(text: str) -> Iterator[_Token]:
    """Cut a text at blanks outside quotation marks."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        found = _TOKEN.match(text, place)
        if found is None or found.end() == place:  # cannot be: the last choice fits everything
            return
        key, quoted, bare = found.groups()
        value = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        is_open = quoted is None and bare.startswith('"')
        yield _Token((key or "").lower(), value, found[0], is_open)
        place = found.end()


def _take(values: dict[str, Any], key: str, value: str) -> None:
    name = KEYS.get(key)
    if name is None:
        raise _NotRead(FaultKind.UNKNOWN_KEY)
    if not value:
        raise _NotRead(FaultKind.EMPTY)
    if name in values:
        raise _NotRead(FaultKind.TWICE)
    reader = _READERS.get(name)
    values[name] = value if reader is None else reader(value)


def _read_statuses(value: str) -> tuple[Status, ...]:
    try:
        return tuple(dict.fromkeys(Status(one) for one in value.lower().split(",")))
    except ValueError as fault:
        raise _NotRead(FaultKind.STATUS) from fault


def _read_domain(value: str) -> str:
    try:
        return parse_domain(value.removeprefix("@"))
    except AddressFault as fault:
        raise _NotRead(FaultKind.DOMAIN) from fault


def _read_metadata(value: str) -> tuple[str, str]:
    field, is_there, text = value.partition("=")
    if not (field and is_there):
        raise _NotRead(FaultKind.METADATA)
    return field, text


def _read_moment(value: str) -> Moment:
    ago = _AGO.fullmatch(value)
    if ago is not None:
        return int(ago[1]) * _UNITS[ago[2]]
    if _DATE.fullmatch(value) is None:
        raise _NotRead(FaultKind.TIME)
    try:
        return datetime.fromisoformat(value)
    except ValueError as fault:
        raise _NotRead(FaultKind.TIME) from fault


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "statuses": _read_statuses,
    "domain": _read_domain,
    "metadata": _read_metadata,
    "since": _read_moment,
    "until": _read_moment,
}


def _as_text(value: Any) -> str:
    if isinstance(value, timedelta):
        unit = next(unit for unit, length in _UNITS.items() if value % length == timedelta(0))
        return f"{value // _UNITS[unit]}{unit}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes").removesuffix(_MIDNIGHT)
    if isinstance(value, tuple):
        return ",".join(status.value for status in value)
    return str(value)


def _quoted(text: str, plain: re.Pattern[str]) -> str:
    if plain.fullmatch(text):
        return text
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'
