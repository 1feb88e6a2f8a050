"""The printed settings: nothing is missing, the sample can be used, secrets stay hidden."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sztafeta.config.printed import HIDDEN, effective, reference, sample, settings
from sztafeta.config.settings import Settings
from sztafeta.config.sources import load


def test_every_setting_has_a_sentence() -> None:
    for _, _, rows in settings():
        assert all(one.sentence.endswith(".") for one in rows)


def test_the_reference_and_the_sample_name_every_setting() -> None:
    page, file = reference(), sample()
    for _, _, rows in settings():
        for one in rows:
            assert f"| `{one.name}` |" in page
            assert f"#{one.name} =" in file


def test_the_sample_as_it_stands_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sztafeta.toml"
    path.write_text(sample(), encoding="utf-8")
    assert load(path).settings == Settings()


def test_the_defaults_in_the_sample_are_the_defaults(tmp_path: Path) -> None:
    lines = [
        line.removeprefix("#") if line.startswith("#") and not line.startswith("# ") else line
        for line in sample().splitlines()
        if not line.endswith("=") and not line.startswith("#[[")
    ]
    before_lists = "\n".join(lines)
    read = tomllib.loads(_without_tables_of_lists(before_lists))
    assert Settings(**read).model_dump() == Settings().model_dump()


def _without_tables_of_lists(text: str) -> str:
    """Keep the settings of plain tables: those of listeners and routes have no place of their own."""
    kept, is_kept = [], True
    lists = {"# A port that takes mail", "# A smarthost for some domains"}
    for line in text.splitlines():
        if any(line.startswith(opening) for opening in lists):
            is_kept = False
        elif line.startswith("["):
            is_kept = True
        if is_kept:
            kept.append(line)
    return "\n".join(kept)


def test_config_show_hides_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SZTAFETA_DATABASE_URL", "postgresql://alice:baton@localhost/mail")
    rows = {key: (value, origin) for key, value, origin in effective(load(None))}
    assert rows["database_url"] == (HIDDEN, "SZTAFETA_DATABASE_URL")
    assert rows["delivery.timeouts.dot"] == ("10m", "default")
