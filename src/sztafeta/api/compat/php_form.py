"""Forms as PHP reads them: `to[anna@example.com][vars][k]=v` becomes a tree (emaillabs.md §1.4).

Clients of a PHP service depend on how PHP reads a form, odd corners included: a later nested value takes
the place of an earlier plain one, what stands behind a stray bracket is ignored, and the part of a name
before its first bracket has dots and blanks turned into underscores. Depth and fields are bounded, and the
time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

MOST_FIELDS: Final = 20_000
DEEPEST: Final = 16
_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}")
"""A key that PHP keeps as a number."""
_MANGLED: Final = str.maketrans(". [", "___")
"""Letters that a variable of PHP cannot have in its name."""
_BLANKS: Final = frozenset(" \t\n\r\f\v")
"""A key of one of these is empty to PHP."""

Tree = dict[str, "Node"]
Node = str | Tree
"""A value, or an array: PHP's arrays are ordered maps, and so are these."""


class FormFault(ValueError):
    """The form is larger or deeper than any client's."""


def parse_form(octets: bytes) -> Tree:
    """Read an `application/x-www-form-urlencoded` body or query.

    Raises:
        FormFault: it has too many fields, or they are nested too deeply.
    """
    growing = _Growing()
    if octets.count(b"&") >= MOST_FIELDS:
        raise FormFault(f"a form may have {MOST_FIELDS} fields")
    for pair in octets.split(b"&"):
        name, _, value = pair.partition(b"=")
        path = _path(_decode(name))
        if path:
            growing.put(path, _decode(value))
    return growing.tree


def _decode(octets: bytes) -> str:
    return unquote_to_bytes(octets.replace(b"+", b" ")).decode("utf-8", "replace")


def _path(name: str) -> list[str]:
    """Part a name into the keys that lead to its value; an empty key means *the next place*."""
    name = name.lstrip(" ").partition("\0")[0]
    base, bracket, rest = name.partition("[")
    if not base:
        return []
    if bracket and "]" not in rest:  # a bracket that is never closed is an ordinary letter
        base, bracket = f"{base}[{rest}", ""
    return [base.translate(_MANGLED), *(_keys("[" + rest) if bracket else ())]


def _keys(rest: str) -> Iterator[str]:
    """Give the keys in brackets; anything that does not go on with a bracket ends the name."""
    at, depth = 0, 0
    while at < len(rest) and rest[at] == "[":
        end = rest.find("]", at)
        if end < 0:
            return
        depth += 1
        if depth > DEEPEST:
            raise FormFault(f"a field may be nested {DEEPEST} deep")
        key = rest[at + 1 : end]
        yield "" if key in _BLANKS else key
        at = end + 1


class _Growing:
    """A tree and, for each array in it, the number that `[]` stands for next."""

    def __init__(self) -> None:
        self.tree: Tree = {}
        self._next_places: dict[int, tuple[int | None, Tree]] = {}
        """By the array's identity, which stays its own as long as the array is held here."""

    def put(self, path: list[str], value: str) -> None:
        """Set the value that a path leads to."""
        *above, last = path
        tree = self.tree
        for key in above:
            key = self._place(tree, key)
            below = tree.get(key)
            if not isinstance(below, dict):  # PHP drops the plain value that stood here
                below = tree[key] = {}
            tree = below
        tree[self._place(tree, last)] = value

    def _place(self, tree: Tree, key: str) -> str:
        """Give the key itself, or the next number for an empty one."""
        place, _ = self._next_places.get(id(tree), (None, tree))
        if not key:
            key = str(place or 0)
        if _NUMBER.fullmatch(key):
            after = int(key) + 1
            self._next_places[id(tree)] = (after if place is None else max(place, after), tree)
        return key


# -- looking at a tree ----------------------------------------------------------------------------


def text_at(tree: Tree, *names: str) -> str:
    """Give the first of these fields that is a plain value and not empty; empty when none is."""
    for name in names:
        value = tree.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def tree_at(tree: Tree, name: str) -> Tree:
    """Give a field that is an array; empty when it is not."""
    value = tree.get(name)
    return value if isinstance(value, dict) else {}


def texts_at(tree: Tree, name: str) -> list[str]:
    """Give the plain values of a field: those of an array, or the one it is."""
    value = tree.get(name)
    if isinstance(value, dict):
        return [one for one in value.values() if isinstance(one, str)]
    return [value] if value else []
