"""The header of a message, read in one pass over its octets and left as it is.

No octet is decoded or re-written here: a field is a slice of what came in. Content is never parsed; the
stdlib's parser would cost more than everything else on the relay's path together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sztafeta.value import value

MAX_HEADER: Final = 100 * 1024
"""Octets of a header section (acceptance §1.7)."""
MAX_FIELDS: Final = 1000

_FIELD = re.compile(rb"[^\n]+\n(?:[ \t][^\n]*\n)*")  # a line and its folds (RFC 5322 §2.2.3)
_NAMES = re.compile(rb"\n([!-9;-~]+):")  # RFC 5322 §2.2
_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")  # with the obsolete space of §4.5


class HeaderFault(ValueError):
    """The header cannot be read in one way only; the message says what to change."""


@value(frozen=True, slots=True)
class Field:
    """One header field."""

    name: bytes
    """In lower case."""
    octets: bytes
    """The whole field with its line ends."""

    @property
    def value(self) -> bytes:
        """What follows the colon, unfolded and stripped (RFC 5322 §2.2.3)."""
        return value_of(self.octets)


@value(frozen=True, slots=True)
class Header:
    """A header section; `names` and `slices` go together, one of each a field."""

    octets: bytes
    """The fields as they came, each with its CRLF, without the empty line."""
    names: tuple[bytes, ...]
    """The fields' names in order, in lower case."""
    slices: tuple[bytes, ...]
    """The fields' octets in order."""
    body_at: int
    """Where the body begins; the length of the whole when there is none."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields in order."""
        return tuple(map(Field, self.names, self.slices))

    def all(self, name: bytes) -> list[Field]:
        """Give the fields of a name (in lower case), from the top."""
        if name not in self.names:
            return []
        return [field for field in self.fields if field.name == name]

    def first(self, name: bytes) -> Field | None:
        """Give the topmost field of a name (in lower case)."""
        names = self.names
        return Field(name, self.slices[names.index(name)]) if name in names else None

    @property
    def is_ascii(self) -> bool:
        """Say whether no field holds an octet over 127."""
        return self.octets.isascii()


def scan(message: bytes) -> Header:
    """Read the header section that a message begins with (RFC 5322 §2.1).

    A message without an empty line is all header; one that begins with an empty line has none.

    Raises:
        HeaderFault: a NUL, a bare CR or LF, a line that is no field, or too much of it.
    """
    section, body_at = _part(message)
    if len(section) > MAX_HEADER:
        raise HeaderFault(f"the header has more than {MAX_HEADER} octets")
    if b"\0" in section:
        raise HeaderFault("the header holds a NUL octet")
    lines = section.count(b"\r\n")
    if section.count(b"\n") != lines or section.count(b"\r") != lines:  # RFC 5322 §2.2
        raise HeaderFault("the header holds a CR or LF that is not part of a CRLF")
    slices = split_fields(section)
    if len(slices) > MAX_FIELDS:
        raise HeaderFault(f"the header has more than {MAX_FIELDS} fields")
    names = _NAMES.findall(b"\n" + section.lower())
    if len(names) != len(slices):  # a line is no field, or has a space before its colon
        names = list(_names_one_by_one(slices))
    return Header(section, tuple(names), tuple(slices), body_at)


def split_fields(section: bytes) -> list[bytes]:
    """Part a header section into its fields, each with its folds and line ends."""
    return _FIELD.findall(section)


def value_of(octets: bytes) -> bytes:
    """Give what follows the colon of a field, unfolded and stripped (RFC 5322 §2.2.3)."""
    return octets.partition(b":")[2].replace(b"\r\n", b"").strip(b" \t")


def _part(message: bytes) -> tuple[bytes, int]:
    """Give the fields, with the CRLF of the last, and where the body begins."""
    if message.startswith(b"\r\n"):
        return b"", 2
    border = message.find(b"\r\n\r\n", 0, MAX_HEADER + 4)
    if border >= 0:
        return message[: border + 2], border + 4
    section = message if not message or message.endswith(b"\r\n") else message + b"\r\n"
    return section, len(message)


def _names_one_by_one(slices: list[bytes]) -> Iterator[bytes]:
    """Give the fields' names, or say which line is the first that is no field (C-068)."""
    line = 1
    for octets in slices:
        name = _NAME.match(octets)
        if name is None:
            raise HeaderFault(
                f"line {line} is no header field (Name: value);"
                " an empty line goes between header and body"
            )
        yield name[1].lower()
        line += octets.count(b"\n")
