"""Words of refusals."""

from __future__ import annotations

import pytest

from sztafeta.service.refusals import too_large


@pytest.mark.parametrize(
    ("size", "allowed", "words"),
    [
        (12_000_000, 10_485_760, "has 12.0 MB as e-mail, 10.5 MB are allowed"),
        (10_486_000, 10_485_760, "has 10.4860 MB as e-mail, 10.4858 MB are allowed"),
        (10_485_761, 10_485_760, "has 10.485761 MB as e-mail, 10.485760 MB are allowed"),
    ],
)
def test_a_size_and_its_limit_are_never_the_same_number(
    size: int, allowed: int, words: str
) -> None:
    assert words in too_large(size, allowed).text
