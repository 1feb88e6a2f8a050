"""The panel as one web application: the columns' pages behind the door, static files, and the error pages."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from importlib.resources import files
from typing import Final, cast
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sztafeta.panel.columns import routes
from sztafeta.panel.desk import Desk
from sztafeta.panel.door import Door
from sztafeta.panel.headers import HEADERS
from sztafeta.panel.looks import Looks
from sztafeta.panel.pages import ROOT
from sztafeta.service.people.hashing import TooBusy
from sztafeta.service.ports import StoreBroken, StoreBusy

STATIC_SECONDS: Final = 365 * 24 * 3600
"""Their addresses change with their content."""


class Panel:
    """`application` is ASGI; it serves `/panel` and all below it."""

    def __init__(
        self, desk: Desk, *, zone: ZoneInfo, on_trouble: Callable[[str, Exception], None]
    ) -> None:
        """`on_trouble` is told what is our own mistake."""
        self.desk = desk
        self._door = Door(desk, Looks(zone))
        self._on_trouble = on_trouble
        web = Starlette(
            routes=[
                Route(f"{ROOT}/static/{{name}}", _static),
                *(
                    Route(
                        ROOT + route.path,
                        self._door.before(route),
                        methods=[route.method],
                        name=route.name,
                    )
                    for route in routes()
                ),
            ],
            exception_handlers={
                HTTPException: self._plain,
                ClientDisconnect: self._gone,
                **dict.fromkeys((StoreBusy, StoreBroken, TimeoutError, TooBusy), self._not_now),
                Exception: self._mistake,
            },
        )
        web.router.redirect_slashes = False
        self.application: ASGIApp = _Sealed(web)

    async def _plain(self, request: Request, error: Exception) -> Response:
        """Say what Starlette found: no such page, no such method, a form that is too big."""
        visit = await self._door.visit(request)
        status = cast(HTTPException, error).status_code
        if status in (404, 405):
            return visit.not_found()
        return visit.page("errors/bad_request.html", http_status=status, too_big=status == 413)

    async def _gone(self, request: Request, error: Exception) -> Response:
        """Nobody hears this: the browser has gone."""
        return Response(status_code=400)

    async def _not_now(self, request: Request, error: Exception) -> Response:
        self._on_trouble(request.url.path, error)
        return Response(_NOT_NOW, 503, {"Retry-After": "5"}, "text/plain; charset=utf-8")

    async def _mistake(self, request: Request, error: Exception) -> Response:
        self._on_trouble(request.url.path, error)
        visit = await self._door.visit(request)
        return visit.page("errors/mistake.html", http_status=500)


_NOT_NOW: Final = (
    "Chwilowo nie możemy tego zapisać; spróbuj ponownie za chwilę.\n"
    "This cannot be stored at the moment; try again in a little while.\n"
)
"""Without a template: the visitor could not be looked up either."""


async def _static(request: Request) -> Response:
    """Give a file of our own; there are no others."""
    name = request.path_params["name"]
    found = files("sztafeta.panel").joinpath("static", name)
    if "/" in name or name.startswith(".") or not found.is_file():
        raise HTTPException(404)
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {"Cache-Control": f"public, max-age={STATIC_SECONDS}"}
    return Response(found.read_bytes(), headers=headers, media_type=media_type)


class _Sealed:
    """Puts our headers on every answer that has none of its own."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def seal(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._application(scope, receive, seal)
