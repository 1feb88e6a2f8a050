"""Calls by key: what became of each call is counted for the key that made it (ux §2.3 E)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sztafeta.service.api_keys import ApiKeys


class KeyCalls:
    """Counts a call when its answer begins: by then the key is known, and the cause if it is refused."""

    def __init__(self, application: ASGIApp, *, keys: ApiKeys) -> None:
        self._application = application
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        state = scope["state"]

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start" and "key" in state:
                status = message["status"]
                cause = state.get("cause", f"http_{status}") if status >= 400 else ""
                self._keys.count(state["key"], cause)
            await send(message)

        await self._application(scope, receive, counted_send)
