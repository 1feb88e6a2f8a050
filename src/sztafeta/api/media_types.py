"""Media types of bodies: each address takes one, and a body that does not say what it is counts as that."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from sztafeta.api.header_fields import field
from sztafeta.api.problem import Problem

JSON: Final = "application/json"


def refuse_other_media(request: Request, wanted: str) -> None:
    """Refuse a body that says it is something else.

    Raises:
        Problem: it does.
    """
    said = field(request, b"content-type", wanted).partition(";")[0].strip().lower()
    if said != wanted:  # RFC 9110 §15.5.16
        raise Problem("unsupported_media", f"This address takes {wanted}, not {said}.")
