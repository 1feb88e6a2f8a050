"""Connections are made to fit the files that there are (R-23)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.net.open_files import LEAST, OWN, Connections, TooFewFiles, fitting

NUMBERS = st.integers(1, 100_000)


@given(NUMBERS, NUMBERS, st.integers(LEAST, 1_000_000))
def test_there_is_a_file_for_each_connection(incoming: int, outgoing: int, files: int) -> None:
    wanted = Connections(incoming, outgoing)
    fits = fitting(wanted, files)
    assert 1 <= fits.incoming <= incoming
    assert 1 <= fits.outgoing <= outgoing
    assert fits.incoming + fits.outgoing + OWN <= files + 1
    if incoming + outgoing + OWN <= files:
        assert fits == wanted


def test_too_few_are_said_to_be() -> None:
    with pytest.raises(TooFewFiles, match="LimitNOFILE"):
        fitting(Connections(1, 1), LEAST - 1)
