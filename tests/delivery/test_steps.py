"""How long the steps of an attempt took: written shortly, read back, nonsense passed over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sztafeta.delivery.steps import read_steps, with_look_up, write_steps
from sztafeta.delivery.verdict import Stage


def test_steps_are_read_back_in_their_order() -> None:
    text = with_look_up(write_steps([("connect", 0.0121), ("mail", 0.4)]), timedelta(seconds=2))
    assert text == "route 2000 connect 12 mail 400"
    assert read_steps(text) == (
        (Stage.ROUTE, timedelta(seconds=2)),
        (Stage.CONNECT, timedelta(milliseconds=12)),
        (Stage.MAIL, timedelta(milliseconds=400)),
    )


def test_without_a_look_up_there_is_no_step_for_it() -> None:
    assert with_look_up("dot 3", None) == "dot 3"
    assert with_look_up("", timedelta(0)) == "route 0"


@pytest.mark.parametrize("text", ["", "dot", "dot x", "nothing 3", "dot -3"])
def test_what_is_no_step_is_passed_over(text: str) -> None:
    assert read_steps(text) == ()
