"""Shortcuts: the calls that carry mail go straight to their route, past the framework's many layers.

Measured: a quarter of such a call's time (docs/performance.md). What such a route raises is written by the
same hands as everywhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Exception], Awaitable[Response]]


class Shortcuts:
    """Serves some POST paths by itself and hands everything else on."""

    def __init__(
        self,
        web: ASGIApp,
        endpoints: Mapping[str, Endpoint],
        handlers: Mapping[type[Exception], Handler],
    ) -> None:
        """`handlers` hold one for `Exception`: what nobody else answers."""
        self._web = web
        self._endpoints = endpoints
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        endpoint = None
        if scope["type"] == "http" and scope["method"] == "POST":
            endpoint = self._endpoints.get(scope["path"])
        if endpoint is None:
            await self._web(scope, receive, send)
            return
        scope["app"] = self._web
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except Exception as error:  # the top of a request
            response = await self._handler_of(error)(request, error)
        await response(scope, receive, send)

    def _handler_of(self, error: Exception) -> Handler:
        return next(self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers)
