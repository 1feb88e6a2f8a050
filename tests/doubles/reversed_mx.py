"""The server's side of a transcript, as the script of an MX on a real loopback socket.

The script speaks whether or not our client says what the transcript's client said: it waits for a line only
while everything that came is answered, and closes at its end. So it asks for odd things at odd moments, and
no client that keeps its patience can hang.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict

from tests.doubles.session_player import LOGIN, PASSWORD
from tests.doubles.transcript import Form, Mark, Say, Transcript, credentials


def replies_of(transcript: Transcript) -> list[bytes | Mark | None]:
    """Give what the server says and does; None stands where it hears something."""
    values = defaultdict(lambda: "name", credentials(LOGIN, PASSWORD), host="mx.example.net")
    script: list[bytes | Mark | None] = []
    for step in transcript.steps:
        if isinstance(step, Mark):
            script.append(step)
        elif step.side == "C":
            script.append(None)
        elif step.form is Form.REPLY:
            script.append(f"{step.template}-one\r\n{step.template} two\r\n".encode())
        else:
            line = Say(step.line, "S", step.template.removesuffix("…"), step.form)
            script.append(line.octets(values))
    return script


class ReversedMx:
    """Use as an asynchronous context manager; every connection hears the whole script."""

    def __init__(self, transcript: Transcript, tls: ssl.SSLContext) -> None:
        self.address = "127.0.0.1"
        self.port = 0
        self.heard = b""
        """What the clients said, one after the other."""
        self._script = replies_of(transcript)
        self._is_encrypted = transcript.is_encrypted
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> ReversedMx:
        self._server = await asyncio.start_server(self._welcome, self.address, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.append(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._speak(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unanswered, asks_for_tls = 1, False  # a new connection asks for the banner
        for step in self._script:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
                unanswered = max(0, unanswered - 1) if step[3:4] != b"-" else unanswered
            elif step is None and not unanswered:
                octets = await reader.readline()
                if not octets:
                    return
                self.heard += octets
                asks_for_tls |= octets == b"STARTTLS\r\n"
                unanswered += 1
            elif isinstance(step, Mark) and step.word == "tls" and asks_for_tls:
                await writer.start_tls(self._tls)
                unanswered, asks_for_tls = 0, False
