"""A command line on a fresh data folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.cli.command_line import Sztafeta


@pytest.fixture
def sztafeta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sztafeta:
    """Give a command line that no setting of the outside reaches."""
    for name in list(os.environ):
        if name.startswith("SZTAFETA_"):
            monkeypatch.delenv(name)
    return Sztafeta(tmp_path)
