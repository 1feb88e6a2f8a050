"""Encoded words, read for people (RFC 2047): a subject in a list, a name beside an address.

Nothing on the relay's path is written with this, and nothing here fails: what cannot be decoded is shown
as it stands. Only character sets that mail uses are decoded; Python knows others that are slow or do not
belong here.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp
from typing import Final

SHOWN: Final = 200
"""Characters of a text that are shown."""
_READ: Final = 2000
"""Octets of a value that are looked at for them."""

# encoded-word = "=?" charset "?" encoding "?" encoded-text "?=" (RFC 2047 §2)
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_CHARSET = re.compile(
    r"utf-?8|utf-?7|(?:us-)?ascii|ansi_x3\.4-1968|latin-?[1-9]|iso[-_]?8859[-_]?\d{1,2}|iso-2022-(?:jp|kr)"
    r"|(?:windows-?|cp)(?:125\d|85[02]|874|932)"
    r"|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(?:jp|kr)|shift_jis|ks_c_5601-1987|tis-620",
    re.IGNORECASE,
)


# What every reader decodes alike: base64 in one piece, or no "?" and whole hexadecimal pairs.
_CLEAR_B = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}={0,2})?")
_CLEAR_Q = re.compile(r"(?:[^=?]|=[0-9A-Fa-f]{2})*")


class DoubtfulWord(ValueError):
    """Readers would decode it differently; the message says why."""


def display_text(value: bytes) -> str:
    """Decode a field's value for people, cut to 200 characters, without controls; never fails."""
    text = value[:_READ].decode("utf-8", "replace")
    if "=?" in text:
        text = decode_words(text)
    text = text[:SHOWN].strip()
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text).strip()


def decode_words(text: str) -> str:
    """Put the decoded text in the place of each encoded word, also where RFC 2047 §5 has none."""
    shown: list[str] = []
    charset, octets = "", b""  # words that follow each other share a letter's octets
    at = 0
    for word in _WORD.finditer(text):
        between = text[at : word.start()]
        if not octets or between.strip() or word[1].lower() != charset:
            shown.append(_decode(octets, charset))
            octets = b""
        if not (at and not between.strip()):  # RFC 2047 §6.2: the space between words is none
            shown.append(between)
        charset, octets = word[1].lower(), octets + _octets_of(word)
        at = word.end()
    return "".join((*shown, _decode(octets, charset), text[at:]))


def decode_clear_words(text: str) -> str:
    """Decode as `decode_words` does, but only what every reader decodes alike.

    Raises:
        DoubtfulWord: a character set that mail does not use, a torn encoding, a word inside a word.
    """
    for word in _WORD.finditer(text):
        if _CHARSET.fullmatch(word[1].partition("*")[0]) is None:
            raise DoubtfulWord(f"{word[1]!a} is no character set of mail; write UTF-8")
        if (_CLEAR_Q if word[2] in "qQ" else _CLEAR_B).fullmatch(word[3]) is None:
            raise DoubtfulWord("it is not encoded as RFC 2047 has it")
    shown = decode_words(text)
    if "=?" in shown:
        raise DoubtfulWord("something like one is left when all are decoded")
    return shown


def _octets_of(word: re.Match[str]) -> bytes:
    encoded = word[3].encode("utf-8", "surrogateescape")
    if word[2] in "qQ":
        return a2b_qp(encoded, header=True)  # RFC 2047 §4.2
    try:
        return a2b_base64(encoded + b"===")  # RFC 2047 §4.1; some writers forget the padding
    except Error:
        return encoded


def _decode(octets: bytes, charset: str) -> str:
    name = charset.partition("*")[0]  # RFC 2231 §5 adds a language
    if name != "utf-8" and _CHARSET.fullmatch(name) is None:
        name = "utf-8"
    try:
        return octets.decode(name, "replace")
    except LookupError:
        return octets.decode("utf-8", "replace")
