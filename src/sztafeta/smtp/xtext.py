"""xtext: how DSN parameters and AUTH= write any printable ASCII without spaces (RFC 3461 §4).

xtext   = *( xchar / hexchar )
xchar   = "!" to "~" but "+" and "="
hexchar = "+" and two upper-case hexadecimal digits
"""

from __future__ import annotations

import re

_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*", re.A)
_HEXCHAR = re.compile(r"\+([0-9A-F]{2})", re.A)
_TO_ENCODE = re.compile(r"[^!-*,-<>-~]")


def decode_xtext(text: str) -> str:
    """Decode xtext into printable ASCII.

    Raises:
        ValueError: it is not xtext, or hides a control or 8-bit character (RFC 3461 §4.2, §4.4).
    """
    if _XTEXT.fullmatch(text) is None:
        raise ValueError("special characters are written as + and two hexadecimal digits")
    plain = _HEXCHAR.sub(lambda pair: chr(int(pair[1], 16)), text)
    if not (plain.isascii() and plain.isprintable()):
        raise ValueError("it hides a character that is not printable ASCII")
    return plain


def encode_xtext(text: str) -> str:
    """Encode printable ASCII as xtext.

    Raises:
        ValueError: a character is not printable ASCII.
    """
    if not (text.isascii() and text.isprintable()):
        raise ValueError("only printable ASCII goes into xtext")
    return _TO_ENCODE.sub(lambda char: f"+{ord(char[0]):02X}", text)
