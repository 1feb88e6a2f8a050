"""Masking: the shape of somebody's data without anything that it says.

Letters become x, digits become 0 and other characters stay, so that lengths, line breaks and the punctuation
of dates, amounts and addresses are seen as they are. Names of fields are the template's own words and stay
where they look like such.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

LONGEST_TEXT: Final = 200
MOST_ITEMS: Final = 3
"""Of a list: more show nothing new."""
MOST_FIELDS: Final = 100
DEEPEST: Final = 8
_SCHEME = re.compile(r"https?://")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def masked(value: Any, *, depth: int = 0) -> Any:
    """Mask a value of JSON; what lies too deep becomes null."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, int | float):
        return _masked_number(value)
    if depth == DEEPEST:
        return None
    if isinstance(value, Mapping):
        fields = list(value.items())[:MOST_FIELDS]
        return {_field(name): masked(one, depth=depth + 1) for name, one in fields}
    if isinstance(value, Sequence):
        return [masked(one, depth=depth + 1) for one in value[:MOST_ITEMS]]
    return None


def masked_text(text: str) -> str:
    """Mask a text; how a link begins stays, so that it is still one."""
    text = text[:LONGEST_TEXT]
    scheme = _SCHEME.match(text)
    start = scheme.end() if scheme else 0
    return text[:start] + "".join(map(_masked_letter, text[start:]))


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
