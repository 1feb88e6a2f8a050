"""The fuzz target runs on its seeds, so that it cannot rot (S-54)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.fuzz_server import one_input, seeds, write_seeds


@pytest.mark.parametrize("choice", [0, 1, 2, 3, 9, 41])
def test_every_seed_gives_the_same_dialogue_however_it_is_cut(choice: int) -> None:
    for seed in seeds():
        one_input(bytes([choice]) + seed[1:])


@given(st.binary(max_size=200))
def test_the_target_takes_any_octets(data: bytes) -> None:
    one_input(data)


def test_the_seeds_are_written(tmp_path: Path) -> None:
    write_seeds(tmp_path / "corpus")
    assert len(list((tmp_path / "corpus").iterdir())) == len(seeds())
