"""Header fields from people's texts: encoded words, display names and file names (RFC 2047, RFC 2231).

Lines are folded at 78 characters where they can be (RFC 5322 §2.1.1); a letter is never split between two
encoded words (RFC 2047 §5). Whoever calls has refused control characters already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.header import Header
from typing import Final, Protocol
from urllib.parse import quote

from sztafeta.mail.address import Mailbox

MAX_LINE: Final = 78
_LONGEST_WORD: Final = 900
"""An ASCII word that is longer has to be encoded, or its line could not be folded (RFC 5322 §2.1.1)."""
_SEGMENT: Final = 50
"""Characters of a piece of a long parameter (RFC 2231 §3)."""

# phrase = 1*(atext / WSP) (RFC 5322 §3.2.5)
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# token (RFC 2045 §5.1)
_TOKEN = re.compile(r"[!#$%&'*+.^_`{|}~A-Za-z0-9-]+")


class Named(Protocol):
    """A mailbox with a display name."""

    @property
    def mailbox(self) -> Mailbox: ...

    @property
    def name(self) -> str: ...


def text_field(name: str, text: str) -> bytes:
    """Write an unstructured field, for example Subject (RFC 5322 §2.2.1)."""
    if _is_plain(text) and len(name) + len(text) + 2 <= MAX_LINE:
        return f"{name}: {text}\r\n".encode("ascii")
    return f"{name}: {_encoded(text, name)}\r\n".encode("ascii")


def address_field(name: str, people: Sequence[Named]) -> bytes:
    """Write an address list, one mailbox a line (RFC 5322 §3.4)."""
    return f"{name}: {_LIST.join([_mailbox(one, name) for one in people])}\r\n".encode()


_LIST: Final = ",\r\n "


def parameter(name: str, value: str, key: str, text: str) -> bytes:
    """Write a structured field with one parameter, for example a file name (RFC 2231)."""
    if not text:
        return f"{name}: {value}\r\n".encode("ascii")
    pieces = ";\r\n ".join(_parameter(key, text))
    return f"{name}: {value};\r\n {pieces}\r\n".encode("ascii")


def _parameter(key: str, text: str) -> Iterator[str]:
    if _TOKEN.fullmatch(text) and len(text) <= _SEGMENT:
        yield f"{key}={text}"
        return
    if text.isascii() and text.isprintable() and len(text) <= _SEGMENT:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        yield f'{key}="{escaped}"'
        return
    coded = "utf-8''" + quote(text.encode("utf-8", "replace"), safe="")
    pieces = _cut(coded)
    if len(pieces) == 1:
        yield f"{key}*={coded}"
        return
    for number, piece in enumerate(pieces):
        yield f"{key}*{number}*={piece}"


def _cut(coded: str) -> list[str]:
    """Cut a percent-encoded text, never inside a `%XX`."""
    pieces, start = [], 0
    while start < len(coded):
        end = min(start + _SEGMENT, len(coded))
        percent = coded.rfind("%", end - 2, end)
        if percent > start and end < len(coded):
            end = percent
        pieces.append(coded[start:end])
        start = end
    return pieces


def _mailbox(one: Named, field: str) -> str:
    if not one.name:
        return str(one.mailbox)
    return f"{_display_name(one.name, field)} <{one.mailbox}>"


def _display_name(name: str, field: str) -> str:
    if _PHRASE.fullmatch(name) and _is_plain(name) and len(name) <= _SEGMENT:
        return name
    if _is_plain(name) and name.isprintable() and len(name) <= _SEGMENT:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return Header(name, "utf-8", header_name=field, maxlinelen=MAX_LINE - 3).encode(linesep="\r\n")


def _is_plain(text: str) -> bool:
    """Say whether a text can stand as it is: ASCII that nobody takes for an encoded word."""
    return text.isascii() and "=?" not in text and text == text.strip()


def _encoded(text: str, field: str) -> str:
    """Fold a long text, in encoded words if it has to be."""
    words = text.split(" ")
    is_foldable = _is_plain(text) and max(map(len, words), default=0) <= _LONGEST_WORD
    charset = "us-ascii" if is_foldable and "" not in words else "utf-8"
    header = Header(text, charset, header_name=field, maxlinelen=MAX_LINE - 2)
    return header.encode(linesep="\r\n")
