"""A program with an API key: `http.client` in a thread, none of our own HTTP code."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from tests.system.service import LOGIN, House

SECONDS = 120


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Calls the API of a running house."""

    port: int
    secret: str

    @classmethod
    async def of(cls, house: House, *options: str) -> ApiClient:
        """Make a key on the command line, as an operator does."""
        arguments = ("key", "add", "--account", LOGIN, "--scope", "admin", *options)
        made = await asyncio.to_thread(house.ask, *arguments)
        return cls(house.api_port, made["secret"])

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Make one call; give the status and the answer."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return await asyncio.to_thread(self._call, method, path, content, dict(headers or {}))

    def _call(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        headers = {"Authorization": f"Bearer {self.secret}"} | headers
        if content is not None:
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            octets = answer.read()
            is_json = "json" in answer.headers.get("content-type", "")
            return answer.status, json.loads(octets) if is_json else octets
        finally:
            connection.close()
