"""Takes out of somebody's HTML what a preview would fetch from elsewhere.

What may be fetched is decided by the frame's policy, which stands in any case. This keeps a preview from
asking for what is refused, so that an alternative text stands in a picture's place and the browser has
nothing to report; regular expressions look closely enough for that. All of them are linear.
"""

from __future__ import annotations

import re
from typing import Final

NOTHING: Final = "data:,"
"""An address that holds nothing: asked for without a request (RFC 2397)."""
_TAG: Final = re.compile(r"""<[a-z](?>[^"'<>]+|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_ADDRESS: Final = re.compile(
    r"""(\s(?:src|srcset|background|poster)\s{0,9}=\s{0,9})(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""",
    re.IGNORECASE,
)
_REMOTE: Final = re.compile(r"\s*(?:https?:|//)", re.IGNORECASE)
_OVER_TLS: Final = re.compile(r"\s*https:", re.IGNORECASE)
_CSS_ADDRESS: Final = re.compile(
    r"""url\(\s{0,9}["']?\s{0,9}((?:https?:)?//[^()"'<>\s]*)["']?\s{0,9}\)""", re.IGNORECASE
)
_CSS_IMPORT: Final = re.compile(r"@import\b[^;<>]{0,2000};?", re.IGNORECASE)


def without_remote(html: str, *, pictures: bool = False) -> str:
    """Give the HTML without what comes from elsewhere; `pictures` leaves those that come over TLS."""

    def tag(match: re.Match[str]) -> str:
        text = match[0]
        if text[:5].lower() == "<link":
            return ""
        return _ADDRESS.sub(attribute, text)

    def attribute(match: re.Match[str]) -> str:
        address = next(value for value in match.groups()[1:] if value is not None)
        return match[0] if stays(address) else f'{match[1]}"{NOTHING}"'

    def style(match: re.Match[str]) -> str:
        return match[0] if stays(match[1]) else f"url({NOTHING})"

    def stays(address: str) -> bool:
        if not _REMOTE.match(address):
            return True
        return pictures and _OVER_TLS.match(address) is not None

    shown = _CSS_ADDRESS.sub(style, _CSS_IMPORT.sub("", html))
    return _TAG.sub(tag, shown)
