"""Every text of the panel exists in Polish and English (issue: "`make test` fails on a missing string")."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import sztafeta.panel
from sztafeta.panel.texts import catalogue_files, chosen_language, translations

PANEL = Path(sztafeta.panel.__file__).parent
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext.babel_extract")]
OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.do", "newstyle_gettext": "true"}}


def said() -> set[str | tuple[str, ...]]:
    """Give every text that the code says."""
    found = extract_from_dir(
        str(PANEL), method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS, comment_tags=()
    )
    return {message for _, _, message, _, _ in found}


def catalogued() -> Iterator[tuple[str, Message]]:
    """Give every entry of the Polish catalogues, with its file."""
    for part in catalogue_files("pl"):
        for message in read_po(io.BytesIO(part.read_bytes()), locale="pl"):
            if message.id:
                yield part.name, message


def id_of(message: Message) -> str | tuple[str, ...]:
    return tuple(message.id) if message.pluralizable else str(message.id)


def test_nothing_is_said_that_is_not_in_polish() -> None:
    polish = {id_of(message) for _, message in catalogued() if all(_strings(message))}
    assert sorted(map(str, said() - polish)) == []


def test_no_polish_text_is_left_over() -> None:
    texts = said()
    unused = [(part, message.id) for part, message in catalogued() if id_of(message) not in texts]
    assert unused == []


def test_no_text_is_translated_twice() -> None:
    seen: dict[str | tuple[str, ...], str] = {}
    twice = []
    for part, message in catalogued():
        if (first := seen.setdefault(id_of(message), part)) != part:
            twice.append((message.id, first, part))
    assert twice == []


def test_translations_have_the_same_places_to_fill() -> None:
    wrong = [
        message.id
        for _, message in catalogued()
        for string in _strings(message)
        if not _places(string) <= _places(str(_ids(message)[-1]))
        or not (_places(str(_ids(message)[-1])) - {"num"}) <= _places(string)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "pl"),
        ("en", "en"),
        ("de-DE,en-GB;q=0.8,pl;q=0.7", "en"),
        ("pl-PL,en;q=0.9", "pl"),
        ("en;q=nonsense", "en"),
        ("de", "pl"),
    ],
)
def test_the_browser_chooses_the_language(accepted: str, language: str) -> None:
    assert chosen_language(accepted) == language


def test_a_one_letter_word_never_ends_a_line() -> None:
    ids = [str(one.id) for _, one in catalogued() if not one.pluralizable and " w " in one.string]
    assert ids
    assert [text for text in ids if " w " in translations("pl").gettext(text)] == []


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if message.pluralizable else (str(message.id),)


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if message.pluralizable else (str(message.string),)


def _places(text: str) -> set[str]:
    return {found[1] or found[2] for found in re.finditer(r"%\((\w+)\)|\{(\w+)\}", text)}
