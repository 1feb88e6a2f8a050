"""Listeners: the ports that take mail, and how a connection begins on them.

A listener opens its socket, reads the PROXY header where one is due, begins TLS where the port starts with
it, and then hands the connection to the protocol that talks. Everything after that is the face's business.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Literal, cast

from sztafeta.net.proxy_protocol import ProxyFault, ProxyHeader, parse_proxy_header
from sztafeta.net.tls_wire import Encryption

Converse = Callable[[str], asyncio.Protocol]
"""Makes the protocol of one connection from the client's IP address (a trusted proxy's word counts)."""
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSpec:
    """A port to listen on."""

    name: str
    address: str
    """`::` is every address, IPv4 too."""
    port: int
    """0 lets the system choose a free one."""
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    proxy_protocol: bool = False
    """Every connection begins with a PROXY header, or is closed."""
    trusted_proxies: tuple[Network, ...] = ()
    proxy_header_seconds: float = 10.0
    backlog: int = 1024
    keepalive_seconds: int = 60


_REASONS: Final = {
    errno.EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE",
    errno.EADDRINUSE: "another program listens there already; stop it (ss -ltnp names it)"
    " or set another port",
    errno.EADDRNOTAVAIL: "this machine has no such address; 0.0.0.0 or :: is every address it has",
}


class CannotListen(Exception):
    """The port cannot be opened; the message says why and what to change."""


class Listener:
    """One open port."""

    def __init__(
        self,
        spec: ListenerSpec,
        converse: Converse,
        *,
        encryption: Encryption | None = None,
        on_refused: Callable[[str, str], None] = lambda address, reason: None,
    ) -> None:
        """`on_refused` is told the peer's own address and why the connection was closed unheard."""
        if spec.tls == "implicit" and encryption is None:
            raise ValueError(f"listener {spec.name} begins with TLS and so needs a certificate")
        self.spec = spec
        self._converse = converse
        self._encryption = encryption
        self._on_refused = on_refused
        self._server: asyncio.Server | None = None
        self._port = spec.port

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            CannotListen: the address or port is not ours to use.
        """
        try:
            opened = _open_socket(self.spec)
        except OSError as fault:
            who = f"listener {self.spec.name}"
            raise CannotListen(explain(who, self.spec.address, self.spec.port, fault)) from fault
        self._port = opened.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._begin, sock=opened, backlog=self.spec.backlog)

    @property
    def port(self) -> int:
        """The port that is open."""
        return self._port

    def close(self) -> None:
        """Stop listening at once; connections that are open go on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _begin(self) -> asyncio.Protocol:
        return _Proxied(self) if self.spec.proxy_protocol else _Opened(self)

    # -- what the openings below need ------------------------------------------------------------

    def refuse(self, wire: asyncio.Transport, reason: str) -> None:
        """Close a connection that begins wrongly, without a word."""
        self._on_refused(peer_address(wire), reason)
        wire.abort()

    def admit(self, wire: asyncio.Transport, client: str, unread: bytes) -> None:
        """Let the client in: to TLS where the port begins with it (RFC 8314 §3), or to the conversation."""
        if self.spec.tls == "implicit":
            self._encrypt(wire, client, unread)
            return
        protocol = self._converse(client)
        wire.set_protocol(protocol)
        protocol.connection_made(wire)
        if unread:
            protocol.data_received(unread)

    def _encrypt(self, wire: asyncio.Transport, client: str, unread: bytes) -> None:
        encryption = self._encryption
        if encryption is None or not encryption.is_ready(client):
            self.refuse(wire, "no TLS handshake can begin now")
            return
        protocol = self._converse(client)
        encryption.begin(
            wire,
            protocol,
            address=client,
            on_ready=protocol.connection_made,
            unread=unread,
            is_known=False,
        )


class _Opened(asyncio.Protocol):
    """A connection that begins with the client's own octets."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        wire = cast(asyncio.Transport, transport)
        self._listener.admit(wire, peer_address(wire), b"")


class _Proxied(asyncio.Protocol):
    """A connection that must begin with a PROXY header."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._unread = b""
        self._wire: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        wire, spec = cast(asyncio.Transport, transport), self._listener.spec
        peer = ip_address(peer_address(wire))
        if not any(peer in network for network in spec.trusted_proxies):
            self._listener.refuse(wire, "not a trusted proxy")
            return
        self._wire = wire
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(spec.proxy_header_seconds, self._refuse, "no PROXY header")

    def data_received(self, data: bytes) -> None:
        if self._wire is None:
            return
        self._unread += data
        try:
            header = parse_proxy_header(self._unread)
        except ProxyFault as fault:
            self._refuse(str(fault))
            return
        if header is not None:
            self._go_on(self._wire, header)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()

    def _refuse(self, reason: str) -> None:
        self._stop_waiting()
        if self._wire is not None:
            self._listener.refuse(self._wire, reason)
            self._wire = None

    def _go_on(self, wire: asyncio.Transport, header: ProxyHeader) -> None:
        self._stop_waiting()
        client = header.client or peer_address(wire)
        self._listener.admit(wire, client, self._unread[header.length :])

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def peer_address(wire: asyncio.BaseTransport) -> str:
    """Give the IP address at the other end, IPv4 without IPv6 clothes (RFC 4291 §2.5.5.2)."""
    name = wire.get_extra_info("peername")
    if not name:
        return "::"  # the client was gone before we looked
    text = str(name[0]).partition("%")[0]
    if text.startswith("::ffff:"):
        return str(IPv6Address(text).ipv4_mapped or text)
    return text


def _open_socket(spec: ListenerSpec) -> socket.socket:
    """Bind and set what accepted sockets inherit: keepalive and no delay (tcp(7))."""
    is_v6 = ":" in spec.address
    opened = socket.socket(socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, spec.keepalive_seconds)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, spec.keepalive_seconds // 4)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if is_v6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(spec.address != "::"))
        opened.setblocking(False)
        opened.bind((spec.address, spec.port))
    except OSError:
        opened.close()
        raise
    return opened


def explain(who: str, address: str, port: int, fault: OSError) -> str:
    """Say why a port cannot be opened and what to change."""
    reason = _REASONS.get(fault.errno or 0, fault.strerror or str(fault))
    return f"{who} cannot use {address} port {port}: {reason}"
