"""Passwords of SMTP accounts that people choose: what is strong enough to be kept as SHA-256.

A drawn password has 125 random bits, and a fast hash makes none of them easier to guess. One that a person
chose must be so long and mixed that a stolen table does not give it away either.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

SHORTEST: Final = 16
LONGEST: Final = 128
ENOUGH_BITS: Final = 75.0
"""2^75 SHA-256 are 120,000 years of one card that does ten billion a second (decision 0016)."""
_KINDS: Final = (
    (re.compile(r"[a-z]"), 26),
    (re.compile(r"[A-Z]"), 26),
    (re.compile(r"[0-9]"), 10),
    (re.compile(r"[^a-zA-Z0-9]"), 33),
)
_RUN: Final = re.compile(r"(.)\1+")


class PasswordFault(Enum):
    """Why a chosen password is refused."""

    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    UNPRINTABLE = "unprintable"
    """Some programs cannot send what is not printable ASCII, and blanks at the ends are lost in copying."""
    TELLING = "telling"
    """The login or the firm's name is in it."""
    WEAK = "weak"
    PANEL = "panel"
    """Somebody logs in to the panel with it."""


WHAT_TO_CHANGE: Final = {
    PasswordFault.TOO_SHORT: f"Write at least {SHORTEST} characters, or have one drawn.",
    PasswordFault.TOO_LONG: f"Write at most {LONGEST} characters.",
    PasswordFault.UNPRINTABLE: "Use letters without accents, digits and signs of an English keyboard, "
    "and no blank at the ends.",
    PasswordFault.TELLING: "The login or the customer's name is in it: choose something else.",
    PasswordFault.WEAK: "It is too easy to guess: mix more different letters, digits and signs.",
    PasswordFault.PANEL: "Somebody logs in to the panel with it: choose another one, or have one drawn.",
}
"""For programs and operators; the panel has words of its own."""


def fault_of(password: str, *, names: Sequence[str]) -> PasswordFault | None:
    """Say what is wrong with a chosen password; `names` must not be in it."""
    if len(password) < SHORTEST:
        return PasswordFault.TOO_SHORT
    if len(password) > LONGEST:
        return PasswordFault.TOO_LONG
    if not re.fullmatch(r"[!-~]([ -~]*[!-~])?", password):
        return PasswordFault.UNPRINTABLE
    lowered = password.lower()
    if any(len(name) >= 3 and name.lower() in lowered for name in names):
        return PasswordFault.TELLING
    return PasswordFault.WEAK if bits_of(password) < ENOUGH_BITS else None


def bits_of(password: str) -> float:
    """Estimate how many bits whoever guesses letter by letter must find.

    Runs of one letter, of neighbours (`abcd`, `4321`) and repeated halves count as little as they tell.
    """
    alphabet = sum(size for pattern, size in _KINDS if pattern.search(password))
    telling = _without_repeats(_RUN.sub(r"\1", password))
    steps = sum(1 for one, next_one in itertools.pairwise(telling) if _is_step(one, next_one))
    distinct = len(set(password))
    letters = max(len(telling) - steps, 1)
    return letters * math.log2(max(min(alphabet, distinct * 4), 2))


def _is_step(one: str, next_one: str) -> bool:
    return abs(ord(one) - ord(next_one)) <= 1


def _without_repeats(password: str) -> str:
    """Take a repeated beginning once: `abcabcabc` is `abc`."""
    for length in range(1, len(password) // 2 + 1):
        part = password[:length]
        if (part * (len(password) // length + 1))[: len(password)] == password:
            return part
    return password
