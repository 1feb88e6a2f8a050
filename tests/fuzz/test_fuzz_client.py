"""The fuzz target of the client runs on its seeds, so that it cannot rot (S-54)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.fuzz_client import one_input, seeds, write_seeds

OFFERS = [
    b"250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 STARTTLS\r\n",
    b"250-mx\r\n250-SIZE 9\r\n250 DSN\r\n",
]
CODES = [b"%d said\r\n" % code for code in (220, 250, 354, 421, 451, 550)]
REPLIES = st.sampled_from([*OFFERS, *CODES, b"250", b"-", b"\r\n"])


@pytest.mark.parametrize("choice", [0, 1, 2, 3, 36, 42, 77, 159, 255])
def test_the_client_survives_every_seed_however_it_is_cut(choice: int) -> None:
    for seed in seeds():
        one_input(bytes([choice]) + seed[1:])


@given(st.integers(0, 255), st.lists(REPLIES | st.binary(max_size=20), max_size=20))
def test_the_target_takes_any_replies(choice: int, pieces: list[bytes]) -> None:
    one_input(bytes([choice]) + b"".join(pieces))


def test_the_seeds_are_written(tmp_path: Path) -> None:
    write_seeds(tmp_path / "corpus")
    assert len(list((tmp_path / "corpus").iterdir())) == len(seeds())
