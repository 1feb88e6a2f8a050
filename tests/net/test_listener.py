"""Listeners over real sockets: how a connection begins, in the clear, behind a proxy and inside TLS."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme
from tests.doubles.manual_clock import ManualClock

from sztafeta.net.certificates import CertificateFiles, Certificates
from sztafeta.net.listener import CannotListen, Listener, ListenerSpec
from sztafeta.net.tls_wire import Encryption, HandshakeLimits

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Parrot(asyncio.Protocol):
    """Greets with the address it was told, then says everything again."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = transport
        self.wire.write(f"hello {self.address}\n".encode())

    def data_received(self, data: bytes) -> None:
        self.wire.write(data)
        if data.endswith(b"bye\n"):
            self.wire.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(None)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@pytest.fixture(scope="module")
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class Listening:
    """A listener under test, with what it refused and which protocols it made."""

    def __init__(
        self,
        context: Callable[[], ssl.SSLContext | None],
        limits: HandshakeLimits,
        **spec: object,
    ) -> None:
        self.refused: list[tuple[str, str]] = []
        self.failed: asyncio.Queue[str] = asyncio.Queue()
        self.parrots: list[Parrot] = []
        encryption = Encryption(
            context, limits, on_failure=lambda _, reason: self.failed.put_nowait(reason)
        )
        whole = {"name": "test", "address": "127.0.0.1", "port": 0, **spec}
        self.listener = Listener(
            ListenerSpec(**whole),  # type: ignore[arg-type]
            self._parrot,
            encryption=encryption,
            on_refused=lambda address, reason: self.refused.append((address, reason)),
        )

    def _parrot(self, address: str) -> Parrot:
        self.parrots.append(Parrot(address))
        return self.parrots[-1]

    async def connect(
        self, tls: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = None if tls is None else "localhost"
        return await asyncio.open_connection(
            "127.0.0.1", self.listener.port, ssl=tls, server_hostname=name
        )


@asynccontextmanager
async def listening(
    context: ssl.SSLContext | None = None, limits: HandshakeLimits | None = None, **spec: object
) -> AsyncIterator[Listening]:
    made = Listening(lambda: context, limits or HandshakeLimits(), **spec)
    await made.listener.open()
    try:
        yield made
    finally:
        made.listener.close()


async def read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_a_port_of_the_systems_choice_is_told_and_served() -> None:
    async with listening() as made:
        assert made.listener.port > 0
        reader, writer = await made.connect()
        assert await reader.readline() == b"hello 127.0.0.1\n"
        writer.write(b"bye\n")
        assert await reader.read() == b"bye\n"
        writer.close()


async def test_every_address_means_ipv4_too_and_looks_like_it() -> None:
    async with listening(address="::") as made:
        reader, writer = await made.connect()
        assert await reader.readline() == b"hello 127.0.0.1\n"
        writer.close()


async def test_accepted_sockets_keep_alive_and_do_not_delay() -> None:
    """R-48: a vanished peer is noticed."""
    async with listening() as made:
        reader, writer = await made.connect()
        await reader.readline()
        accepted = made.parrots[0].wire.get_extra_info("socket")
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.close()


async def test_a_taken_port_is_explained() -> None:
    async with listening() as made:
        second = Listening(lambda: None, HandshakeLimits(), port=made.listener.port)
        with pytest.raises(CannotListen, match=r"listener test cannot use 127\.0\.0\.1 port \d+: "):
            await second.listener.open()


async def test_close_stops_listening_at_once_and_leaves_open_connections_alone() -> None:
    """R-14."""
    async with listening() as made:
        reader, writer = await made.connect()
        await reader.readline()
        made.listener.close()
        with pytest.raises(OSError):
            await made.connect()
        writer.write(b"still here\n")
        assert await reader.readline() == b"still here\n"
        writer.close()


# -- PROXY protocol ------------------------------------------------------------------------------


async def test_a_trusted_proxys_word_counts() -> None:
    """S-28."""
    async with listening(proxy_protocol=True, trusted_proxies=LOOPBACK) as made:
        reader, writer = await made.connect()
        writer.write(b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\nright behind it\n")
        assert await reader.readline() == b"hello 192.0.2.7\n"
        assert await reader.readline() == b"right behind it\n"
        writer.close()


async def test_a_proxy_that_speaks_for_itself_is_the_client() -> None:
    async with listening(proxy_protocol=True, trusted_proxies=LOOPBACK) as made:
        reader, writer = await made.connect()
        writer.write(b"PROXY UNKNOWN\r\n")
        assert await reader.readline() == b"hello 127.0.0.1\n"
        writer.close()


async def test_a_header_from_elsewhere_is_not_even_read() -> None:
    """S-28: the logged address is the peer's own, never the forged one."""
    elsewhere = (ip_network("192.0.2.0/24"),)
    async with listening(proxy_protocol=True, trusted_proxies=elsewhere) as made:
        reader, writer = await made.connect()
        writer.write(b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n")
        assert await read_to_the_end(reader) == b""
        assert made.refused == [("127.0.0.1", "not a trusted proxy")]
        assert made.parrots == []


@pytest.mark.parametrize(
    "octets",
    [
        b"EHLO client.example.com\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff",
        b"PROXY TCP4 x\r\n",
    ],
)
async def test_an_absent_or_forged_header_closes_the_connection(octets: bytes) -> None:
    """S-28: absent, 64 KiB of TLVs, malformed."""
    async with listening(proxy_protocol=True, trusted_proxies=LOOPBACK) as made:
        reader, writer = await made.connect()
        writer.write(octets)
        assert await read_to_the_end(reader) == b""
        assert made.refused[0][0] == "127.0.0.1"
        assert made.parrots == []


async def test_a_header_that_does_not_come_closes_the_connection() -> None:
    """S-28: truncated."""
    spec = {"proxy_protocol": True, "trusted_proxies": LOOPBACK, "proxy_header_seconds": 0.02}
    async with listening(**spec) as made:
        reader, writer = await made.connect()
        writer.write(b"PROXY TCP4 192.0.2.7")
        assert await read_to_the_end(reader) == b""
        assert made.refused == [("127.0.0.1", "no PROXY header")]


async def test_tls_may_begin_right_behind_the_proxy_header(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    spec = {"tls": "implicit", "proxy_protocol": True, "trusted_proxies": LOOPBACK}
    async with listening(server_context, **spec) as made:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client_context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        reader, writer = await made.connect()
        writer.write(b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n" + outgoing.read())
        greeting = b""
        while not greeting:
            incoming.write(await reader.read(65536))
            try:
                tls.do_handshake()
                greeting = tls.read(100)
            except ssl.SSLWantReadError:
                pass
            writer.write(outgoing.read())
        assert greeting == b"hello 192.0.2.7\n"
        writer.close()


# -- implicit TLS --------------------------------------------------------------------------------


async def test_a_conversation_inside_tls(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with listening(server_context, tls="implicit") as made:
        reader, writer = await made.connect(client_context)
        assert await reader.readline() == b"hello 127.0.0.1\n"
        long = b"x" * 1_000_000 + b"\n"
        writer.write(long)
        assert await reader.readexactly(len(long)) == long
        writer.write(b"bye\n")
        assert await reader.read() == b"bye\n"
        await made.parrots[0].lost
        writer.close()


async def test_a_plain_client_on_a_tls_port_is_closed_without_a_banner(
    server_context: ssl.SSLContext,
) -> None:
    """C-043."""
    async with listening(server_context, tls="implicit") as made:
        reader, writer = await made.connect()
        writer.write(b"EHLO client.example.com\r\n")
        assert b"hello" not in await read_to_the_end(reader)
        assert await made.failed.get()
        writer.close()


async def test_64_kib_of_garbage_instead_of_a_handshake_are_no_handshake(
    server_context: ssl.SSLContext,
) -> None:
    """S-17."""
    async with listening(server_context, tls="implicit") as made:
        reader, writer = await made.connect()
        writer.write(bytes(65536))
        assert b"hello" not in await read_to_the_end(reader)
        assert await made.failed.get()
        writer.close()


async def test_a_handshake_that_takes_too_long_is_given_up(
    server_context: ssl.SSLContext,
) -> None:
    """S-17."""
    limits = HandshakeLimits(seconds=0.02)
    async with listening(server_context, limits, tls="implicit") as made:
        reader, writer = await made.connect()
        assert await read_to_the_end(reader) == b""
        assert await made.failed.get() == "the handshake took too long"
        writer.close()


async def test_handshakes_under_way_are_bounded_and_the_port_lives_on(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """S-17."""
    limits = HandshakeLimits(in_flight=2)
    async with listening(server_context, limits, tls="implicit") as made:
        silent = [await made.connect() for _ in range(2)]
        reader, writer = await made.connect()
        assert await read_to_the_end(reader) == b""
        assert made.refused == [("127.0.0.1", "no TLS handshake can begin now")]
        writer.close()
        for _, other in silent:
            other.close()
        assert {await made.failed.get() for _ in range(2)} == {"the client went away"}
        reader, writer = await made.connect(client_context)
        assert await reader.readline() == b"hello 127.0.0.1\n"
        writer.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_old_tls_is_refused(server_context: ssl.SSLContext) -> None:
    """C-044."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with listening(server_context, tls="implicit") as made:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await made.connect(old)


async def test_nothing_is_interpreted_after_the_end_of_tls(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """S-16: close_notify in the middle, then octets in the clear."""
    async with listening(server_context, tls="implicit") as made:
        wire = socket.create_connection(("127.0.0.1", made.listener.port))

        def talk() -> bytes:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = client_context.wrap_bio(incoming, outgoing, server_hostname="localhost")
            greeting = b""
            while not greeting:
                try:
                    tls.do_handshake()
                    greeting = tls.read(100)
                except ssl.SSLWantReadError:
                    wire.sendall(outgoing.read())
                    incoming.write(wire.recv(65536))
            tls.write(b"begun ")
            with pytest.raises(ssl.SSLWantReadError):
                tls.unwrap()
            wire.sendall(outgoing.read() + b"in the clear\n")
            heard = b""
            while piece := wire.recv(65536):
                incoming.write(piece)
            try:
                while piece := tls.read(100):
                    heard += piece
            except ssl.SSLError:
                pass
            return heard

        assert await asyncio.to_thread(talk) == b"begun "
        wire.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_session_of_one_listener_is_not_resumed_at_another(
    authority: trustme.CA, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """S-15."""
    certificates = certificates_in(tmp_path, authority, ["one", "other"])
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    trusting.minimum_version = trusting.maximum_version = version

    def connect(port: int, session: ssl.SSLSession | None) -> tuple[ssl.SSLSession | None, bool]:
        plain = socket.create_connection(("127.0.0.1", port))
        with trusting.wrap_socket(plain, server_hostname="localhost", session=session) as wire:
            wire.recv(100)
            return wire.session, bool(wire.session_reused)

    async with (
        listening(certificates.context("one"), tls="implicit") as one,
        listening(certificates.context("other"), tls="implicit") as other,
    ):
        session, _ = await asyncio.to_thread(connect, one.listener.port, None)
        assert session is None or not session.has_ticket
        _, reused = await asyncio.to_thread(connect, other.listener.port, session)
        assert not reused


async def test_a_new_certificate_is_shown_to_new_connections_and_open_ones_go_on(
    authority: trustme.CA, tmp_path: Path, client_context: ssl.SSLContext
) -> None:
    """S-18: under load, without a restart."""
    certificates = certificates_in(tmp_path, authority, ["one"])

    def shown(writer: asyncio.StreamWriter) -> bytes:
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert isinstance(found, bytes)
        return found

    made = Listening(lambda: certificates.context("one"), HandshakeLimits(), tls="implicit")
    await made.listener.open()
    old_reader, old_writer = await made.connect(client_context)
    await old_reader.readline()
    issue(tmp_path, authority)
    certificates.check()
    new_reader, new_writer = await made.connect(client_context)
    await new_reader.readline()
    assert shown(new_writer) != shown(old_writer)
    old_writer.write(b"still here\n")
    assert await old_reader.readline() == b"still here\n"
    (tmp_path / "tls.key").write_text("broken")
    certificates.check()
    last_reader, last_writer = await made.connect(client_context)
    await last_reader.readline()
    assert shown(last_writer) == shown(new_writer), "a broken file changes nothing"
    for writer in (old_writer, new_writer, last_writer):
        writer.close()
    made.listener.close()


def issue(folder: Path, authority: trustme.CA) -> None:
    """Write a new certificate, later than any before it however coarse the file system's clock."""
    issued = authority.issue_cert("localhost")
    for name, content in (
        ("tls.crt", issued.cert_chain_pems[0].bytes()),
        ("tls.key", issued.private_key_pem.bytes()),
    ):
        path = folder / name
        before = path.stat().st_mtime_ns if path.exists() else 0
        path.write_bytes(content)
        later = max(before, path.stat().st_mtime_ns) + 1_000_000_000
        os.utime(path, ns=(later, later))


def certificates_in(folder: Path, authority: trustme.CA, listeners: list[str]) -> Certificates:
    """Issue a certificate and load it."""
    issue(folder, authority)
    files = CertificateFiles(certificate=folder / "tls.crt", key=folder / "tls.key")
    made = Certificates(files, listeners, clock=ManualClock(datetime.now(UTC)))
    assert made.reload()
    return made
