"""The service's letters: each in both languages, saying the same."""

from __future__ import annotations

from string import Formatter

import pytest

from sztafeta.service.people.letter_texts import TEXTS, Letter, LetterText


def places(text: LetterText) -> set[str]:
    """Give the names that are filled in."""
    parts = (text.subject, *text.before, text.button, *text.after)
    return {name for part in parts for _, name, _, _ in Formatter().parse(part) if name}


@pytest.mark.parametrize("letter", Letter)
def test_a_letter_says_the_same_in_both_languages(letter: Letter) -> None:
    polish, english = TEXTS[letter, "pl"], TEXTS[letter, "en"]
    assert places(polish) == places(english)
    assert len(polish.before) == len(english.before)
    assert bool(polish.button) == bool(english.button)
