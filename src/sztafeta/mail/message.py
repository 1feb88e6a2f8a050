"""The header of a message, read in one pass over its octets and left as it is.

No octet is decoded or re-written here: a field is a slice of what came in. Content is never parsed; the
stdlib's parser would cost more than everything else on the relay's path together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Final

MAX_HEADER: Final = 100 * 1024
"""Octets of a header section (acceptance §1.7)."""
MAX_FIELDS: Final = 1000

_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")  # RFC 5322 §2.2, and the obsolete space of §4.5
_SUBJECT_SHOWN: Final = 200


class HeaderFault(ValueError):
    """The header cannot be read in one way only; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Field:
    """One header field."""

    name: bytes
    """In lower case."""
    octets: bytes
    """The whole field with its line ends."""

    @property
    def value(self) -> bytes:
        """What follows the colon, unfolded and stripped (RFC 5322 §2.2.3)."""
        return self.octets.partition(b":")[2].replace(b"\r\n", b"").strip()


@dataclass(frozen=True, slots=True)
class Header:
    """A header section."""

    fields: tuple[Field, ...]
    body_at: int
    """Where the body begins; the length of the whole when there is none."""

    def all(self, name: bytes) -> list[Field]:
        """Give the fields of a name (in lower case), from the top."""
        return [field for field in self.fields if field.name == name]

    def first(self, name: bytes) -> Field | None:
        """Give the topmost field of a name (in lower case)."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def names(self) -> list[bytes]:
        """The fields' names in order."""
        return [field.name for field in self.fields]

    @property
    def is_ascii(self) -> bool:
        """Say whether no field holds an octet over 127."""
        return all(field.octets.isascii() for field in self.fields)


def scan(message: bytes) -> Header:
    """Read the header section that a message begins with (RFC 5322 §2.1).

    A message without an empty line is all header; one that begins with an empty line has none.

    Raises:
        HeaderFault: a NUL, a line that is no field, or too much of it.
    """
    end, body_at = _extent(message)
    section = message[:end]
    if b"\0" in section:
        raise HeaderFault("the header holds a NUL octet")
    if len(section) > MAX_HEADER:
        raise HeaderFault(f"the header has more than {MAX_HEADER} octets")
    fields = tuple(_fields(section))
    if len(fields) > MAX_FIELDS:
        raise HeaderFault(f"the header has more than {MAX_FIELDS} fields")
    return Header(fields, body_at)


def _extent(message: bytes) -> tuple[int, int]:
    """Give where the fields end and where the body begins."""
    if message.startswith(b"\r\n"):
        return 0, 2
    border = message.find(b"\r\n\r\n")
    if border < 0:
        return len(message), len(message)
    return border + 2, border + 4


def _fields(section: bytes) -> Iterator[Field]:
    lines = section.splitlines(keepends=True) if _only_crlf(section) else _crlf_lines(section)
    collected: list[bytes] = []
    name = b""
    for number, line in enumerate(lines, start=1):
        if line[0] in b" \t" and collected:
            collected.append(line)
            continue
        if collected:
            yield Field(name, collected[0] if len(collected) == 1 else b"".join(collected))
        found = _NAME.match(line)
        if found is None:
            raise HeaderFault(f"line {number} of the header is not a field (Name: value)")
        name, collected = found[1].lower(), [line]
    if collected:
        yield Field(name, collected[0] if len(collected) == 1 else b"".join(collected))


def _only_crlf(section: bytes) -> bool:
    """`bytes.splitlines` parts at bare CR and LF as well; the SMTP side lets neither through."""
    return section.count(b"\n") == section.count(b"\r") == section.count(b"\r\n")


def _crlf_lines(section: bytes) -> list[bytes]:
    return [line + b"\r\n" for line in section.removesuffix(b"\r\n").split(b"\r\n")]


def display_text(value: bytes) -> str:
    """Decode a field's value for people (RFC 2047), cut to 200 characters; never fails."""
    text = value.decode("utf-8", "replace")
    if "=?" in text:
        text = _decode_words(text)
    shown = "".join(char if char.isprintable() else " " for char in text[:_SUBJECT_SHOWN])
    return shown.strip()


def _decode_words(text: str) -> str:
    try:
        parts = decode_header(text[:2000])
    except (HeaderParseError, ValueError):
        return text
    return "".join(
        part if isinstance(part, str) else _decode_octets(part, charset) for part, charset in parts
    )


def _decode_octets(part: bytes, charset: str | None) -> str:
    try:
        return part.decode(charset or "ascii", "replace")
    except LookupError:
        return part.decode("utf-8", "replace")
