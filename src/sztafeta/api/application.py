"""The HTTP API as one web application: native routes under `/v1`, foreign dialects beside them (ux §3.2).

FastAPI reads, checks and documents the calls; what goes wrong is a `Problem`, written here and nowhere else.
The calls that carry mail are plain routes with a shortcut to them, because they are many (design §5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sztafeta.api.compat.facade import Facade
from sztafeta.api.desk import Desk
from sztafeta.api.key_calls import KeyCalls
from sztafeta.api.openapi import describe_api
from sztafeta.api.problem import Problem, answer, invalid
from sztafeta.api.request_ids import RequestIds
from sztafeta.api.routes import ROUTERS, sending
from sztafeta.api.shortcuts import Handler, Shortcuts
from sztafeta.delivery.queue_id import IdSource
from sztafeta.service.people.hashing import TooBusy
from sztafeta.service.ports import StorageFull, StoreBroken, StoreBusy

RETRY: Final = {"Retry-After": "5"}
_STATUS_CODES: Final = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media"}


class HttpApi:
    """`application` is ASGI, and so is `misdirected`, which answers what was meant for another host."""

    def __init__(
        self,
        desk: Desk,
        *,
        ids: IdSource,
        on_trouble: Callable[[str, Exception], None],
        facades: Sequence[Facade] = (),
    ) -> None:
        """`facades` are foreign dialects; `on_trouble` is told what is our own mistake."""
        self._desk = desk
        self._facades = tuple(facades)
        self._routers = (*ROUTERS, *(one.router for one in facades))
        self._on_trouble = on_trouble
        web = native_web()
        web.state.desk = desk
        for router in (one.router for one in facades):
            web.include_router(router)
        web.openapi = lambda: describe_api(web, desk.base_url)  # type: ignore[method-assign]
        handlers: dict[type[Exception], Handler] = {
            Problem: self._problem,
            RequestValidationError: self._invalid,
            HTTPException: self._plain,
            ClientDisconnect: self._gone,
            **dict.fromkeys(
                (StorageFull, StoreBusy, StoreBroken, TimeoutError, TooBusy), self._not_now
            ),
            Exception: self._mistake,
        }
        for kind, handler in handlers.items():
            web.add_exception_handler(kind, handler)
        request_ids = RequestIds(ids=ids, clock=desk.clock)
        self.misdirected: ASGIApp = request_ids.around(self._misdirected)
        key_calls = KeyCalls(desk.keys)
        self.application: ASGIApp = Shortcuts(
            request_ids.around(key_calls.around(web)),
            web=web,
            endpoints=sending.ENDPOINTS,
            handlers=handlers,
            ids=request_ids,
            calls=key_calls,
        )

    def _answer(self, request: Request, problem: Problem) -> Response:
        """Say what is wrong, in the dialect of the path."""
        request.state.cause = problem.code
        for facade in self._facades:
            if facade.serves(request.url.path):
                return facade.say(request, problem)
        request_id = request.state.request_id
        return answer(problem, base_url=self._desk.base_url, request_id=request_id)

    async def _problem(self, request: Request, problem: Exception) -> Response:
        return self._answer(request, cast(Problem, problem))

    async def _invalid(self, request: Request, error: Exception) -> Response:
        return self._answer(request, invalid(cast(RequestValidationError, error).errors()))

    async def _plain(self, request: Request, error: Exception) -> Response:
        """Say in our form what Starlette found: no such route, no such method."""
        found = cast(HTTPException, error)
        code = _STATUS_CODES.get(found.status_code, "invalid")
        headers = dict(found.headers or {})
        if found.status_code == 405:
            headers["Allow"] = ", ".join(self._methods_of(request))  # RFC 9110 §15.5.6
        return self._answer(request, Problem(code, f"{found.detail}.", headers=headers))

    def _methods_of(self, request: Request) -> list[str]:
        """Find all methods of a path: a framework that refuses one names those of the first route alone."""
        methods: set[str] = set()
        for route in (one for router in self._routers for one in router.routes):
            if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
                methods |= route.methods or set()
        return sorted(methods)

    async def _misdirected(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say so in no dialect: who meant another host meant none of ours."""
        problem = Problem("misdirected", "This address is not served here.")  # RFC 9110 §15.5.20
        request_id = scope["state"]["request_id"]
        refusal = answer(problem, base_url=self._desk.base_url, request_id=request_id)
        await refusal(scope, receive, send)

    async def _gone(self, request: Request, error: Exception) -> Response:
        """Nobody hears this: the caller has gone before the end of its call."""
        return Response(status_code=400)

    async def _not_now(self, request: Request, error: Exception) -> Response:
        self._on_trouble(request.state.request_id, error)
        code = "no_room" if isinstance(error, StorageFull) else "maintenance"
        return self._answer(request, Problem(code, "Nothing was taken over.", headers=RETRY))

    async def _mistake(self, request: Request, error: Exception) -> Response:
        self._on_trouble(request.state.request_id, error)
        return self._answer(request, Problem("internal", "Something broke on our side."))


def native_web() -> FastAPI:
    """Give the native routes, without anything behind them."""
    web = FastAPI(
        title="Sztafeta",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        strict_content_type=False,
        generate_unique_id_function=_name_of,
    )
    for router in ROUTERS:
        web.include_router(router)
    return web


def _name_of(route: APIRoute) -> str:
    return route.name
