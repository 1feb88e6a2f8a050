"""Request ids: every answer carries one, and the log names it (ux §2.4)."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sztafeta.delivery.queue_id import IdSource, to_text
from sztafeta.service.ports import Clock

FIELD: Final = b"x-request-id"
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
_NO_STORE: Final = (b"cache-control", b"no-store")


class RequestIds:
    """Draws an id for each request and writes it, and what keeps answers private, on the answer."""

    def __init__(self, application: ASGIApp, *, ids: IdSource, clock: Clock) -> None:
        self._application = application
        self._ids = ids
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        request_id = f"req_{to_text(self._ids.next(self._clock.now()))}"
        scope.setdefault("state", {})["request_id"] = request_id
        field = (FIELD, request_id.encode("ascii"))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields = list(message["headers"])
                names = {name for name, _ in fields}
                fields += [one for one in (field, _NOSNIFF, _NO_STORE) if one[0] not in names]
                message["headers"] = fields
            await send(message)

        await self._application(scope, receive, send_with_id)
