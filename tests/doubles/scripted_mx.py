"""An MX on a real loopback socket that misbehaves as it is told, and keeps a ledger of what it took.

    async with ScriptedMx({"RCPT": ["250 2.1.5 Ok", "450 4.2.1 Later"], "DOT": Reset()}) as mx:
        ...            # mx.address, mx.port
    mx.ledger          # one `Copy` for each message whose end it saw: the oracle's sink lines

A step has one action for every time, or a list: the last one repeats. Delays are events, never sleeps.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import ssl
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Say:
    """Send these octets, each piece in a write of its own, once the event is set."""

    pieces: tuple[bytes, ...]
    after: asyncio.Event | None = None


@dataclass(frozen=True)
class Dribble:
    """Send a reply one octet at a time."""

    octets: bytes


@dataclass(frozen=True)
class Close:
    """Send these octets, then close."""

    octets: bytes = b""


@dataclass(frozen=True)
class Reset:
    """Cut the connection with a RST."""


@dataclass(frozen=True)
class Hang:
    """Say nothing until the event is set, then close."""

    until: asyncio.Event


Action = str | Say | Dribble | Close | Reset | Hang
Steps = Mapping[str, Action | Sequence[Action]]

EHLO = "250-mx.example.net\r\n250-PIPELINING\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n250 DSN"
EHLO_BARE = "250 mx.example.net"

POLITE: dict[str, Action] = {
    "BANNER": "220 mx.example.net ESMTP",
    "EHLO": EHLO,
    "HELO": "250 mx.example.net",
    "STARTTLS": "220 2.0.0 Go ahead",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 Go ahead",
    "DOT": "250 2.0.0 Ok: queued as 42",
    "BDAT": "250 2.0.0 Ok: queued as 43",
    "RSET": "250 2.0.0 Ok",
    "QUIT": Close(b"221 2.0.0 Bye\r\n"),
}


@dataclass(frozen=True)
class Copy:
    """One message whose end we saw (acceptance §1.4)."""

    message_id: str
    recipients: tuple[str, ...]
    sha256: str
    content: bytes
    answer: str
    """What we said, or what we did instead."""
    phase: str
    """Where we broke the dialogue, or empty."""


@dataclass
class Session:
    """What one client said."""

    commands: list[str] = field(default_factory=list)
    is_encrypted: bool = False
    phase: str = ""
    """Where it ended, when it was not with QUIT."""

    def count(self, verb: str) -> int:
        """Say how often a verb was said."""
        return sum(command.upper().startswith(verb) for command in self.commands)


class _Gone(Exception):
    """The dialogue is over."""


class ScriptedMx:
    """Use as an asynchronous context manager."""

    def __init__(
        self,
        steps: Steps | None = None,
        *,
        sessions: Sequence[Steps] = (),
        tls: ssl.SSLContext | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self.address = address
        self.port = 0
        self.ledger: list[Copy] = []
        self.sessions: list[Session] = []
        self.changed = asyncio.Condition()
        self._steps = steps or {}
        self._by_session = list(sessions)
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ScriptedMx:
        self._server = await asyncio.start_server(self._welcome, self.address, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def has_ended(self, sessions: int) -> None:
        """Wait until so many dialogues are over."""
        async with self.changed:
            await self.changed.wait_for(
                lambda: len(self.sessions) >= sessions and not self._tasks_running()
            )

    def _tasks_running(self) -> bool:
        return bool(self._tasks)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.sessions)
        steps = self._by_session[number] if number < len(self._by_session) else self._steps
        session = Session()
        self.sessions.append(session)
        talk = _Talk(reader, writer, session, {**POLITE, **steps}, self._tls, self.ledger)
        task = asyncio.ensure_future(self._serve(talk))
        self._tasks.add(task)

    async def _serve(self, talk: _Talk) -> None:
        try:
            await talk.run()
        except (_Gone, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            talk.writer.close()
            task = asyncio.current_task()
            assert task is not None
            self._tasks.discard(task)
            async with self.changed:
                self.changed.notify_all()


class _Talk:
    """One dialogue."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        session: Session,
        steps: Steps,
        tls: ssl.SSLContext | None,
        ledger: list[Copy],
    ) -> None:
        self.reader, self.writer, self.session = reader, writer, session
        self.steps, self.tls, self.ledger = steps, tls, ledger
        self.times: dict[str, int] = {}
        self.accepted: list[str] = []
        wire: socket.socket = writer.get_extra_info("socket")
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def run(self) -> None:
        await self.act("BANNER")
        while True:
            line = (await self.reader.readuntil(b"\n")).decode("utf-8", "replace").rstrip("\r\n")
            self.session.commands.append(line)
            await self.obey(line)

    async def obey(self, line: str) -> None:
        verb = line.partition(" ")[0].upper()
        said = await self.act(verb)
        if verb == "RCPT" and said.startswith("2"):
            self.accepted.append(line)
        elif verb in ("MAIL", "RSET", "EHLO"):
            self.accepted = []
        elif verb == "DATA" and said.startswith("354"):
            await self.take_content(_unstuffed(await self.read_to_dot()), "DOT")
        elif verb == "STARTTLS" and said.startswith("220") and self.tls is not None:
            await self.writer.start_tls(self.tls)
            self.session.is_encrypted = True

    async def read_to_dot(self) -> bytes:
        content = b""
        while not (content == b".\r\n" or content.endswith(b"\r\n.\r\n")):
            content += await self.reader.readuntil(b"\n")
        return content

    async def take_content(self, content: bytes, step: str) -> None:
        """Note the copy as stored before anything goes wrong with the answer (R-41)."""
        found = re.search(rb"(?im)^message-id:\s*(\S+)", content)
        action = self.action(step)
        broke = isinstance(action, Close | Reset | Hang)
        self.ledger.append(
            Copy(
                message_id="" if found is None else found[1].decode(),
                recipients=tuple(re.findall(r"<(.*)>", "\n".join(self.accepted))),
                sha256=hashlib.sha256(content).hexdigest(),
                content=content,
                answer=action if isinstance(action, str) else repr(action),
                phase=step if broke else "",
            )
        )
        await self.perform(step, action)

    def action(self, step: str) -> Action:
        time = self.times[step] = self.times.get(step, -1) + 1
        actions = self.steps.get(step, "502 5.5.1 What?")
        if isinstance(actions, str) or not isinstance(actions, Sequence):
            return actions
        return actions[min(time, len(actions) - 1)]

    async def act(self, step: str) -> str:
        return await self.perform(step, self.action(step))

    async def perform(self, step: str, action: Action) -> str:
        """Do as told; give the first characters of what was said."""
        self.session.phase = step
        if isinstance(action, str):
            await self.write(action.encode() + b"\r\n")
            return action
        if isinstance(action, Say):
            if action.after is not None:
                await action.after.wait()
            for piece in action.pieces:
                await self.write(piece)
            return action.pieces[0].decode("latin-1")
        if isinstance(action, Dribble):
            for place in range(len(action.octets)):
                await self.write(action.octets[place : place + 1])
            return action.octets.decode("latin-1")
        return await self.leave(action)

    async def leave(self, action: Close | Reset | Hang) -> str:
        if isinstance(action, Close):
            await self.write(action.octets)
        elif isinstance(action, Hang):
            await action.until.wait()
        else:
            wire = self.writer.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        raise _Gone

    async def write(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()
        await asyncio.sleep(0)  # let the reader at the other end of this loop have its turn


def _unstuffed(stuffed: bytes) -> bytes:
    """Take away the final dot and the first dot of each line (RFC 5321 §4.5.2)."""
    content = stuffed[:-3].replace(b"\r\n.", b"\r\n")
    return content[1:] if content.startswith(b".") else content
