"""What the panel has a browser load is small: all scripts of all pages together (issue 4's bar)."""

from __future__ import annotations

import gzip
from importlib.resources import files
from typing import Final

MOST: Final = 60_000
"""Octets, gzipped."""


def test_all_scripts_together_weigh_less_than_60_kb() -> None:
    scripts = list(files("sztafeta.panel").joinpath("static").iterdir())
    weights = {
        one.name: len(gzip.compress(one.read_bytes(), 9))
        for one in scripts
        if one.name.endswith(".js")
    }
    assert "htmx.js" in weights
    assert sum(weights.values()) <= MOST, weights
