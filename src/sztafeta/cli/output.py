"""How commands speak: tables for people, JSON for programs, one line for what went wrong.

Values from strangers are escaped before they reach a terminal (W-25).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sztafeta.log import escape

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

WIDTH_IN_FILES = 240
_LONG_COLUMNS = frozenset({"subject", "text", "value"})
_ERRORS = Console(stderr=True, highlight=False, soft_wrap=True)


class UserFault(Exception):
    """What the user asked for cannot be done; the text says what to change."""


class Output:
    """Prints to standard output, as tables or as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self.is_json = as_json
        width = None if sys.stdout.isatty() else WIDTH_IN_FILES
        self._console = Console(highlight=False, soft_wrap=True, width=width)

    def table(
        self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, empty: str
    ) -> None:
        """Print rows under the columns' names; `empty` stands for no rows."""
        if self.is_json:
            self.value(list(rows))
            return
        if not rows:
            self._console.print(Text(empty))
            return
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in columns:
            is_long = column in _LONG_COLUMNS
            table.add_column(column.replace("_", " "), overflow="fold", no_wrap=not is_long)
        for row in rows:
            table.add_row(*(Text(readable(row.get(column))) for column in columns))
        self._console.print(table)

    def facts(self, facts: Mapping[str, Any], *, note: str = "") -> None:
        """Print names and values, then a note for people."""
        if self.is_json:
            self.value(facts)
            return
        width = max(map(len, facts))
        for name, value in facts.items():
            label = Text(f"{name.replace('_', ' '):<{width}}  ", style="dim")
            self._console.print(label + Text(readable(value)))
        if note:
            self.line("")
            self.line(note)

    def line(self, text: str, *, style: str = "") -> None:
        """Print a line for people; programs do not see it."""
        if not self.is_json:
            self._console.print(Text("\n".join(map(escape, text.split("\n"))), style=style))

    def value(self, value: Any) -> None:
        """Print JSON, whatever was asked for."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")
        sys.stdout.flush()


def complain(text: str) -> None:
    """Print what went wrong to standard error, a line for each fault."""
    for line in text.splitlines():
        _ERRORS.print(Text("sztafeta: ", style="red") + Text(escape(line)))


def readable(value: Any) -> str:
    """Write a value for people."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, Mapping):
        return ", ".join(f"{escape(str(name))} {readable(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(readable(one) for one in value)
    return escape(str(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
