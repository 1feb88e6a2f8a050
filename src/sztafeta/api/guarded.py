"""Routes that ask for the key before they read: a stranger makes us gather no body, and none is endless.

FastAPI reads and decodes a whole body before it looks at anything else. These routes prove the caller first,
and give FastAPI a body of bounded size, read as the calls that send read theirs: of the same media type, by
the same reader of JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from json import JSONDecodeError
from typing import Any, Final

from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from sztafeta.api.body import bounded
from sztafeta.api.caller import prove
from sztafeta.api.desk import at_desk
from sztafeta.api.media_types import JSON, refuse_other_media

LARGEST: Final = 4 * 1024 * 1024
"""Octets of a call that is not mail; a template with all its parts is the biggest."""


class Guarded(APIRoute):
    """A route that FastAPI reads, behind the door."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put the door before the handler."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await prove(request, at_desk(request).keys, None)
            body = b"".join([part async for part in bounded(request, LARGEST)])
            if body and self.body_field is not None:
                refuse_other_media(request, JSON)

            async def receive() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            return await handler(_JsonRequest(request.scope, receive))

        return guarded


class _JsonRequest(Request):
    """A request whose JSON is read strictly: in UTF-8, and not nested without end (RFC 8259 §8.1, §9)."""

    async def json(self) -> Any:
        """Read the body.

        Raises:
            JSONDecodeError: it is not JSON; of other errors FastAPI says nothing but that there was one.
        """
        try:
            return from_json(await self.body())
        except ValueError as fault:
            raise JSONDecodeError(str(fault), "", 0) from fault
