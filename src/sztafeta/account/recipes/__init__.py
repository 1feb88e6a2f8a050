"""Recipes: settings of other people's programs, ready to be copied, filled in with host, port and login.

A recipe is a text beside this file: `== place` begins what belongs into one file or form, and a line that
begins with `[starttls]` or `[implicit]` stands only where TLS begins that way. `@NAME@` is filled in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Final

_SAFE: Final = re.compile(r"[A-Za-z0-9.@_+-]+")
"""What means nothing in any of the languages that recipes are written in."""
_LINE: Final = re.compile(r"\[(starttls|implicit)\] (.*)")
_PLACE: Final = "== "


class Tls(Enum):
    """How TLS begins."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a recipe is for."""

    key: str
    name: str


PROGRAMS: Final[Sequence[Program]] = (
    Program(key="wordpress", name="WordPress (WP Mail SMTP)"),
    Program(key="prestashop", name="PrestaShop"),
    Program(key="laravel", name="Laravel"),
    Program(key="symfony", name="Symfony"),
    Program(key="django", name="Django"),
    Program(key="nodemailer", name="nodemailer"),
    Program(key="phpmailer", name="PHPMailer"),
    Program(key="postfix", name="Postfix"),
    Program(key="msmtp", name="msmtp"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What is filled in."""

    host: str
    port: int
    tls: Tls
    login: str
    password: str
    sender: str
    """The address that mail comes from."""


@dataclass(frozen=True, slots=True)
class Part:
    """What belongs into one file or form."""

    place: str
    text: str


def program_of(key: str) -> Program | None:
    """Find a program."""
    return next((one for one in PROGRAMS if one.key == key), None)


def recipe(program: Program, access: Access, language: str = "en") -> Sequence[Part]:
    """Write a program's settings.

    Raises:
        ValueError: a value holds a character that would need quoting in some language.
    """
    values = _values(access)
    return [_filled(part, access.tls, values) for part in _parts(program.key, language)]


def _values(access: Access) -> dict[str, str]:
    values = {
        "HOST": access.host,
        "PORT": str(access.port),
        "LOGIN": access.login,
        "PASSWORD": access.password,
        "SENDER": access.sender,
        "DOMAIN": access.sender.rpartition("@")[2],
    }
    for name, value in values.items():
        if not _SAFE.fullmatch(value):
            raise ValueError(f"{name} would need quoting")
    return values


@cache
def _parts(key: str, language: str) -> Sequence[Part]:
    """Read a recipe, in the language if there is one."""
    folder = files(__name__)
    own = folder.joinpath(f"{key}.{language}.txt")
    text = (own if own.is_file() else folder.joinpath(f"{key}.txt")).read_text("utf-8")
    found = []
    for part in text.removeprefix(_PLACE).split(f"\n{_PLACE}"):
        place, _, content = part.partition("\n")
        found.append(Part(place, content.rstrip("\n")))
    return found


def _filled(part: Part, tls: Tls, values: dict[str, str]) -> Part:
    lines = []
    for line in part.text.split("\n"):
        only = _LINE.fullmatch(line)
        if only is None or only[1] == tls.value:
            lines.append(line if only is None else only[2])
    text = re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], "\n".join(lines))
    return Part(part.place, text)
