"""Routes that ask for the key before they read: a stranger makes us gather no body, and none is endless.

FastAPI reads and decodes a whole body before it looks at anything else. These routes prove the caller first,
and give FastAPI a body of bounded size.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive

from sztafeta.api.caller import prove
from sztafeta.api.desk import at_desk
from sztafeta.api.problem import Problem

LARGEST: Final = 4 * 1024 * 1024
"""Octets of a call that is not mail; a template with all its parts is the biggest."""


class Guarded(APIRoute):
    """A route that FastAPI reads, behind the door."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Put the door before the handler."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await prove(request, at_desk(request).keys, None)
            _refuse_declared(request)
            bounded = Request(request.scope, _bounded(request.receive))
            return await handler(bounded)

        return guarded


def _refuse_declared(request: Request) -> None:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > LARGEST:
        raise _too_large()


def _bounded(receive: Receive) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message: Any = await receive()
        read += len(message.get("body", b""))
        if read > LARGEST:
            raise _too_large()
        return dict(message)

    return counted


def _too_large() -> Problem:
    return Problem("body_too_large", f"The body has more than {LARGEST} octets.")
