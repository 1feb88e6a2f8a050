"""The documents written by hand: what they name exists, and the commands in them are commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sztafeta.cli import application

ROOT = Path(__file__).resolve().parents[2]
BY_HAND = [
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/design").glob("*.md")),
    *sorted((ROOT / "docs/decisions").glob("*.md")),
    ROOT / "docs/operate/install.md",
    ROOT / "docs/operate/every-day.md",
]
_FILE = re.compile(r"`([a-z_]+(?:/[a-z_0-9.-]+)*/?[a-z_0-9-]+\.(?:py|md|sh|toml|json|service))`")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
_COMMAND = re.compile(
    r"sztafeta ((?:account|domain|queue|message|config) [a-z-]+|serve|health|migrate)"
)
PLACES = (ROOT, ROOT / "src/sztafeta", ROOT / "docs")


@pytest.mark.parametrize("page", BY_HAND, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = [name for name in _FILE.findall(text) if "/" in name]
    missing = [name for name in named if not any((place / name).exists() for place in PLACES)]
    missing += [link for link in _LINK.findall(text) if not (page.parent / link).exists()]
    assert missing == []


def test_the_tour_has_eight_files_in_an_hour() -> None:
    rows = re.findall(
        r"^\| [1-8] \| \[`([^`]+)`\]", (ROOT / "docs/tour.md").read_text(), re.MULTILINE
    )
    assert len(rows) == 8
    lines = sum((ROOT / "src/sztafeta" / name).read_text().count("\n") for name in rows)
    assert lines < 2500


@pytest.mark.parametrize("page", [ROOT / "README.md", *BY_HAND[-2:]], ids=lambda page: page.name)
def test_every_command_that_a_page_shows_is_one(page: Path) -> None:
    commands = set(_COMMAND.findall(page.read_text(encoding="utf-8")))
    assert commands
    for command in commands:
        assert CliRunner().invoke(application, [*command.split(), "--help"]).exit_code == 0, command
