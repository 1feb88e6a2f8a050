"""What a firm tells of itself is read as people write it."""

from __future__ import annotations

import pytest

from sztafeta.account.company import (
    account_name_of,
    read_nip,
    read_phone,
    read_postcode,
    shown_nip,
)
from sztafeta.account.smtp_account import LOGIN


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("5261040828", "5261040828"),
        ("526-104-08-28", "5261040828"),
        ("PL 526 104 08 28", "5261040828"),
        ("pl5261040828", "5261040828"),
        ("5261040829", None),
        ("0000000000", None),
        ("1111111111", None),
        ("526104082", None),
        ("", None),
        ("abc", None),
    ],
)
def test_a_tax_number_is_checked_by_its_last_digit(written: str, read: str | None) -> None:
    assert read_nip(written) == read


def test_a_tax_number_is_shown_in_groups() -> None:
    assert shown_nip("5261040828") == "526-104-08-28"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("00-950", "00-950"),
        (" 00950 ", "00-950"),
        ("00 950", "00-950"),
        ("0-950", None),
        ("", None),
    ],
)
def test_a_postcode_has_its_dash(written: str, read: str | None) -> None:
    assert read_postcode(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("501 234 567", "+48501234567"),
        ("+48 501-234-567", "+48501234567"),
        ("0048501234567", "+48501234567"),
        ("+44 7400 123456", "+447400123456"),
        ("501 234 56", None),
        ("telefon", None),
        ("", None),
    ],
)
def test_a_telephone_number_becomes_e164(written: str, read: str | None) -> None:
    assert read_phone(written) == read


@pytest.mark.parametrize(
    ("company", "name"),
    [
        ("Kwiaciarnia Róża sp. z o.o.", "kwiaciarnia-roza"),
        ("ŁÓDŹ Meble S.A.", "lodz-meble"),
        ("Spółka z o.o.", "firma"),
        ("漢字", "firma"),
        ("A" * 60, "a" * 30),
    ],
)
def test_an_account_name_can_stand_in_an_smtp_login(company: str, name: str) -> None:
    assert account_name_of(company) == name
    assert LOGIN.fullmatch(f"1.{name}.smtp")
