"""The certificate that listeners show: loaded, reloaded while we run, watched for its end, or made.

Each listener has a TLS context of its own, so that a session of one is never resumed at another. New files
take effect for new connections as soon as they are read; open connections keep what they have. Files that do
not fit together are refused with one clear line, and the certificate in force stays.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOK_EVERY_SECONDS = 2.0
"""How often the files are looked at; a new certificate is in force within 5 s (S-18)."""
WARN_BEFORE = timedelta(days=14)
WARN_EVERY = timedelta(days=1)
SELF_SIGNED_DAYS = 825
"""The longest that clients accept from anybody (CA/Browser Forum BR §6.3.2)."""
# Forward secrecy and authenticated encryption only, for TLS 1.2; TLS 1.3 has nothing else.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class Clock(Protocol):
    """The time, as an argument."""

    def now(self) -> datetime:
        """Give the present instant, aware and in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """Two PEM files: the certificate with its chain, and its private key."""

    certificate: Path
    key: Path

    def written_at(self) -> tuple[int, ...]:
        """Give what changes when one of the files is written anew."""
        marks: list[int] = []
        for path in (self.certificate, self.key):
            try:
                found = path.stat()
            except OSError:
                marks += (0, 0, 0)
            else:
                marks += (found.st_mtime_ns, found.st_size, found.st_ino)
        return tuple(marks)


class CertificateRefused(Exception):
    """The files cannot be used; the message says why and what to change."""


class Certificates:
    """The certificate of one node, as TLS contexts by listener."""

    def __init__(
        self,
        files: CertificateFiles,
        listeners: Sequence[str],
        *,
        clock: Clock,
        on_loaded: Callable[[datetime], None] = lambda not_after: None,
        on_trouble: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`on_loaded` is told when the certificate ends; `on_trouble` gets lines for the operator."""
        self._files = files
        self._listeners = tuple(listeners)
        self._clock = clock
        self._on_loaded = on_loaded
        self._on_trouble = on_trouble
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._seen: tuple[int, ...] | None = None
        self._warned_at: datetime | None = None
        self.not_after: datetime | None = None
        """When the certificate in force ends."""

    def context(self, listener: str) -> ssl.SSLContext | None:
        """Give the context in force, or None as long as no certificate could be loaded."""
        return self._contexts.get(listener)

    def reload(self) -> bool:
        """Read the files now; say whether they are in force."""
        self._seen = self._files.written_at()
        try:
            contexts = {name: load_context(self._files) for name in self._listeners}
            not_after = read_not_after(self._files.certificate)
        except CertificateRefused as refused:
            kept = "the one in force stays" if self._contexts else "there is no TLS until it is"
            self._on_trouble(f"certificate not loaded, {kept}: {refused}")
            return False
        self._contexts, self.not_after, self._warned_at = contexts, not_after, None
        self._on_loaded(not_after)
        self._warn()
        return True

    def check(self) -> None:
        """Read the files if they changed, and warn when the certificate is about to end."""
        if self._files.written_at() != self._seen:
            self.reload()
        else:
            self._warn()

    async def watch(self) -> NoReturn:
        """Check for ever."""
        while True:
            self.check()
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _warn(self) -> None:
        now = self._clock.now()
        if self.not_after is None or self.not_after - now > WARN_BEFORE:
            return
        if self._warned_at is not None and now - self._warned_at < WARN_EVERY:
            return
        self._warned_at = now
        state = "has ended" if self.not_after <= now else "ends soon"
        self._on_trouble(
            f"the certificate in {self._files.certificate} {state}: {self.not_after:%Y-%m-%d %H:%M} UTC;"
            " renew it and write the new one to the same files"
        )


def load_context(files: CertificateFiles) -> ssl.SSLContext:
    """Make a server's context from the files: TLS 1.2 and 1.3, nothing weak, no resumption by ticket.

    Raises:
        CertificateRefused: a file is missing, is not PEM, is encrypted, or the two do not match.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996, RFC 8997
    context.set_ciphers(CIPHERS)
    context.options |= (
        ssl.OP_NO_TICKET
        | ssl.OP_NO_RENEGOTIATION
        | ssl.OP_NO_COMPRESSION
        | ssl.OP_CIPHER_SERVER_PREFERENCE
    )
    context.num_tickets = 0
    try:
        context.load_cert_chain(files.certificate, files.key, password=_refuse_password)
    except FileNotFoundError as missing:
        raise CertificateRefused(_missing(files)) from missing
    except (OSError, ValueError) as fault:
        raise CertificateRefused(_explain(files, fault)) from fault
    return context


def _refuse_password() -> str:
    raise ValueError("the private key is encrypted; store it without a passphrase, mode 0600")


def _missing(files: CertificateFiles) -> str:
    absent = [str(path) for path in (files.certificate, files.key) if not path.exists()]
    return f"there is no file {' and no file '.join(absent)}"


def _explain(files: CertificateFiles, fault: Exception) -> str:
    reason = getattr(fault, "reason", None)
    if reason == "KEY_VALUES_MISMATCH":
        return f"{files.key} is not the key of {files.certificate}"
    if isinstance(fault, ssl.SSLError):
        return f"{files.certificate} and {files.key} must be PEM files ({reason or fault})"
    return str(fault)


def read_not_after(certificate: Path) -> datetime:
    """Say when the first certificate of a PEM file ends.

    Raises:
        CertificateRefused: there is none in it.
    """
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError) as fault:
        raise CertificateRefused(f"{certificate} holds no PEM certificate") from fault
    return found.not_valid_after_utc


def make_self_signed(files: CertificateFiles, hostname: str, *, now: datetime) -> None:
    """Write a certificate of our own for `hostname` and localhost, with a new key only we can read."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - timedelta(hours=1))
        .not_valid_after(now.astimezone(UTC) + timedelta(days=SELF_SIGNED_DAYS))
        .add_extension(x509.SubjectAlternativeName(_names(hostname)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(files.key, private, mode=0o600)
    _write(files.certificate, certificate.public_bytes(Encoding.PEM), mode=0o644)


def _names(hostname: str) -> list[x509.GeneralName]:
    names = [x509.DNSName(name) for name in dict.fromkeys((hostname, "localhost"))]
    loopback = [x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1")]
    return [*names, *loopback]


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Replace a file in one step, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".new")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
