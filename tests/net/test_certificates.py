"""Certificates: loaded, renewed without a restart, refused when broken, watched for their end (S-18)."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from tests.doubles.manual_clock import ManualClock

from sztafeta.net.certificates import (
    CertificateFiles,
    CertificateRefused,
    Certificates,
    load_context,
    make_self_signed,
    read_not_after,
)


@pytest.fixture
def files(tmp_path: Path) -> CertificateFiles:
    return CertificateFiles(certificate=tmp_path / "tls.crt", key=tmp_path / "tls.key")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC))


def issue(files: CertificateFiles, *, not_after: datetime | None = None) -> None:
    issued = trustme.CA().issue_cert("mx.example.com", not_after=not_after)
    files.certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    files.key.write_bytes(issued.private_key_pem.bytes())
    _touch_anew(files)


def _touch_anew(files: CertificateFiles) -> None:
    """Make sure that the instant of writing differs, however coarse the file system's clock."""
    for path in (files.certificate, files.key):
        later = path.stat().st_mtime_ns + 1_000_000_000
        os.utime(path, ns=(later, later))


class Operator:
    """Collects what the operator is told."""

    def __init__(self) -> None:
        self.loaded: list[datetime] = []
        self.troubles: list[str] = []


def certificates(
    files: CertificateFiles, clock: ManualClock, operator: Operator | None = None
) -> Certificates:
    operator = operator or Operator()
    return Certificates(
        files,
        ["submission", "submissions"],
        clock=clock,
        on_loaded=operator.loaded.append,
        on_trouble=operator.troubles.append,
    )


def test_each_listener_has_a_context_of_its_own(
    files: CertificateFiles, clock: ManualClock
) -> None:
    """S-15: a session of one listener cannot be resumed at another."""
    issue(files)
    found = certificates(files, clock)
    assert found.context("submission") is None
    assert found.reload()
    assert found.context("submission") is not None
    assert found.context("submission") is not found.context("submissions")
    assert found.context("unheard of") is None


def test_only_what_is_strong_is_offered(files: CertificateFiles) -> None:
    """S-14: TLS 1.2 and 1.3, forward secrecy and authenticated encryption, no tickets, no renegotiation."""
    issue(files)
    context = load_context(files)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.num_tickets == 0
    assert context.options & ssl.OP_NO_TICKET
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
    for cipher in context.get_ciphers():
        assert cipher["aead"], cipher["name"]
        assert cipher["name"].startswith(("TLS_", "ECDHE-")), cipher["name"]


def test_new_files_take_effect_at_the_next_look(
    files: CertificateFiles, clock: ManualClock
) -> None:
    """S-18."""
    issue(files)
    found = certificates(files, clock)
    found.check()
    first = found.context("submission")
    found.check()
    assert found.context("submission") is first, "nothing changed"
    issue(files)
    found.check()
    assert found.context("submission") is not first


def test_broken_files_are_told_once_and_the_certificate_in_force_stays(
    files: CertificateFiles, clock: ManualClock
) -> None:
    issue(files)
    operator = Operator()
    found = certificates(files, clock, operator)
    found.check()
    in_force = found.context("submission")
    files.certificate.write_text("not a certificate")
    _touch_anew(files)
    found.check()
    found.check()
    assert found.context("submission") is in_force
    assert len(operator.troubles) == 1
    assert "the one in force stays" in operator.troubles[0]
    assert not found.reload()


def test_without_a_certificate_there_is_no_context(
    files: CertificateFiles, clock: ManualClock
) -> None:
    """C-042: the listener says 454 and the operator is told which file is missing."""
    operator = Operator()
    found = certificates(files, clock, operator)
    assert not found.reload()
    assert found.context("submission") is None
    assert str(files.certificate) in operator.troubles[0]
    assert "there is no TLS until it is" in operator.troubles[0]


def test_a_certificate_that_ends_soon_is_told_once_a_day(
    files: CertificateFiles, clock: ManualClock
) -> None:
    """S-18: alarm 14 days before the end."""
    issue(files, not_after=clock.now() + timedelta(days=15))
    operator = Operator()
    found = certificates(files, clock, operator)
    found.check()
    assert operator.troubles == []
    clock.advance(timedelta(days=1, minutes=1))
    found.check()
    found.check()
    assert len(operator.troubles) == 1
    assert "ends soon" in operator.troubles[0]
    clock.advance(timedelta(days=15))
    found.check()
    assert len(operator.troubles) == 2
    assert "has ended" in operator.troubles[1]


def test_a_key_that_does_not_fit_is_named(files: CertificateFiles, tmp_path: Path) -> None:
    issue(files)
    other = CertificateFiles(certificate=tmp_path / "other.crt", key=tmp_path / "other.key")
    issue(other)
    with pytest.raises(CertificateRefused, match=r"other\.key is not the key of .*tls\.crt"):
        load_context(CertificateFiles(certificate=files.certificate, key=other.key))


def test_an_encrypted_key_is_refused_instead_of_asked_about(files: CertificateFiles) -> None:
    issue(files)
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(CertificateRefused, match="without a passphrase"):
        load_context(files)


def test_a_self_signed_certificate_names_the_host_and_localhost(
    files: CertificateFiles, clock: ManualClock
) -> None:
    make_self_signed(files, "mx.example.com", now=clock.now())
    load_context(files)
    found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mx.example.com", "localhost"]
    assert files.key.stat().st_mode & 0o777 == 0o600
    assert read_not_after(files.certificate) > clock.now() + timedelta(days=800)
