"""The panel's words: English in the code, Polish in `texts/pl/<column>.po`, joined when the service starts.

Polish typography is put in here, once: a one-letter word never ends a line (ux §2.6).
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES: Final = ("pl", "en")
DEFAULT: Final = "pl"
_LONE_LETTER = re.compile(r"(?<=[ („\u00a0])([aiouwzAIOUWZ]) ")


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for translation where it is only written down."""
    return text


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Give the words of a language; English is what the code says."""
    if language != "pl":
        return gettext.NullTranslations()
    catalogue = Catalog(locale=language)
    for part in catalogue_files(language):
        for message in read_po(io.BytesIO(part.read_bytes()), locale=language):
            if message.id:
                catalogue.add(message.id, string=_set_well(message.string), context=message.context)
    packed = io.BytesIO()
    write_mo(packed, catalogue)
    packed.seek(0)
    return gettext.GNUTranslations(packed)


def catalogue_files(language: str) -> Iterator[Traversable]:
    """Give the catalogues of a language, one a column."""
    folder = files("sztafeta.panel").joinpath("texts", language)
    yield from sorted(
        (one for one in folder.iterdir() if one.name.endswith(".po")), key=lambda one: one.name
    )


def chosen_language(accepted: str) -> str:
    """Read which language a browser prefers (RFC 9110 §12.5.4), of those that we speak."""
    wishes: list[tuple[float, str]] = []
    for wish in accepted[:200].split(","):
        tag, _, parameters = wish.strip().partition(";")
        language = tag.partition("-")[0].lower()
        if language in LANGUAGES:
            wishes.append((_quality(parameters), language))
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else DEFAULT


def _quality(parameters: str) -> float:
    found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameters)
    return float(found[1]) if found else 1.0


def _set_well(string: str | tuple[str, ...] | list[str] | None) -> str | tuple[str, ...]:
    """Put no-break spaces after one-letter words."""
    if string is None:
        return ""
    if isinstance(string, str):
        return _LONE_LETTER.sub("\\1\u00a0", string)
    return tuple(_LONE_LETTER.sub("\\1\u00a0", form) for form in string)
