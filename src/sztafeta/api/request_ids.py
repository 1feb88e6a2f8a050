"""Request ids: every answer carries one, and the log names it (ux §2.4)."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sztafeta.delivery.queue_id import IdSource, to_text
from sztafeta.service.ports import Clock

FIELD: Final = b"x-request-id"
Field = tuple[bytes, bytes]
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
_NO_STORE: Final = (b"cache-control", b"no-store")


class RequestIds:
    """Draws an id for each request and writes it, and what keeps answers private, on the answer."""

    def __init__(self, *, ids: IdSource, clock: Clock) -> None:
        self._ids = ids
        self._clock = clock

    def name(self, scope: Scope) -> str:
        """Give a request its id."""
        request_id = f"req_{to_text(self._ids.next(self._clock.now()))}"
        scope.setdefault("state", {})["request_id"] = request_id
        return request_id

    def mark(self, fields: list[Field], request_id: str) -> None:
        """Write what an answer's header lacks."""
        names = [name for name, _ in fields]
        further = ((FIELD, request_id.encode("ascii")), _NOSNIFF, _NO_STORE)
        fields += [one for one in further if one[0] not in names]

    def around(self, application: ASGIApp) -> ASGIApp:
        """Give an application whose requests have ids."""

        async def named(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await application(scope, receive, send)
                return
            request_id = self.name(scope)

            async def send_with_id(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = fields = list(message["headers"])
                    self.mark(fields, request_id)
                await send(message)

            await application(scope, receive, send_with_id)

        return named
