"""The pages about moving over tell of every action that the dialects know."""

from __future__ import annotations

from pathlib import Path

import pytest

from sztafeta.api.compat.emaillabs_v1.facade import ACTIONS
from sztafeta.api.compat.emaillabs_v21.facade import RESOURCES

DOCS = Path(__file__).resolve().parents[3] / "docs" / "api"


@pytest.mark.parametrize("page", ["emaillabs.md", "emaillabs.pl.md"])
def test_the_tables_tell_of_all_actions_and_resources(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = [row.replace("`", "") for row in text.splitlines() if row.startswith("| ")]
    for action, method in ACTIONS:
        assert any(f"{method} {action}" in row for row in rows), (method, action)
    for resource, method in RESOURCES:
        wanted = resource.removesuffix("/{smtp}")
        found = [row for row in rows if wanted in row]
        assert any(method in row or "domain" in row for row in found), (method, resource)
