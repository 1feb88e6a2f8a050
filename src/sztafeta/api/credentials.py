"""Credentials of a request: which services' kinds it shows; a call with two of them is nobody's (ux §3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request

from sztafeta.api.problem import Problem

BASIC: Final = "Authorization: Basic"
BEARER: Final = "Authorization: Bearer"
SIGNED: Final = "Authorization: AWS4-HMAC-SHA256"
APPLICATION_KEY: Final = "Application-Key"
"""With a raw Authorization beside it (emaillabs.md §2.1)."""
_SCHEMES: Final = {"basic": BASIC, "bearer": BEARER, "aws4-hmac-sha256": SIGNED}
_FIELDS: Final = {
    "application-key": APPLICATION_KEY,
    "x-postmark-server-token": "X-Postmark-Server-Token",
    "x-postmark-account-token": "X-Postmark-Account-Token",
    "api-key": "api-key",
}
_NAMES: Final = frozenset(name.encode("ascii") for name in _FIELDS)


def kinds_of(headers: Headers) -> Iterator[str]:
    """Name the kinds of credentials that a request shows."""
    for authorization in headers.getlist("authorization"):
        scheme, blank, _ = authorization.strip().partition(" ")
        if blank and scheme.lower() in _SCHEMES:
            yield _SCHEMES[scheme.lower()]
    for field, kind in _FIELDS.items():
        if field in headers:
            yield kind


def refuse_two_kinds(request: Request) -> None:
    """Raises: Problem, when it is not clear as whom the caller wants to call."""
    names = [name for name, _ in request.scope["headers"]]
    if _NAMES.isdisjoint(names) and names.count(b"authorization") < 2:
        return
    kinds = list(dict.fromkeys(kinds_of(request.headers)))
    if len(kinds) > 1:
        raise Problem("two_credentials", f"The call shows {' and '.join(kinds)}.")
