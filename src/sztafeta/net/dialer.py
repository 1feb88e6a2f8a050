"""Opens connections to the hops of a route: addresses in order, greeting, TLS, until one will take mail.

A hop that does not answer, turns us away or cannot prove what the route demands is left for the next one.
When none is left, the decisive answer is reported: for good only when every hop said so, otherwise the most
telling temporary one (RFC 5321 §5.1, R-46).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final

from sztafeta.delivery.egress import EgressSource
from sztafeta.delivery.route import Hop, Route
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.delivery.verdict import Answer, Failure, FailureKind, Stage
from sztafeta.net.address_wall import AddressWall
from sztafeta.net.connections import SmtpConnection, answer_to
from sztafeta.net.timeouts import ClientTimeouts
from sztafeta.service.ports import DialFailure
from sztafeta.smtp.client import ClientSession, PlaintextUnread
from sztafeta.smtp.greeting import Greeting
from sztafeta.smtp.reply import Reply

MAX_ADDRESSES: Final = 20
"""How many addresses of a route are dialled in one attempt."""
KEEPALIVE_SECONDS: Final = 60
KEEPALIVE_PROBES: Final = 5

_DEMANDS_TLS: Final = frozenset({TlsRequirement.ENCRYPTED, TlsRequirement.VERIFIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsContexts:
    """How TLS is begun; building one costs milliseconds, so they are built once."""

    unverified: ssl.SSLContext
    """Any certificate will do (RFC 7435)."""
    verified: ssl.SSLContext
    """The certificate is valid for the hop's name."""


def system_contexts() -> TlsContexts:
    """Trust the certificate authorities of this machine."""
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    return TlsContexts(unverified=unverified, verified=ssl.create_default_context())


@dataclass(frozen=True, slots=True)
class _Door:
    """One address of a hop."""

    hop: Hop
    address: str

    @property
    def label(self) -> str:
        return f"{self.hop.host}[{self.address}]:{self.hop.port}"


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a door stayed shut."""

    answer: Answer
    transcript: str
    may_try_clear: bool = False
    """The TLS handshake failed, and nothing worse."""
    steps: str = ""
    """How long it took."""


class SmtpDialer:
    """Implements `service.ports.Dialer`."""

    def __init__(
        self,
        *,
        wall: AddressWall,
        timeouts: ClientTimeouts,
        contexts: TlsContexts | None = None,
        chunking: bool = False,
    ) -> None:
        self._wall = wall
        self._timeouts = timeouts
        self._contexts = contexts or system_contexts()
        self._chunking = chunking

    async def dial(
        self, route: Route, *, source: EgressSource, tls: TlsRequirement
    ) -> SmtpConnection | DialFailure:
        """Try hops and addresses until one greets us; never raises for what the other side does."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._timeouts.attempt.total_seconds()
        failed = _Failed()
        for door in _doors(route):
            hop = door.hop
            if self._wall.refuses(door.address, hop.port, is_configured=hop.is_configured):
                failed.add(door, _FORBIDDEN)
                continue
            if not source.reaches(door.address):
                failed.add(door, _NO_ADDRESS)
                continue
            if failed.tried == MAX_ADDRESSES or loop.time() >= ends:
                break
            failed.tried += 1
            opened = await self._open_somehow(door, source, tls)
            if isinstance(opened, SmtpConnection):
                return opened
            failed.add(door, opened)
        return failed.summary()

    async def _open_somehow(
        self, door: _Door, source: EgressSource, tls: TlsRequirement
    ) -> SmtpConnection | _Refusal:
        """Open a door; where TLS is a wish and its handshake fails, try once more without."""
        opened = await self._open(door, source, tls)
        if isinstance(opened, SmtpConnection) or not opened.may_try_clear:
            return opened
        if tls is not TlsRequirement.OPPORTUNISTIC:
            return opened
        return await self._open(door, source, TlsRequirement.NONE)  # RFC 7435 §3

    async def _open(
        self, door: _Door, source: EgressSource, tls: TlsRequirement
    ) -> SmtpConnection | _Refusal:
        session = ClientSession(
            source.ehlo_name,
            wants_tls=tls is not TlsRequirement.NONE,
            chunking=self._chunking,
        )
        connection = SmtpConnection(session, hop=door.label, timeouts=self._timeouts)
        try:
            refusal = await self._enter(connection, door, source, tls)
        except BaseException:
            connection.abort()
            raise
        if refusal is None:
            return connection
        await connection.quit()
        return replace(refusal, steps=connection.take_steps())

    async def _enter(
        self, connection: SmtpConnection, door: _Door, source: EgressSource, tls: TlsRequirement
    ) -> _Refusal | None:
        """Connect, greet, encrypt; say what went wrong, if anything did."""
        failure = await self._connect(connection, door, source)
        if failure is not None:
            return _Refusal(Answer(Stage.CONNECT, failure), f"# {failure.text}\n")
        greeting = await connection.greet()
        if greeting.wants_handshake and greeting.heard is None:
            refusal = await self._encrypt(connection, door, tls)
            if refusal is not None:
                return refusal
        return _judge_greeting(connection, greeting, tls)

    async def _connect(
        self, connection: SmtpConnection, door: _Door, source: EgressSource
    ) -> Failure | None:
        """Open the TCP connection, from the egress source's own address."""
        local = source.address_for(door.address)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeouts.connect.total_seconds()):
                transport, _ = await loop.create_connection(
                    lambda: connection,
                    door.address,
                    door.hop.port,
                    local_addr=None if local is None else (local, 0),
                )
        except TimeoutError:
            return Failure(FailureKind.TIMEOUT, "the hop did not answer the connection")
        except ConnectionRefusedError:
            return Failure(FailureKind.REFUSED, "the hop refused the connection")
        except OSError as error:
            why = error.strerror or "network error"
            return Failure(FailureKind.UNREACHABLE, f"the hop cannot be reached: {why}")
        _tune(transport.get_extra_info("socket"))
        return None

    async def _encrypt(
        self, connection: SmtpConnection, door: _Door, tls: TlsRequirement
    ) -> _Refusal | None:
        """Shake hands; a hop that spoke before the handshake is not given a second chance in the clear."""
        verified = tls is TlsRequirement.VERIFIED
        context = self._contexts.verified if verified else self._contexts.unverified
        server_name = door.hop.host if verified or not _is_address(door.hop.host) else None
        try:
            await connection.start_tls(context, server_name)
        except PlaintextUnread:
            return _tls_refusal(connection, "the hop spoke in the clear after STARTTLS")
        except (OSError, ssl.CertificateError) as error:
            why = f"the TLS handshake failed: {_reason(error)}"
            return _tls_refusal(connection, why, may_try_clear=True)
        return None


class _Failed:
    """What the doors said so far, and which answer decides."""

    def __init__(self) -> None:
        self.tried = 0
        self._answer = Answer(
            Stage.ROUTE, Failure(FailureKind.UNREACHABLE, "the route names no address")
        )
        self._weight = -1
        self._hop = self._steps = ""
        self._transcripts: list[str] = []

    def add(self, door: _Door, refusal: _Refusal) -> None:
        """Note a refusal; the more telling one decides, and of two alike the later."""
        weight = _weigh(refusal.answer)
        if weight >= self._weight:
            self._answer, self._weight, self._hop = refusal.answer, weight, door.label
            self._steps = refusal.steps
        self._transcripts.append(f"# {door.label}\n{refusal.transcript}")

    def summary(self) -> DialFailure:
        return DialFailure(
            answer=self._answer,
            hop=self._hop,
            transcript="".join(self._transcripts),
            tried=self.tried,
            steps=self._steps,
        )


_NO_ADDRESS: Final = _Refusal(
    Answer(
        Stage.CONNECT,
        Failure(
            FailureKind.UNREACHABLE, "the egress source has no address of this kind to send from"
        ),
    ),
    "# not dialled: the egress source has no address of this kind\n",
)
_FORBIDDEN: Final = _Refusal(
    Answer(
        Stage.CONNECT,
        Failure(
            FailureKind.FORBIDDEN_ADDRESS, "the address is not a public one; it is never dialled"
        ),
    ),
    "# not dialled: not a public address\n",
)


def _doors(route: Route) -> Iterator[_Door]:
    """List hops and addresses in the order to try (RFC 5321 §5.1)."""
    return (_Door(hop, address) for hop in route.hops for address in hop.addresses)


def _weigh(answer: Answer) -> int:
    """Rank answers: a "no" for good counts least, because all hops must say so; words count most."""
    said = answer.said
    if isinstance(said, Reply):
        return 0 if said.is_permanent else 2
    return 0 if said.kind is FailureKind.FORBIDDEN_ADDRESS else 1


def _judge_greeting(
    connection: SmtpConnection, greeting: Greeting, tls: TlsRequirement
) -> _Refusal | None:
    session = connection.session
    if greeting.heard is not None:
        return _Refusal(answer_to(greeting.heard), str(session.transcript))
    if tls in _DEMANDS_TLS and not session.is_encrypted:
        refused = greeting.tls_refusal
        offer = "does not offer STARTTLS" if refused is None else f"said {refused.code} to STARTTLS"
        return _tls_refusal(connection, f"encryption is demanded, the hop {offer}")
    return None


def _tls_refusal(connection: SmtpConnection, why: str, *, may_try_clear: bool = False) -> _Refusal:
    answer = Answer(Stage.TLS, Failure(FailureKind.TLS, why))
    return _Refusal(answer, f"{connection.session.transcript}# {why}\n", may_try_clear)


def _reason(error: Exception) -> str:
    """Say in a few words why a handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "the certificate is not valid"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    if isinstance(error, TimeoutError | ConnectionAbortedError):
        return "it took too long or was cut off"
    return "the connection was lost"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _tune(wire: socket.socket) -> None:
    """Send small pieces at once, and notice a peer that vanished (R-48)."""
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_SECONDS)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
