"""The operator's HTTP port: `GET /health`, `GET /health/live` and `GET /metrics`.

*Live* means that the process answers: restart it when it does not. *Ready* means that a `250` can be kept:
send it no mail when it is not (the store is broken, the disk is full, it is stopping).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition of being ready."""

    name: str
    is_good: bool
    text: str
    """What is so, and what to do when it is not good."""


class Operations:
    """The web application; `application` is ASGI."""

    def __init__(
        self,
        *,
        checks: Callable[[], Sequence[Check]],
        exposition: Callable[[], Awaitable[bytes]],
        content_type: str,
    ) -> None:
        self._checks = checks
        self._exposition = exposition
        self._content_type = content_type
        self.application = Starlette(
            routes=[
                Route("/health", self._health),
                Route("/health/live", self._live),
                Route("/metrics", self._metrics),
            ]
        )

    async def _health(self, request: Request) -> Response:
        checks = self._checks()
        is_ready = all(check.is_good for check in checks)
        body = {
            "status": "ready" if is_ready else "not ready",
            "checks": {one.name: {"good": one.is_good, "text": one.text} for one in checks},
        }
        return JSONResponse(body, 200 if is_ready else 503, headers=_HEADERS)

    async def _live(self, request: Request) -> Response:
        return JSONResponse({"status": "live"}, headers=_HEADERS)

    async def _metrics(self, request: Request) -> Response:
        exposition = await self._exposition()
        return Response(exposition, headers={**_HEADERS, "Content-Type": self._content_type})
