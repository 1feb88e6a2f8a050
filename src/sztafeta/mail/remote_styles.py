"""Takes out of the styles of somebody's HTML what a preview would fetch from elsewhere.

What may be fetched is decided by the frame's policy, which stands in any case. This keeps a preview from
asking for what is refused, so that the browser has nothing to report; regular expressions look closely enough
for that. Both are linear.
"""

from __future__ import annotations

import re
from typing import Final

NOTHING: Final = "url(data:,)"
"""An address that holds nothing: asked for without a request (RFC 2397)."""
_ADDRESS: Final = re.compile(
    r"""url\(\s{0,9}(?:["']|&quot;)?\s{0,9}((?:https?:)?//[^()"'<>\s]*)["']?\s{0,9}\)""",
    re.IGNORECASE,
)
"""In an attribute, quotation marks stand as references."""
_IMPORT: Final = re.compile(r"@import\b[^;<>]{0,2000};?", re.IGNORECASE)


def without_remote_styles(html: str, *, pictures: bool) -> str:
    """Give the HTML without what its styles would fetch; `pictures` leaves those that come over TLS."""

    def address(match: re.Match[str]) -> str:
        stays = pictures and match[1].lower().startswith("https:")
        return match[0] if stays else NOTHING

    return _ADDRESS.sub(address, _IMPORT.sub("", html))
