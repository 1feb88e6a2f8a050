"""A value compares, hashes and is replaced like the frozen dataclass that the type checker takes it for."""

from __future__ import annotations

from dataclasses import fields, replace

from sztafeta.value import value


@value(frozen=True, slots=True, kw_only=True)
class Baton:
    """A value."""

    number: int
    runner: str = "Alice"


@value(frozen=True, slots=True, eq=False)
class Lane:
    """A value that equals itself alone."""

    number: int


def test_two_of_the_same_content_are_equal_and_find_each_other_in_a_set() -> None:
    assert Baton(number=1) == Baton(number=1)
    assert Baton(number=1) in {Baton(number=1)}
    assert Baton(number=1) != Baton(number=2)


def test_it_is_replaced_and_described_like_any_dataclass() -> None:
    assert replace(Baton(number=1), runner="Bob") == Baton(number=1, runner="Bob")
    assert [field.name for field in fields(Baton)] == ["number", "runner"]


def test_it_has_slots_and_no_room_for_more() -> None:
    assert not hasattr(Baton(number=1), "__dict__")


def test_without_equality_each_is_its_own() -> None:
    assert Lane(1) != Lane(1)
    assert len({Lane(1), Lane(1)}) == 2
