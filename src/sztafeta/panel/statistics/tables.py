"""Tables: what a picture shows, as numbers; for people on the page and for programs as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sztafeta.panel.formats import Formats

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would take a text that begins so for a formula (W-09)."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share of one."""

    value: float


@dataclass(frozen=True, slots=True)
class Named:
    """A value for programs and its words for people."""

    value: str
    shown: str


Cell = str | int | Share | Named | datetime | timedelta | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name for programs and for people."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; the first cell heads its row."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def written(cell: Cell, formats: Formats) -> str:
    """Write a cell for people."""
    match cell:
        case None:
            return "–"
        case Share(value):
            return formats.percent(value)
        case Named(_, shown):
            return shown
        case datetime():
            return formats.datetime(cell)
        case timedelta():
            return formats.seconds(cell)
        case int():
            return formats.number(cell)
    return cell


def csv_of(table: Table) -> bytes:
    """Write a table for programs: UTF-8, times in UTC, waits in seconds."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([column.key for column in table.columns])
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return out.getvalue().encode()


def _plain(cell: Cell) -> str | int:
    match cell:
        case None:
            return ""
        case Share(value):
            return f"{value:.6f}"
        case Named(value, _):
            return value
        case datetime():
            return cell.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case timedelta():
            return f"{cell.total_seconds():.3f}"
        case int():
            return cell
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell
