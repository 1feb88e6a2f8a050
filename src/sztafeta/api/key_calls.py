"""Calls by key: what became of each call is counted for the key that made it (ux §2.3 E)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sztafeta.service.api_keys import ApiKeys


class KeyCalls:
    """Counts a call when its answer begins: by then the key is known, and the cause if it is refused."""

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys

    def count(self, state: Mapping[str, Any], status: int) -> None:
        """Count a call by its state and its answer's status."""
        if "key" in state:
            cause = state.get("cause", f"http_{status}") if status >= 400 else ""
            self._keys.count(state["key"], cause)

    def around(self, application: ASGIApp) -> ASGIApp:
        """Give an application whose calls are counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await application(scope, receive, send)
                return

            async def counted_send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.count(scope["state"], message["status"])
                await send(message)

            await application(scope, receive, counted_send)

        return counted
