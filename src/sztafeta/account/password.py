"""Panel passwords: what is refused, and how strong one is. SMTP passwords are another kind (`smtp_account`).

Long is what counts; no rule asks for a digit or a capital letter. Refused is what an attacker tries first:
common passwords with something around them, and what anybody knows about the firm and the person.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Final

SHORTEST: Final = 12
LONGEST: Final = 256
"""argon2 reads all of it; a megabyte of password is an attack."""
SHORTEST_FACT: Final = 4
"""A shorter word about somebody may stand in a password by chance."""
_FEW_LETTERS: Final = 5
"""A password of fewer different letters is a pattern."""
_LEET: Final = str.maketrans("0134578@$!", "oieastbasi")
_SEQUENCES: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


class PasswordFault(Enum):
    """Why a panel password is refused."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    COMMON = "common"
    PATTERN = "pattern"
    ABOUT_YOU = "about-you"
    SMTP_PASSWORD = "smtp-password"  # noqa: S105 - the fault's name
    """It is the password of an SMTP account, which stands in programs and configuration files."""
    SAME = "same"
    """It is the one in force."""


class Strength(Enum):
    """How long somebody who has the hash would try."""

    FAIR = "fair"
    GOOD = "good"
    STRONG = "strong"


def fault_of(password: str, *, facts: Iterable[str] = ()) -> PasswordFault | None:
    """Say why a password is refused; `facts` are the names and addresses of person and firm."""
    if len(password) < SHORTEST:
        return PasswordFault.TOO_SHORT
    if len(password) > LONGEST:
        return PasswordFault.TOO_LONG
    plain = password.lower()
    if is_common(plain):
        return PasswordFault.COMMON
    if _is_pattern(plain):
        return PasswordFault.PATTERN
    return PasswordFault.ABOUT_YOU if _is_about(plain, facts) else None


def is_common(password: str) -> bool:
    """Say whether a password is one of the first that are tried, alone or with little around it."""
    known = common_passwords()
    plain = password.lower()
    forms = {plain, plain.translate(_LEET), _bare(plain), _bare(plain).translate(_LEET)}
    return any(form in known or _repeated_part(form) in known for form in forms)


@cache
def common_passwords() -> frozenset[str]:
    """Read the list: the most frequent ones of public leaks, and Polish ones."""
    text = files("sztafeta.account").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.split())


def strength_of(password: str) -> Strength:
    """Judge a password that was not refused, by its length and the kinds of its characters."""
    kinds = sum(bool(re.search(kind, password)) for kind in (r"[a-ząćęłńóśźż]", r"[A-Z]", r"\d"))
    kinds += bool(re.search(r"[^\w]|_", password))
    points = len(password) + 3 * (kinds - 1)
    if points >= 24:
        return Strength.STRONG
    return Strength.GOOD if points >= 17 else Strength.FAIR


def make_first_password() -> str:
    """Draw a password that can be typed from a telephone's screen: 60 bits, to be changed at once."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


def _bare(plain: str) -> str:
    """Take away what people put around a word to please rules: `!password123` is `password`."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)


def _repeated_part(text: str) -> str:
    """Give the part that a text repeats: `passwordpassword` is `password`."""
    found = re.fullmatch(r"(.+?)\1+", text)
    return found[1] if found else ""


def _is_pattern(plain: str) -> bool:
    """Say whether it is a row of keys, a count, or a few letters again and again."""
    if len(set(plain)) < _FEW_LETTERS or len(_repeated_part(plain)) in range(1, SHORTEST // 2 + 1):
        return True
    return any(plain in row or plain[::-1] in row for row in _SEQUENCES)


def _is_about(plain: str, facts: Iterable[str]) -> bool:
    """Say whether little is left when what anybody knows is taken away."""
    rest = plain
    for word in sorted(_words(facts), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != plain and len(rest) < SHORTEST // 2 + 2


def _words(facts: Iterable[str]) -> set[str]:
    """Split names and addresses into the words that would be used."""
    words: set[str] = set()
    for fact in facts:
        plain = fact.lower()
        words |= {plain, re.sub(r"\W", "", plain), *re.split(r"\W+", plain)}
    return {word for word in words if len(word) >= SHORTEST_FACT}
