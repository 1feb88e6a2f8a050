"""W-17: panel passwords are long, not common, and not about whoever chose them."""

from __future__ import annotations

import pytest

from sztafeta.account.password import (
    PasswordFault,
    Strength,
    fault_of,
    make_first_password,
    strength_of,
)

FACTS = ("Kwiaciarnia Róża sp. z o.o.", "Anna Nowak", "anna.nowak@kwiaciarnia.example", "roza")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("elevenchars", PasswordFault.TOO_SHORT),
        ("x" * 257, PasswordFault.TOO_LONG),
        ("Password1234", PasswordFault.COMMON),
        ("P@ssw0rd12345!", PasswordFault.COMMON),
        ("passwordpassword", PasswordFault.COMMON),
        ("1qaz2wsx3edc", PasswordFault.COMMON),
        ("kochamcie2026!", PasswordFault.COMMON),
        ("agnieszka1990", PasswordFault.COMMON),
        ("aaaaaaaaaaaab", PasswordFault.PATTERN),
        ("xk7xk7xk7xk7", PasswordFault.PATTERN),
        ("ghjklzxcvbnm", PasswordFault.PATTERN),
        ("3456789012345", PasswordFault.PATTERN),
        ("kwiaciarnia-roza", PasswordFault.ABOUT_YOU),
        ("Anna.Nowak2026", PasswordFault.ABOUT_YOU),
        ("annanowak12345", PasswordFault.ABOUT_YOU),
        ("zielony tramwaj pod mostem", None),
        ("anna lubi zielone tramwaje", None),
        ("zażółć gęślą jaźń", None),
        ("Vx7kd-q2Lmz-88p", None),
    ],
)
def test_what_is_tried_first_is_refused(password: str, fault: PasswordFault | None) -> None:
    assert fault_of(password, facts=FACTS) is fault


@pytest.mark.parametrize(
    ("password", "strength"),
    [
        ("tramwajemost", Strength.FAIR),
        ("tramwaj pod mostem", Strength.GOOD),
        ("zielony tramwaj pod mostem", Strength.STRONG),
        ("Vx7kd-q2Lmz-88p", Strength.STRONG),
    ],
)
def test_length_makes_strength(password: str, strength: Strength) -> None:
    assert strength_of(password) is strength


def test_first_passwords_are_random_and_good_enough() -> None:
    drawn = {make_first_password() for _ in range(50)}
    assert len(drawn) == 50
    assert {fault_of(one, facts=FACTS) for one in drawn} == {None}
