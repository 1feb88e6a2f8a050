"""Our signatures, judged by dkimpy."""

from __future__ import annotations

from datetime import UTC, datetime

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sztafeta.mail.dkim import Signer, make_key, record_name, record_strings, record_text
from sztafeta.mail.dkim_key import KeyAlgorithm

NOW = datetime.now(UTC)
RSA = make_key("r1", KeyAlgorithm.RSA)
ED25519 = make_key("e1", KeyAlgorithm.ED25519)
SIGNER = Signer("example.com", [RSA, ED25519])
RECORDS = {record_name("example.com", key): record_text(key) for key in (RSA, ED25519)}

HEAD = b"From: Alice <alice@example.com>\r\nTo: bob@example.org\r\nSubject: Hello\r\n"
WHOLE = HEAD + b"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"


def _record(name: bytes, timeout: float = 5) -> bytes:
    return RECORDS[name.decode().rstrip(".")].encode()


def _verdicts(message: bytes) -> list[bool]:
    return [_verdict(message, idx) for idx in (0, 1)]


def _verdict(message: bytes, idx: int) -> bool:
    try:
        return bool(dkim.DKIM(message).verify(idx=idx, dnsfunc=_record))
    except dkim.DKIMException:
        return False


def _signed(message: bytes, blocks: list[bytes] | None = None) -> bytes:
    return SIGNER.sign(blocks or [message], NOW) + message


@pytest.mark.parametrize(
    "body",
    [
        b"Hello.\r\n",
        b"",
        b"\r\n",
        b"\r\n\r\n\r\n",
        b"no line end",
        b"trailing empty lines\r\n\r\n\r\n",
        b"spaces  and\ttabs \t \r\n  at \t both ends  \r\n \r\n",
        b"..dots\r\n.\r\n",
        "Zażółć gęślą jaźń\r\n".encode(),
        b"x" * 5000 + b"\r\n",
    ],
)
def test_both_signatures_verify_whatever_the_body_looks_like(body: bytes) -> None:
    """C-140."""
    assert _verdicts(_signed(WHOLE + b"\r\n" + body)) == [True, True]


@pytest.mark.parametrize(
    "odd",
    [
        b"Subject:  two   spaces \t\r\n",
        b"Subject: folded\r\n\tonce\r\n and twice\r\n",
        b"SUBJECT:no space\r\n",
        b"Reply-To: a@example.com\r\nX-Other: not signed\r\n",
        b"References: <1@a>\r\nReferences: <2@a>\r\n",
    ],
)
def test_both_signatures_verify_whatever_the_header_looks_like(odd: bytes) -> None:
    """C-140."""
    message = b"From: alice@example.com\r\n" + odd + b"\r\nHello.\r\n"
    assert _verdicts(_signed(message)) == [True, True]


@pytest.mark.parametrize(
    "added", [b"From: eve@example.net\r\n", b"Subject: Pay\r\n", b"To: eve@example.net\r\n"]
)
def test_a_second_field_breaks_the_signature(added: bytes) -> None:
    """S-46: the shown fields are oversigned."""
    signed = _signed(WHOLE + b"\r\nHello.\r\n")
    assert _verdicts(signed) == [True, True]
    at = signed.index(b"From: Alice")
    assert _verdicts(signed[:at] + added + signed[at:]) == [False, False]


def test_a_changed_body_breaks_the_signature() -> None:
    """S-47: nothing of the body is outside the signature."""
    signed = _signed(WHOLE + b"\r\nHello.\r\n")
    assert _verdicts(signed + b"More.\r\n") == [False, False]


def test_the_signature_has_no_length_and_an_end() -> None:
    """S-46, S-47: no l=, t= and x= are there, d= is the A-label."""
    signature = Signer("xn--w-uga1v8h.pl", [RSA]).sign([WHOLE + b"\r\nHello.\r\n"], NOW)
    tags = dict(
        tag.strip().split("=", 1)
        for tag in signature.decode().partition(":")[2].replace("\r\n", "").split(";")
    )
    assert "l" not in tags
    assert tags["d"] == "xn--w-uga1v8h.pl"
    assert int(tags["x"]) - int(tags["t"]) == 7 * 24 * 3600
    assert all(len(line) <= 78 for line in signature.decode().split("\r\n"))


def test_a_record_is_parted_into_strings_a_zone_can_hold() -> None:
    """C-140: TXT strings of at most 255 octets."""
    strings = record_strings(RSA)
    assert "".join(strings) == record_text(RSA)
    assert max(map(len, strings)) <= 255
    assert record_text(RSA).startswith("v=DKIM1; k=rsa; p=")


LINES = st.lists(st.sampled_from([b"", b" ", b"a", b"\t", b"a  b", b" a ", b"..", b"\xc5\xbc"]))


@settings(max_examples=60, deadline=None)
@given(LINES, st.booleans(), st.integers(1, 40))
def test_how_the_body_is_parted_into_blocks_changes_nothing(
    lines: list[bytes], ends: bool, step: int
) -> None:
    body = b"\r\n".join(lines) + (b"\r\n" if ends else b"")
    message = WHOLE + b"\r\n" + body
    blocks = [message[at : at + step] for at in range(0, len(message), step)]
    whole = Signer("example.com", [ED25519]).sign([message], NOW)
    assert Signer("example.com", [ED25519]).sign(blocks, NOW) == whole
    on_the_wire = message if message.endswith(b"\r\n") else message + b"\r\n"
    assert dkim.DKIM(whole + on_the_wire).verify(dnsfunc=_record)
