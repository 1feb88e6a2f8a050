"""Prints the documents that come from code, or with --check says which of them differ (design §6).

Whole pages are written anew; in the others a block between `<!-- printed: name -->` and `<!-- end -->` is. An
RFC that the code names in a margin and docs/design/standards.md does not list is an error.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from sztafeta.api import printed as api_printed
from sztafeta.cli import application
from sztafeta.config import printed
from sztafeta.delivery.state import MOVES
from sztafeta.event import FINAL_KINDS, EventKind
from sztafeta.metrics import Metrics
from sztafeta.panel.columns import COLUMNS
from sztafeta.smtp.reply import Reply

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src" / "sztafeta"
STANDARDS = ROOT / "docs" / "design" / "standards.md"
HEAD = "<!-- Printed from src/sztafeta by `make docs`; do not edit. -->"
REPLY_MODULES = (
    "sztafeta.smtp.server_replies",
    "sztafeta.submission.replies",
    "sztafeta.service.accept",
    "sztafeta.service.rejection",
)
_MARGIN = re.compile(r"RFC (\d{3,5})((?: (?:and |, )?§[\d.]*\d|, §[\d.]*\d)*)")
_SECTION = re.compile(r"§([\d.]*\d)")
_LISTED = re.compile(r"^\| (\d{3,5}) \|", re.MULTILINE)


def states() -> str:
    """Write the life of one recipient."""
    lines = ["# The life of one recipient", "", HEAD, ""]
    lines += ["Nothing else moves a state: `delivery/state.py`.", ""]
    lines += ["| state | what happens | next | public event |", "|---|---|---|---|"]
    for move in MOVES:
        before = "–" if move.before is None else move.before.name.lower()
        after = move.after.name.lower() + (" (final)" if move.after.is_final else "")
        event = f"`{move.event}`" if move.event else ""
        lines.append(f"| {before} | {move.happening} | {after} | {event} |")
    return "\n".join(lines) + "\n"


def events() -> str:
    """Write the event vocabulary."""
    lines = ["# Events", "", HEAD, "", "| event | final | comes with |", "|---|---|---|"]
    for kind in EventKind:
        moves = [move.happening for move in MOVES if move.event == kind.value]
        final = "yes" if kind in FINAL_KINDS else ""
        lines.append(f"| `{kind.value}` | {final} | {'; '.join(moves)} |")
    return "\n".join(lines) + "\n"


def replies() -> str:
    """Write what we say as a server."""
    lines = ["# SMTP replies", "", HEAD, ""]
    lines += ["| code | status | text | from |", "|---|---|---|---|"]
    rows = {(one.code, str(one.status or ""), one.text, home) for home, one in _constants()}
    for code, status, text, home in sorted(rows):
        lines.append(f"| {code} | {status} | {_cell(text)} | `{home}` |")
    return "\n".join(lines) + "\n"


def _constants() -> Iterator[tuple[str, Reply]]:
    for name in REPLY_MODULES:
        module = importlib.import_module(name)
        home = "/".join(name.split(".")[1:]) + ".py"
        for value in vars(module).values():
            reply = getattr(value, "reply", value)
            if isinstance(reply, Reply):
                yield home, reply


def verdicts() -> str:
    """Write the verdict table: what a reply or a failure means, and how far it reaches."""
    verdict = importlib.import_module("sztafeta.delivery.verdict")
    lines = ["# Verdicts", "", HEAD, ""]
    lines += ["The first row that fits decides; unknown is temporary.", ""]
    lines += ["| rule | outcome | scope | why |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in verdict.table_rows()]
    return "\n".join(lines) + "\n"


def metrics() -> str:
    """Write the metrics page."""
    lines = ["# Metrics", "", HEAD, "", "`GET /metrics` on the operator's HTTP port.", ""]
    lines += ["| metric | kind | labels | what |", "|---|---|---|---|"]
    for one in Metrics().declared():
        family = next(iter(one.collect()))
        labels = ", ".join(f"`{label}`" for label in one._labelnames)
        suffix = "_total" if family.type == "counter" else ""
        lines.append(
            f"| `{family.name}{suffix}` | {family.type} | {labels} | {family.documentation} |"
        )
    return "\n".join(lines) + "\n"


def panel_routes() -> str:
    """Write every way into the panel and what it needs."""
    lines = ["# The panel's routes", "", HEAD, ""]
    lines += ["What each needs is asked before its function runs: `panel/door.py`.", ""]
    lines += ["| column | method | path | needs |", "|---|---|---|---|"]
    for pages in COLUMNS:
        for one in sorted(pages.routes, key=lambda route: (route.path, route.method)):
            lines.append(
                f"| {pages.column} | {one.method} | `/panel{one.path}` | {_cell(str(one.needs))} |"
            )
    return "\n".join(lines) + "\n"


def commands() -> str:
    """Write what each command says about itself."""
    lines = ["# The command line", "", HEAD, ""]
    lines += [
        "Exit codes: 0 done, 1 could not be done, 2 the command line is wrong, 78 the settings are."
    ]
    for path, command in _walk(typer.main.get_command(application), ("sztafeta",)):
        context = typer.Context(command, info_name=" ".join(path), terminal_width=100)
        lines += ["", f"## {' '.join(path)}", "", "```", command.get_help(context).strip(), "```"]
    return "\n".join(line.rstrip() for line in "\n".join(lines).split("\n")) + "\n"


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _walk(inner, (*path, name))


def rfc_index() -> str:
    """Write which file obeys which section."""
    places: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for path in sorted(SOURCES.rglob("*.py")):
        home = path.relative_to(SOURCES).as_posix()
        for match in _MARGIN.finditer(path.read_text(encoding="utf-8")):
            places[int(match[1])][home].update(_SECTION.findall(match[2]))
    _refuse_unlisted(places)
    lines = ["| RFC | where its sections stand in the margin |", "|---|---|"]
    for number, homes in sorted(places.items()):
        cells = [_home(home, sections) for home, sections in sorted(homes.items())]
        lines.append(f"| {number} | {'; '.join(cells)} |")
    return "\n".join(lines)


def _home(home: str, sections: set[str]) -> str:
    ordered = sorted(sections, key=lambda one: [int(part) for part in one.split(".")])
    return f"`{home}`" + "".join(f" §{section}" for section in ordered)


def _refuse_unlisted(places: dict[int, dict[str, set[str]]]) -> None:
    listed = {int(number) for number in _LISTED.findall(STANDARDS.read_text(encoding="utf-8"))}
    unlisted = sorted(places.keys() - listed)
    for number in unlisted:
        where = ", ".join(sorted(places[number]))
        print(f"RFC {number} is named in {where}; list it in {STANDARDS.relative_to(ROOT)}")
    if unlisted:
        sys.exit(1)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


PAGES: dict[str, Callable[[], str]] = {
    "docs/operate/settings.md": printed.reference,
    "docs/operate/commands.md": commands,
    "docs/operate/metrics.md": metrics,
    "etc/sztafeta.toml": printed.sample,
    "docs/api/reference.md": api_printed.reference,
    "docs/api/errors.md": api_printed.errors,
    "docs/design/states.md": states,
    "docs/design/events.md": events,
    "docs/design/replies.md": replies,
    "docs/design/verdicts.md": verdicts,
    "docs/design/panel-routes.md": panel_routes,
}
BLOCKS: dict[str, tuple[str, Callable[[], str]]] = {
    "rfc-index": ("docs/design/standards.md", rfc_index),
}


def fill(page: str, name: str, block: str) -> str:
    """Put a block between its marks.

    Raises:
        ValueError: the page has no such marks.
    """
    opening, closing = f"<!-- printed: {name} -->\n", "<!-- end -->"
    before, found, rest = page.partition(opening)
    _, ended, after = rest.partition(closing)
    if not found or not ended:
        raise ValueError(f"there is no block between {opening.strip()} and {closing}")
    return f"{before}{opening}{block}\n{closing}{after}"


def print_all() -> dict[Path, str]:
    """Give every document as it should be."""
    documents = {ROOT / name: write() for name, write in PAGES.items()}
    for name, (page, write) in BLOCKS.items():
        path = ROOT / page
        current = documents.get(path) or path.read_text(encoding="utf-8")
        documents[path] = fill(current, name, write())
    return documents


def main() -> int:
    """Write the documents, or check them."""
    is_check = "--check" in sys.argv[1:]
    stale = []
    for path, wanted in print_all().items():
        if path.exists() and path.read_text(encoding="utf-8") == wanted:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, encoding="utf-8")
    if stale and is_check:
        print(f"Printed from code, but different now: {', '.join(stale)}. Run: make docs")
    elif stale:
        print(f"Printed anew: {', '.join(stale)}")
    return 1 if stale and is_check else 0


if __name__ == "__main__":
    sys.exit(main())
