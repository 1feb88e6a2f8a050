"""Header fields of a request as they came, for the calls that are many: nothing is built to look at them."""

from __future__ import annotations

from starlette.requests import HTTPConnection


def field(request: HTTPConnection, name: bytes, missing: str = "") -> str:
    """Give the first field of a name (in lower case, as ASGI has them)."""
    for found, octets in request.scope["headers"]:
        if found == name:
            text: str = octets.decode("latin-1")
            return text
    return missing
