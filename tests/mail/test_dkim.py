"""Our signatures, judged by dkimpy over messages of any shape (C-140, S-46, S-47)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

import dkim
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sztafeta.mail.address import AddressFault
from sztafeta.mail.dkim import (
    OVERSIGNED,
    SIGNED_IF_PRESENT,
    BodyHash,
    Signer,
    make_key,
    record_name,
    record_text,
)
from sztafeta.mail.dkim_key import KeyAlgorithm
from sztafeta.smtp.outgoing import stuffed

NOW = datetime.now(UTC)
DOMAIN = "example.com"
RSA = make_key("r1", KeyAlgorithm.RSA)
ED25519 = make_key("e1", KeyAlgorithm.ED25519)
BOTH = Signer(DOMAIN, [RSA, ED25519])
LIGHT = Signer(DOMAIN, [ED25519])
RECORDS = {record_name(DOMAIN, key): record_text(key) for key in (RSA, ED25519)}

FROM = b"From: Alice <alice@example.com>\r\n"
HEAD = FROM + b"To: bob@example.org\r\nSubject: Hello\r\n"
WHOLE = HEAD + b"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n"


def record_of(name: bytes, timeout: float = 5) -> bytes:
    return RECORDS[name.decode().rstrip(".")].encode()


def verdict(message: bytes, idx: int = 0) -> bool:
    try:
        return bool(dkim.DKIM(message).verify(idx=idx, dnsfunc=record_of))
    except dkim.DKIMException:
        return False


def verdicts(message: bytes) -> list[bool]:
    return [verdict(message, idx) for idx in (0, 1)]


def signed(message: bytes, signer: Signer = BOTH) -> bytes:
    return signer.sign([message], NOW) + message


def tags_of(signature: bytes) -> dict[str, str]:
    unfolded = signature.decode().partition(":")[2].replace("\r\n\t", " ").strip()
    return dict(tag.strip().split("=", 1) for tag in unfolded.split(";"))


def on_the_wire(message: bytes) -> bytes:
    """Give what the receiver stores: the last line has an end, whatever was signed."""
    return stuffed(message)[:-3].replace(b"\r\n.", b"\r\n")


# -- bodies and headers, one by one ------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"Hello.\r\n",
        b"",
        b"\r\n",
        b"\r\n\r\n\r\n",
        b" \t\r\n \r\n",
        b"no line end",
        b"white space at the end \t",
        b"trailing empty lines\r\n\r\n\r\n",
        b"trailing white lines\r\n \t\r\n\t\r\n",
        b"spaces  and\ttabs \t \r\n  at \t both ends  \r\n \r\n",
        b"..dots\r\n.\r\n",
        b"form\x0cfeed \x0b vertical\x0b\r\n\x0c\r\n",
        b"nul\x00 \x00\r\n",
        "Zażółć gęślą jaźń\r\n".encode(),
        b"x" * 5000 + b"\r\n",
    ],
)
def test_both_signatures_verify_whatever_the_body_looks_like(body: bytes) -> None:
    """C-140."""
    assert verdicts(on_the_wire(signed(WHOLE + b"\r\n" + body))) == [True, True]


@pytest.mark.parametrize(
    "odd",
    [
        b"Subject:  two   spaces \t\r\n",
        b"Subject: folded\r\n\tonce\r\n and twice\r\n",
        b"Subject:\r\n folded at once\r\n",
        b"Subject: folds to nothing\r\n \t\r\n",
        b"SUBJECT:no space\r\n",
        b"Subject:\r\n",
        b"Subject: a:b: c\r\n",
        b"Subject: form\x0cfeed  \x0b  inside\r\n",
        "Subject: Zażółć\r\n".encode(),
        b"Reply-To: a@example.com\r\nX-Other: not signed\r\n",
        b"References: <1@a>\r\nReferences: <2@a>\r\n",
        b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\nMIME-Version: 1.0\r\n",
        b"DKIM-Signature: v=1; d=example.net; s=x; h=from; bh=; b=\r\n",
    ],
)
def test_both_signatures_verify_whatever_the_header_looks_like(odd: bytes) -> None:
    """C-140."""
    assert verdicts(signed(FROM + odd + b"\r\nHello.\r\n")) == [True, True]


# -- what the signature holds together ----------------------------------------------------------------


@pytest.mark.parametrize("name", OVERSIGNED)
@pytest.mark.parametrize("place", ["above", "below"])
def test_a_second_field_breaks_the_signature(name: bytes, place: str) -> None:
    """S-46: the shown fields are oversigned, also those that the message does not have."""
    message = signed(WHOLE + b"\r\nHello.\r\n")
    assert verdicts(message) == [True, True]
    at = message.index(b"From: Alice") if place == "above" else message.index(b"\r\n\r\n") + 2
    added = name.title() + b": eve@example.net\r\n"
    assert verdicts(message[:at] + added + message[at:]) == [False, False]


@pytest.mark.parametrize("name", [*OVERSIGNED, *SIGNED_IF_PRESENT])
def test_a_changed_field_breaks_the_signature(name: bytes) -> None:
    """S-46, C-142, C-143."""
    others = b"" if name == b"from" else FROM
    message = signed(others + name + b": alice@example.com\r\n\r\nHello.\r\n")
    assert verdicts(message) == [True, True]
    assert verdicts(message.replace(name + b": alice", name + b": eve")) == [False, False]


def test_a_changed_body_breaks_the_signature() -> None:
    """S-47: nothing of the body is outside the signature."""
    message = signed(WHOLE + b"\r\nHello.\r\n")
    assert verdicts(message + b"More.\r\n") == [False, False]
    assert verdicts(message.replace(b"Hello", b"Help")) == [False, False]


def test_the_signature_has_no_length_and_an_end() -> None:
    """C-140, S-46, S-47: no l=, no SHA-1, t= and x= are there."""
    fields = BOTH.sign([WHOLE + b"\r\nHello.\r\n"], NOW).split(b"DKIM-Signature")[1:]
    for signature, algorithm in zip(fields, ("rsa-sha256", "ed25519-sha256"), strict=True):
        tags = tags_of(signature)
        assert "l" not in tags
        assert (tags["a"], tags["c"], tags["d"]) == (algorithm, "relaxed/relaxed", DOMAIN)
        assert timedelta(seconds=int(tags["x"]) - int(tags["t"])) <= timedelta(days=7)
        assert int(tags["t"]) == int(NOW.timestamp())
        assert tags["h"].replace(" ", "").split(":").count("from") == 2
        assert all(len(line) <= 78 for line in signature.decode().split("\r\n"))


def test_the_validity_can_be_shorter() -> None:
    """S-46."""
    signer = Signer(DOMAIN, [ED25519], valid_for=timedelta(days=3))
    tags = tags_of(signer.sign([WHOLE + b"\r\n"], NOW))
    assert int(tags["x"]) - int(tags["t"]) == 3 * 24 * 3600


def test_a_replayed_signature_ends() -> None:
    """S-46: after x= no verifier takes it."""
    old = BOTH.sign([WHOLE + b"\r\nHi\r\n"], NOW - timedelta(days=8)) + WHOLE + b"\r\nHi\r\n"
    assert verdicts(old) == [False, False]


def test_an_international_domain_is_signed_as_its_a_label() -> None:
    """C-104: d= is the A-label, and the signature verifies under its name in the DNS."""
    signer = Signer("Żółw.pl", [ED25519])
    message = "From: alicja@żółw.pl\r\n\r\nHi\r\n".encode()
    signature = signer.sign([message], NOW)
    assert tags_of(signature)["d"] == "xn--w-uga1v8h.pl"
    asked: list[bytes] = []

    def answer(name: bytes, timeout: float = 5) -> bytes:
        asked.append(name)
        return record_text(ED25519).encode()

    assert dkim.DKIM(signature + message).verify(dnsfunc=answer)
    assert asked == [b"e1._domainkey.xn--w-uga1v8h.pl."]


@pytest.mark.parametrize("domain", ["", "example.com; l=0", "exa mple.com", "a\r\nb.com"])
def test_what_is_no_domain_is_never_signed_for(domain: str) -> None:
    with pytest.raises(AddressFault):
        Signer(domain, [ED25519])


# -- any message, in any blocks ------------------------------------------------------------------------

NAMES = st.sampled_from(
    b"To CC subject Date Message-Id Reply-To References X-Any Sender List-Unsubscribe Received"
    b" MIME-Version Content-Type Comments Feedback-ID".split()
)
VALUES = st.lists(
    st.sampled_from(
        [b"a", b"b:c", b";", b"=", b" ", b"  ", b"\t", b"\r\n ", b"\r\n\t", b"\xc5\xbc"]
    ),
    max_size=6,
).map(b"".join)
FIELDS = st.lists(
    st.builds(lambda name, value: name + b":" + value + b"x\r\n", NAMES, VALUES), max_size=8
)
LINES = st.lists(
    st.lists(
        st.sampled_from([b" ", b"\t", b"a", b".", b"b", b"\xc5\xbc", b"\x0c", b"\0"]), max_size=5
    ).map(b"".join),
    max_size=8,
)
MESSAGES = st.builds(
    lambda above, below, lines, end: (
        b"".join([*above, FROM, *below]) + b"\r\n" + b"\r\n".join(lines) + end
    ),
    FIELDS,
    FIELDS,
    LINES,
    st.sampled_from([b"", b"\r\n", b"\r\n\r\n", b" \r\n\t\r\n", b"end"]),
)
CUTS = st.lists(st.integers(0, 400), max_size=12)


def blocks_of(message: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(message) + 1) for cut in cuts} | {0, len(message)})
    return [message[a:b] for a, b in pairwise(places)]


@settings(max_examples=150)
@given(MESSAGES, CUTS)
@example(FROM + b"\r\n", [1])
@example(FROM + b"\r\na\r\n\r\n", [34, 35, 36, 37])
def test_dkimpy_agrees_about_any_message_in_any_blocks(message: bytes, cuts: list[int]) -> None:
    """S-47: whatever the header set, the body, and how it is parted."""
    signature = LIGHT.sign(blocks_of(message, cuts), NOW)
    assert signature == LIGHT.sign([message], NOW)
    assert verdict(on_the_wire(signature + message))


@settings(max_examples=25)
@given(MESSAGES)
def test_dkimpy_agrees_about_both_kinds_of_key(message: bytes) -> None:
    """C-140, S-47."""
    assert verdicts(on_the_wire(signed(message))) == [True, True]


@settings(max_examples=40)
@given(MESSAGES, st.sampled_from([b"From", b"Subject", b"To"]))
def test_another_shown_field_breaks_any_signature(message: bytes, name: bytes) -> None:
    """S-46."""
    whole = on_the_wire(signed(message, LIGHT))
    assert not verdict(name + b": eve@example.net\r\n" + whole)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_dkimpy_agrees_about_ten_thousand_messages() -> None:
    """S-47: at full size."""
    check = given(MESSAGES)(lambda message: _agree(message))
    settings(max_examples=10_000)(check)()


def _agree(message: bytes) -> None:
    assert verdicts(on_the_wire(signed(message))) == [True, True]


def relaxed(body: bytes) -> bytes:
    """Canonicalise as RFC 6376 §3.4.4 is written, line by line."""
    lines = [re.sub(rb"[ \t]+", b" ", line).removesuffix(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


@given(LINES, CUTS)
def test_the_body_hash_is_that_of_the_rfc(lines: list[bytes], cuts: list[int]) -> None:
    """C-140 (RFC 6376 §3.4.4)."""
    body, hashed = b"\r\n".join(lines), BodyHash()
    for block in blocks_of(body, cuts):
        hashed.update(block)
    assert hashed.finish() == sha256(relaxed(body)).digest()
