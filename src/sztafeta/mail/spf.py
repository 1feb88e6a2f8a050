"""SPF records as text (RFC 7208): whom they let send, how many look-ups they cost, how one more is let in.

Nothing is evaluated here: that is a receiver's work. We read what a customer published, so that a record of
theirs is completed and never replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

VERSION: Final = "v=spf1"
MOST_LOOK_UPS: Final = 10
"""RFC 7208 §4.6.4: a record that costs more is an error to its readers."""

_COSTLY: Final = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_LEADING: Final = frozenset({"include", "redirect"})


def is_spf(text: str) -> bool:
    """Say whether a TXT record is an SPF record (RFC 7208 §4.5)."""
    words = text.split(maxsplit=1)
    return bool(words) and words[0].lower() == VERSION


def terms(text: str) -> tuple[str, ...]:
    """Give the mechanisms and modifiers, without the version."""
    return tuple(text.split()[1:])


def allows(text: str, mechanisms: Sequence[str]) -> bool:
    """Say whether a record names all of these mechanisms, and does not refuse by them."""
    named = {term.lower().removeprefix("+") for term in terms(text)}
    return all(mechanism.lower() in named for mechanism in mechanisms)


def record_of(mechanisms: Sequence[str]) -> str:
    """Write a record that lets these send, and says that others are suspicious."""
    return " ".join((VERSION, *mechanisms, "~all"))


def completed(text: str, mechanisms: Sequence[str]) -> str:
    """Write a record anew with these mechanisms before its first `all` or `redirect`."""
    named = list(terms(text))
    missing = [one for one in mechanisms if not allows(text, (one,))]
    place = next((at for at, term in enumerate(named) if _ends(term)), len(named))
    return " ".join((VERSION, *named[:place], *missing, *named[place:]))


def costs(text: str) -> int:
    """Count the look-ups of a record itself, without those of the records that it leads to."""
    return sum(_name_of(term) in _COSTLY for term in terms(text))


def leads_to(text: str) -> tuple[str, ...]:
    """Name the domains whose records are read, too; what holds a macro is known to receivers alone."""
    targets = (_target_of(term) for term in terms(text) if _name_of(term) in _LEADING)
    return tuple(target for target in targets if target and "%" not in target)


def _ends(term: str) -> bool:
    return term.lower().lstrip("+-~?") == "all" or _name_of(term) == "redirect"


def _name_of(term: str) -> str:
    name = term.lower().lstrip("+-~?")
    for mark in ":=/":
        name = name.partition(mark)[0]
    return name


def _target_of(term: str) -> str:
    mark = "=" if _name_of(term) == "redirect" else ":"
    return term.partition(mark)[2].rstrip(".").lower()
