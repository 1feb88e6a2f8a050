"""Shortcuts: the calls that carry mail go straight to their route, past the framework's many layers.

Measured: a quarter of such a call's time (docs/performance.md). What the layers do for every other call
(an id, a count for the key, the answer to what a route raises) is done here by the same hands, in one step.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sztafeta.api.key_calls import KeyCalls
from sztafeta.api.request_ids import RequestIds

WHOLE_ANSWER: Final = "sztafeta.whole_answer"
"""The server's extension of ASGI."""
Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Exception], Awaitable[Response]]


class Shortcuts:
    """Serves some POST paths by itself and hands everything else on."""

    def __init__(
        self,
        layers: ASGIApp,
        *,
        web: ASGIApp,
        endpoints: Mapping[str, Endpoint],
        handlers: Mapping[type[Exception], Handler],
        ids: RequestIds,
        calls: KeyCalls,
    ) -> None:
        """`layers` end in `web`; `handlers` hold one for `Exception`: what nobody else answers."""
        self._layers = layers
        self._web = web
        self._endpoints = endpoints
        self._handlers = handlers
        self._ids = ids
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        endpoint = None
        if scope["type"] == "http" and scope["method"] == "POST":
            endpoint = self._endpoints.get(scope["path"])
        if endpoint is None:
            await self._layers(scope, receive, send)
            return
        scope["app"] = self._web
        request_id = self._ids.name(scope)
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except Exception as error:  # the top of a request
            response = await self._handler_of(error)(request, error)
        self._ids.mark(response.raw_headers, request_id)
        self._calls.count(scope["state"], response.status_code)
        if not _is_written(response, scope):
            await response(scope, receive, send)

    def _handler_of(self, error: Exception) -> Handler:
        return next(self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers)


def _is_written(response: Response, scope: Scope) -> bool:
    """Hand a whole answer to a server that takes it at once (`net/whole_answers`)."""
    write = scope.get("extensions", {}).get(WHOLE_ANSWER)
    if write is None or type(response) is not Response or response.background is not None:
        return False
    is_written: bool = write(response.status_code, response.raw_headers, response.body)
    return is_written
