"""A wire to a PostgreSQL server that is cut at a COMMIT: on its way there, or on the answer's way back."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Self
from urllib.parse import urlsplit

COMMIT = b"COMMIT\0"
"""As it stands in the message that carries it."""


class Cut(Enum):
    """Where a connection breaks."""

    BEFORE = "COMMIT does not reach the server"
    AFTER = "the server's answer to COMMIT does not reach the client"


class DatabaseWire:
    """Carries connections to the server of a URL; `url` leads through it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._target = urlsplit(url)
        self._armed: Cut | None = None
        self._news = asyncio.Condition()
        self.url = ""
        self.is_up = True
        """Whether new connections are carried."""
        self.goes_down_at_the_cut = False
        self.cuts = 0
        self.turned_away = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = self._url.replace(f":{self._target.port}/", f":{port}/")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def cut_at_next_commit(self, how: Cut) -> None:
        """Break the connection that is the next to say COMMIT."""
        self._armed = how

    async def until_turned_away(self, times: int) -> None:
        """Wait until clients have tried in vain."""
        async with self._news:
            await self._news.wait_for(lambda: self.turned_away >= times)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_up:
            writer.close()
            async with self._news:
                self.turned_away += 1
                self._news.notify_all()
            return
        host, port = self._target.hostname, self._target.port
        answers, server = await asyncio.open_connection(host, port)
        answer_is_awaited = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._there(reader, server, answer_is_awaited))
                both.create_task(self._back(answers, writer, answer_is_awaited))
        except* ConnectionError:
            pass
        finally:
            for end in (server, writer):
                end.transport.abort()

    async def _there(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, awaited: asyncio.Event
    ) -> None:
        while data := await reader.read(1 << 16):
            how, is_commit = self._armed, data.endswith(COMMIT)
            if how is not None and is_commit:
                self._armed = None
                if how is Cut.BEFORE:
                    self._note_cut()
                awaited.set()
            server.write(data)
            await server.drain()
        raise ConnectionResetError

    async def _back(
        self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter, awaited: asyncio.Event
    ) -> None:
        while data := await answers.read(1 << 16):
            if awaited.is_set():
                self._note_cut()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    def _note_cut(self) -> None:
        """Raises: ConnectionResetError, which ends both ways."""
        self.cuts += 1
        self.is_up = not self.goes_down_at_the_cut
        raise ConnectionResetError
