"""DKIM verdicts: keys come from the look-up, every signature is judged, nothing strange makes it fail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sztafeta.account.sending_domain import KeyAlgorithm
from sztafeta.inbox.verification import verify
from sztafeta.mail.dkim import Signer, make_key, record_name, record_text

CONTENT = (
    b"From: Alice <alice@example.com>\r\nTo: bob@example.org\r\nSubject: Hello\r\n"
    b"Date: Tue, 24 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\nHello Bob\r\n"
)
KEYS = (make_key("r1", KeyAlgorithm.RSA), make_key("e1", KeyAlgorithm.ED25519))
RECORDS = {record_name("example.com", key): record_text(key) for key in KEYS}


async def look_up(name: str) -> str | None:
    return RECORDS.get(name)


async def nothing(name: str) -> str | None:
    return None


def signed() -> bytes:
    return Signer("example.com", KEYS).sign([CONTENT], datetime.now(UTC)) + CONTENT


async def test_both_signatures_pass() -> None:
    verdicts = await verify(signed(), look_up)
    assert {(one.algorithm, one.passed, one.reason) for one in verdicts} == {
        ("rsa-sha256", True, ""),
        ("ed25519-sha256", True, ""),
    }


async def test_a_changed_text_fails_with_a_reason() -> None:
    for one in await verify(signed().replace(b"Hello Bob", b"Hello Rob"), look_up):
        assert not one.passed
        assert one.reason


async def test_an_unknown_key_is_said() -> None:
    for one in await verify(signed(), nothing):
        assert one.reason == "no public key is known for this selector"


async def test_without_a_signature_there_is_no_verdict() -> None:
    assert await verify(CONTENT, look_up) == []


@pytest.mark.parametrize(
    "field",
    [
        b"DKIM-Signature: \r\n",
        b"DKIM-Signature: nonsense\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=\xff; s=\xfe\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=r1; h=from; bh=x; b=y\r\n",
        b"DKIM-Signature: v=1; a=ed25519-sha256; d=example.com; s=e1; h=from; bh=%; b=%\r\n",
    ],
)
async def test_a_strange_signature_fails_and_nothing_else_does(field: bytes) -> None:
    (one,) = await verify(field + CONTENT, look_up)
    assert not one.passed
    assert one.reason


async def test_a_flood_of_signatures_is_cut() -> None:
    assert len(await verify(b"DKIM-Signature: v=1\r\n" * 500 + CONTENT, nothing)) == 10
