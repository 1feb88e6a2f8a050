"""Masking: the shape of somebody's data without anything that it says.

Letters become x, digits become 0 and other characters stay, so that lengths, line breaks and the punctuation
of dates, amounts and addresses are seen as they are. Names of fields are the template's own words and stay
where they look like such. What is masked is bounded: whoever masks has other work to do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

LONGEST_TEXT: Final = 200
MOST_ITEMS: Final = 3
"""Of a list: more show nothing new."""
MOST_FIELDS: Final = 100
DEEPEST: Final = 8
MOST_LETTERS: Final = 4000
"""Of all names and texts together, and one for each value; what comes after them is left out."""
_SCHEME = re.compile(r"https?://")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def masked(value: Any) -> Any:
    """Mask a value of JSON; what lies too deep becomes null."""
    return _Masking().value(value, depth=0)


def masked_text(text: str) -> str:
    """Mask a text; how a link begins stays, so that it is still one."""
    text = text[:LONGEST_TEXT]
    scheme = _SCHEME.match(text)
    start = scheme.end() if scheme else 0
    return text[:start] + "".join(map(_masked_letter, text[start:]))


class _Masking:
    """The masking of one value, and the room that is left for it."""

    def __init__(self) -> None:
        self._room = MOST_LETTERS

    def value(self, value: Any, depth: int) -> Any:
        self._room -= 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int | float):
            return _masked_number(value)
        if depth == DEEPEST:
            return None
        if isinstance(value, Mapping):
            return dict(self._fields(value, depth + 1))
        if isinstance(value, Sequence):
            return list(self._items(value, depth + 1))
        return None

    def _fields(self, fields: Mapping[Any, Any], depth: int) -> Iterator[tuple[str, Any]]:
        for name, one in islice(fields.items(), MOST_FIELDS):
            if self._room <= 0:
                return
            shown = _field(name)
            self._room -= len(shown)
            yield shown, self.value(one, depth)

    def _items(self, items: Sequence[Any], depth: int) -> Iterator[Any]:
        for one in items[:MOST_ITEMS]:
            if self._room <= 0:
                return
            yield self.value(one, depth)

    def _text(self, text: str) -> str:
        shown = masked_text(text)
        self._room -= len(shown)
        return shown


def _masked_letter(letter: str) -> str:
    if letter.isupper():
        return "X"
    kind = unicodedata.category(letter)[0]
    return {"L": "x", "M": "x", "N": "0"}.get(kind, letter)


def _masked_number(number: float) -> float:
    """Keep how long a number is: 12.5 becomes 11.1."""
    shown = re.sub(r"\d", "1", f"{number:.2f}" if isinstance(number, float) else str(number)[:30])
    if not re.fullmatch(r"-?1+(\.1+)?", shown):  # infinity and its kin
        return 1
    return float(shown) if isinstance(number, float) else int(shown)


def _field(name: Any) -> str:
    """Keep a field's name that looks like a variable's; mask one that could be somebody's address."""
    text = str(name)
    return text if _FIELD.fullmatch(text) else masked_text(text)
