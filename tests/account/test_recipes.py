"""Recipes: filled in whole, for either way that TLS begins, and never with what would break a quotation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sztafeta.account.recipes import PROGRAMS, Access, Program, Tls, program_of, recipe

ACCESS = Access(
    host="relay.example.org",
    port=587,
    tls=Tls.STARTTLS,
    login="2.shop.smtp",
    password="abcde-fghij",
    sender="shop@example.com",
)
IMPLICIT = replace(ACCESS, port=465, tls=Tls.IMPLICIT)


@pytest.mark.parametrize("access", [ACCESS, IMPLICIT], ids=lambda one: one.tls.value)
@pytest.mark.parametrize("language", ["pl", "en"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.key)
def test_a_recipe_holds_all_that_is_needed_and_no_place_to_fill_in(
    program: Program, language: str, access: Access
) -> None:
    parts = recipe(program, access, language)
    text = "\n".join(part.text for part in parts)
    for value in (access.host, str(access.port), access.login, access.password):
        assert value in text
    for left in ("@HOST@", "@PORT@", "[starttls]", "[implicit]", "== "):
        assert left not in text
    assert all(part.place and part.text for part in parts)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.key)
def test_the_two_ways_of_tls_are_written_differently(program: Program) -> None:
    other = replace(ACCESS, tls=Tls.IMPLICIT)
    assert recipe(program, ACCESS) != recipe(program, other)


def test_a_form_is_described_in_the_words_of_the_language() -> None:
    prestashop = program_of("prestashop")
    assert prestashop is not None
    assert "Serwer SMTP: relay.example.org" in recipe(prestashop, ACCESS, "pl")[0].text
    assert "Mail domain name: example.com" in recipe(prestashop, ACCESS, "en")[0].text


@pytest.mark.parametrize("password", ["it's", 'a"b', "a\\b", "a\nb", "$x", "ż", ""])
def test_what_would_break_a_quotation_is_not_written(password: str) -> None:
    with pytest.raises(ValueError, match="PASSWORD"):
        recipe(PROGRAMS[0], replace(ACCESS, password=password))


def test_a_program_that_nobody_wrote_about_is_not_there() -> None:
    assert program_of("../member") is None
