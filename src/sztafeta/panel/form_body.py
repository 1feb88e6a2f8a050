"""The body of a form: bounded before it is read, whatever the browser claims."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

LARGEST: Final = 12 * 1024 * 1024
"""Octets; the greatest forms are lists to import."""
FIELDS: Final = 1000


async def read_form(request: Request) -> FormData:
    """Read a form.

    Raises:
        HTTPException: it is too big (413), or none at all (400).
    """
    body, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise HTTPException(413)
        body.append(part)
    content = b"".join(body)

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return await Request(request.scope, receive).form(
        max_files=1, max_fields=FIELDS, max_part_size=LARGEST
    )
