"""The command line as a user has it: a settings file, arguments, what is printed and how it ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from sztafeta.cli import application


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The JSON that it printed."""
        return json.loads(self.out)


class Sztafeta:
    """Runs commands on one data folder."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder = folder
        self.data = folder / "data"
        self.settings_file = folder / "sztafeta.toml"
        self.settings_file.write_text(
            f'hostname = "relay.example.org"\ndata_directory = "{self.data}"\n'
            f"accept_unsafe_storage = true\n{settings}",
            encoding="utf-8",
        )

    def __call__(self, *arguments: str, code: int = 0, answer: str | None = None) -> Ended:
        """Run a command and insist on its exit code."""
        command = [*arguments, "--config", str(self.settings_file)]
        result = CliRunner().invoke(application, command, input=answer)
        ended = Ended(result.exit_code, result.stdout, result.stderr)
        assert ended.code == code, (result.exception, ended)
        assert "Traceback" not in ended.err
        return ended
