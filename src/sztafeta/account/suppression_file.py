"""Lists of suppressed addresses in files: our own form, and the exports of other services.

The header tells whose export it is; what is not understood in a line is told with its number, and the lines
around it are taken.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MOST_ROWS: Final = 200_000
LONGEST_LINE: Final = 10_000
OWN_HEADER: Final = ("address", "reason", "source", "comment", "created_at")
_ADDRESS: Final = (
    "address",
    "email",
    "emailaddress",
    "email_address",
    "e-mail",
    "adres",
    "recipient",
)
_KIND: Final = ("reason", "suppressionreason", "type", "status", "powod")
_WORDS: Final = (
    ("complain", "complaint"),
    ("spam", "complaint"),
    ("unsub", "unsubscribe"),
    ("wypis", "unsubscribe"),
    ("bounce", "bounce"),
    ("odbi", "bounce"),
    ("manual", "manual"),
)
_SERVICES: Final = (
    ("Postmark", {"emailaddress", "suppressionreason"}),
    ("SendGrid", {"email", "created"}),
    ("Mailgun", {"address", "created_at", "error"}),
    ("Mailgun", {"address", "created_at", "tags"}),
    ("Sztafeta", {"address", "reason", "source"}),
    ("Mailgun", {"address", "created_at"}),
    ("EmailLabs", {"email", "reason"}),
    ("EmailLabs", {"account", "email"}),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Line:
    """One address of a file."""

    number: int
    address: str
    reason: str
    """`bounce`, `complaint`, `unsubscribe` or `manual`; empty: the file does not say."""
    comment: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a file's header says."""

    service: str
    """Whose export it is; empty: a plain list."""
    address: int
    kind: int | None
    details: tuple[int, ...]
    default: str


PLAIN: Final = Listing("", 0, None, (), "")
"""An address a line."""


def read_listing(text: str) -> tuple[Listing, Iterator[Line]]:
    """Read a file: its header, and its lines one after the other."""
    lines = [line[:LONGEST_LINE] for line in text.removeprefix("\ufeff").splitlines()]
    delimiter = _delimiter(lines[0] if lines else "")
    # Each line by itself: a quotation mark that is not closed spoils no other line.
    rows = [next(csv.reader([line], delimiter=delimiter), []) for line in lines[:MOST_ROWS]]
    listing = _listing([_plain(name) for name in rows[0]]) if rows else None
    if listing is None:
        return PLAIN, _lines(PLAIN, rows, 1)
    return listing, _lines(listing, rows[1:], 2)


def _lines(listing: Listing, rows: Iterable[Sequence[str]], start: int) -> Iterator[Line]:
    for number, row in enumerate(rows, start):
        address = _cell(row, listing.address).lstrip("'")
        if address:
            yield Line(number, address, _reason(listing, row), _comment(listing, row))


def _listing(names: Sequence[str]) -> Listing | None:
    address = next((names.index(name) for name in _ADDRESS if name in names), None)
    if address is None:
        return None
    service = next((name for name, needed in _SERVICES if needed <= set(names)), "")
    is_bounce = {"error", "status"} & set(names)
    kind = next((names.index(name) for name in _KIND if name in names), None)
    details = tuple(names.index(name) for name in ("comment", "error") if name in names)
    if service == "SendGrid" and "reason" in names:
        details, kind = (names.index("reason"),), None
    default = "bounce" if is_bounce and service in ("SendGrid", "Mailgun") else ""
    return Listing(service, address, kind, details, default)


def _reason(listing: Listing, row: Sequence[str]) -> str:
    said = "" if listing.kind is None else _cell(row, listing.kind).casefold()
    return next((reason for word, reason in _WORDS if word in said), listing.default)


def _comment(listing: Listing, row: Sequence[str]) -> str:
    return " ".join(filter(None, (_cell(row, one) for one in listing.details)))[:500]


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _plain(name: str) -> str:
    return name.strip().strip('"').casefold().replace(" ", "").replace("ó", "o")


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def guarded(text: str) -> str:
    """Let no spreadsheet take a text for a formula (W-09)."""
    return f"'{text}" if text.startswith(_FORMULA) else text
