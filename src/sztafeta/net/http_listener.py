"""HTTP in: one port for one web application, on our own event loop, for the host names it is meant for.

uvicorn speaks HTTP; stopping, signals and logs stay with the service. A request for another host is refused,
so that a web page elsewhere cannot read a loopback port through a name of its own (DNS rebinding, W-34).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import ip_address

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from sztafeta.net.gathering import GatheringTransport
from sztafeta.net.listener import CannotListen, explain
from sztafeta.net.whole_answers import EXTENSION, whole_answer

STOP_SECONDS = 2
KEEP_ALIVE_SECONDS = 10
CONNECTIONS = 200


async def say_misdirected(scope: Scope, receive: Receive, send: Send) -> None:
    """Say in plain text that a request was meant for another host (RFC 9110 §15.5.20)."""
    await PlainTextResponse("This address is not served here.\n", 421)(scope, receive, send)


class HttpListener:
    """One open HTTP port."""

    def __init__(
        self,
        application: ASGIApp,
        *,
        address: str,
        port: int,
        hosts: frozenset[str],
        trusted_proxies: Sequence[str] = (),
        misdirected: ASGIApp = say_misdirected,
    ) -> None:
        """`hosts` are the names it answers to, beside loopback; IP literals are always answered.

        `misdirected` answers, with 421, what was meant for another host.
        Only `trusted_proxies` (networks) are believed about the client's address (W-34).
        """
        self._trusted_proxies = list(trusted_proxies)
        self._address = address
        self._port = port
        self._application = OnlyHosts(application, hosts, misdirected)
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is open."""
        return self._port

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            CannotListen: the address or port is not ours to use.
        """
        try:
            opened = _bind(self._address, self._port)
        except OSError as fault:
            raise CannotListen(explain("http", self._address, self._port, fault)) from fault
        self._port = opened.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                self._application,
                http=_Protocol,
                loop="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(self._trusted_proxies),
                forwarded_allow_ips=self._trusted_proxies,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=STOP_SECONDS,
                limit_concurrency=CONNECTIONS,
            )
        )
        self._task = asyncio.ensure_future(self._server.serve(sockets=[opened]))

    async def close(self) -> None:
        """Stop listening and let open requests finish, for two seconds at most."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task


class _Server(uvicorn.Server):
    """uvicorn without a hand on the process's signals: those are the service's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, whose answers leave in one piece."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(GatheringTransport(transport, self.loop))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cycle.scope["extensions"] = {EXTENSION: whole_answer(cycle)}  # type: ignore[dict-item]
        super()._start_asgi_task(cycle, app)


class OnlyHosts:
    """Keeps requests that were meant for somebody else from an application."""

    def __init__(self, application: ASGIApp, hosts: frozenset[str], misdirected: ASGIApp) -> None:
        self._application = application
        self._misdirected = misdirected
        self._hosts = {"localhost"} | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, to one or the other."""
        is_ours = scope["type"] != "http" or self._is_ours(scope)
        await (self._application if is_ours else self._misdirected)(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1:  # RFC 9112 §3.2
            return False
        host = host_of(hosts[0].decode("latin-1").lower())
        return host in self._hosts or _is_ip_address(host)


def host_of(field: str) -> str:
    """Take the port off a Host field (RFC 9110 §7.2)."""
    if field.startswith("["):
        return field[1:].partition("]")[0]
    return field.partition(":")[0]


@lru_cache(maxsize=64)
def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address, port))
        opened.listen(128)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened
