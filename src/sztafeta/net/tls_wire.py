"""TLS on a wire that is already open: STARTTLS and implicit TLS alike, on any event loop.

`TlsWire` stands between the socket's transport and the protocol that talks: to the first it is a protocol, to
the second a transport. It is driven by the octets alone (no task a connection), takes octets that were read
before it began, and lets nothing through once the peer has ended TLS: what comes in the clear after that is
never interpreted.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

READ_OCTETS = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeLimits:
    """How many handshakes may be under way, and for how long."""

    seconds: float = 10.0
    in_flight: int = 256
    in_flight_per_address: int = 30


class Encryption:
    """Begins TLS on the wires of one listener, with the certificate that is in force."""

    def __init__(
        self,
        context: Callable[[], ssl.SSLContext | None],
        limits: HandshakeLimits,
        *,
        on_failure: Callable[[str, str], None] = lambda address, reason: None,
    ) -> None:
        """`on_failure` is told the client's address and why the handshake came to nothing."""
        self._context = context
        self._limits = limits
        self._on_failure = on_failure
        self._in_flight = 0
        self._by_address: Counter[str] = Counter()

    def is_ready(self, address: str) -> bool:
        """Say whether a certificate is loaded and this client may begin a handshake now."""
        return (
            self._in_flight < self._limits.in_flight
            and self._by_address[address] < self._limits.in_flight_per_address
            and self._context() is not None
        )

    def begin(
        self,
        wire: asyncio.Transport,
        protocol: asyncio.Protocol,
        *,
        address: str,
        on_ready: Callable[[asyncio.Transport], None],
        unread: bytes = b"",
        is_known: bool = True,
    ) -> None:
        """Shake hands, then call `on_ready` with the transport to use from now on.

        `unread` are octets that came before; `is_known` says that the protocol knows of the connection, so
        that it is told of its end even when the handshake fails.
        """
        context = self._context()
        if context is None:
            wire.abort()
            return
        self._in_flight += 1
        self._by_address[address] += 1
        shaking = _Handshake(self, address, on_ready, is_known)
        TlsWire(wire, protocol, context, shaking).start(self._limits.seconds, unread)

    def ended(self, address: str, failure: str | None) -> None:
        """Free the place of a handshake that succeeded or came to nothing."""
        self._in_flight -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        if failure is not None:
            self._on_failure(address, failure)


@dataclass(frozen=True, slots=True)
class _Handshake:
    """A handshake under way: whose it is and what follows it."""

    encryption: Encryption
    address: str
    on_ready: Callable[[asyncio.Transport], None]
    is_known: bool


class TlsWire(asyncio.Transport, asyncio.Protocol):
    """One encrypted connection, server side."""

    def __init__(
        self,
        wire: asyncio.Transport,
        protocol: asyncio.Protocol,
        context: ssl.SSLContext,
        handshake: _Handshake,
    ) -> None:
        super().__init__()
        self._wire = wire
        self._protocol = protocol
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._handshake: _Handshake | None = handshake
        self._is_known = handshake.is_known
        self._is_reading = True
        self._is_over = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self, seconds: float, unread: bytes) -> None:
        """Take over the wire."""
        self._wire.set_protocol(self)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._fail, "the handshake took too long")
        self._wire.resume_reading()
        if unread:
            loop.call_soon(self.data_received, unread)

    # -- as the protocol of the socket -----------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take octets as they came."""
        if self._is_over:
            return
        self._incoming.write(data)
        if self._handshake is not None:
            self._shake(self._handshake)
        if self._handshake is None:
            self._read()

    def _shake(self, handshake: _Handshake) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except (ssl.SSLError, ValueError) as fault:
            self._flush()  # the alert
            self._fail(getattr(fault, "reason", None) or "not TLS")
            return
        self._flush()
        self._end_handshake(None)
        self._is_known = True
        handshake.on_ready(self)

    def _read(self) -> None:
        """Give the protocol what can be decrypted, as long as it wants to read."""
        while self._is_reading and not self._is_over:
            if not (self._incoming.pending or self._tls.pending()):
                break
            try:
                piece = self._tls.read(READ_OCTETS)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLError:
                piece = b""
            if not piece:  # close_notify, or octets that are not TLS: nothing after them counts
                self.close()
                return
            self._protocol.data_received(piece)
        self._flush()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._wire.write(self._outgoing.read())

    def _fail(self, reason: str) -> None:
        self._end_handshake(reason)
        self._is_over = True
        self._wire.close()

    def _end_handshake(self, failure: str | None) -> None:
        handshake, self._handshake = self._handshake, None
        if handshake is not None:
            handshake.encryption.ended(handshake.address, failure)
        if self._timer is not None:
            self._timer.cancel()

    def eof_received(self) -> bool:
        """Close when the peer has closed its side."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the protocol, if it ever knew of us."""
        self._is_over = True
        self._end_handshake("the client went away")
        if self._is_known:
            self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on that the client does not read."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that the client reads again."""
        self._protocol.resume_writing()

    # -- as the transport of the protocol --------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        if self._is_over or not data:
            return
        try:
            self._tls.write(data)
        except ssl.SSLError:
            self.abort()
            return
        self._flush()

    def close(self) -> None:
        """Say close_notify (RFC 8446 §6.1), flush and close."""
        self._end()
        self._wire.close()

    def can_write_eof(self) -> bool:
        """Say that our side can end before the peer's."""
        return True

    def write_eof(self) -> None:
        """End our side; what the peer still sends is read and thrown away."""
        self._end()
        self._wire.write_eof()

    def _end(self) -> None:
        if self._is_over or self._handshake is not None:
            return
        self._is_over = True
        # The peer's close_notify need not be waited for (RFC 8446 §6.1).
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()
        self._flush()

    def abort(self) -> None:
        """Close at once."""
        self._is_over = True
        self._wire.abort()

    def is_closing(self) -> bool:
        """Say whether the connection is ending."""
        return self._is_over or self._wire.is_closing()

    def pause_reading(self) -> None:
        """Leave octets on the wire."""
        self._is_reading = False
        self._wire.pause_reading()

    def resume_reading(self) -> None:
        """Read on, first what is decrypted already."""
        self._is_reading = True
        self._wire.resume_reading()
        asyncio.get_running_loop().call_soon(self._read)

    def is_reading(self) -> bool:
        """Say whether octets are wanted."""
        return self._is_reading

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell about TLS, and about the socket below."""
        if name == "ssl_object":
            return self._tls
        return self._wire.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        """Give the octets that wait to be sent."""
        return self._wire.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set when `pause_writing` is called."""
        self._wire.set_write_buffer_limits(high, low)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Talk to another protocol from now on."""
        self._protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Give the protocol that talks."""
        return self._protocol
