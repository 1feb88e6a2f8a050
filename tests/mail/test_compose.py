"""The edits on submission: what is added, what is removed, and that nothing else changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.compose import ONCE, Edited, count_hops, edit
from sztafeta.mail.message import HeaderFault, scan
from sztafeta.mail.trace import date_text

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TRACE = b"Received: from here\r\n\tby mx.example.org; now\r\n"
ADDED = b"Message-ID: <0abc@example.com>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
FROM = b"From: alice@example.com\r\n"


def edit_header(message: bytes) -> Edited:
    return edit(
        scan(message),
        trace=TRACE,
        new_message_id="<0abc@example.com>",
        date=date_text(NOW),
        authserv_id="mx.example.org",
    )


def edited(message: bytes) -> bytes:
    return edit_header(message).octets + message[scan(message).body_at :]


def test_every_octet_goes_on_but_for_the_edits_we_announce() -> None:
    """C-063, C-064, C-066, C-067, C-070."""
    kept = b"From:  Alice\t<alice@example.com>\r\nX-Odd:\xff  \r\n\tfolded \r\n"
    removed = b"Bcc: eve@example.net\r\nReturn-Path: <x@example.net>\r\nDelivered-To: y\r\n"
    body = b"\r\n\r\n.dots\x00 and \xff\r\n"
    assert edited(removed + kept + b"X-Sztafeta-Tag: a\r\n" + body) == TRACE + ADDED + kept + body


@pytest.mark.parametrize(
    "field",
    [
        b"Bcc: eve@example.net\r\n",
        b"BCC : eve@example.net,\r\n\tmallory@example.net\r\n",
        b"Resent-Bcc: eve@example.net\r\n",
        b"Return-Path: <eve@example.net>\r\n",
        b"Delivered-To: eve@example.net\r\n",
        b"X-Sztafeta-Customer: 7\r\n",
        b"x-SZTAFETA-Anything\t:\r\n 7\r\n",
    ],
)
def test_fields_that_no_receiver_may_see_are_removed_wherever_they_stand(field: bytes) -> None:
    """C-066, C-067, S-42."""
    for message in (field + FROM, FROM + field, FROM + field + field):
        assert edited(message + b"\r\nHi\r\n") == TRACE + ADDED + FROM + b"\r\nHi\r\n"


@pytest.mark.parametrize(
    "claim",
    [
        b"mx.example.org; dkim=pass",
        b"MX.Example.ORG 1; spf=pass",
        b"\r\n\tmx.example.org;\r\n\tdmarc=pass",
        b"(a; b) mx.example.org; dkim=pass",
        b"(nested (deep (er))) mx.example.org (x); dkim=pass",
        b'"mx.example.org"; dkim=pass',
        b'"mx\\.example.org"; dkim=pass',
        b"mx.example.org.; dkim=pass",
        b"(paren \\) still) mx.example.org; none",
    ],
)
def test_forged_results_of_ours_are_removed(claim: bytes) -> None:
    """S-42 (RFC 8601 §5)."""
    forged = b"Authentication-Results: " + claim + b"\r\n"
    assert edited(forged + FROM + b"\r\n") == TRACE + ADDED + FROM + b"\r\n"


@pytest.mark.parametrize(
    "claim", [b"mx.example.net; spf=pass (mx.example.org)", b"(mx.example.org) other; none", b""]
)
def test_results_of_others_go_on(claim: bytes) -> None:
    theirs = b"Authentication-Results: " + claim + b"\r\n"
    assert edited(theirs + FROM + b"\r\n") == TRACE + ADDED + theirs + FROM + b"\r\n"


@pytest.mark.parametrize("mark", [b"(", b"()", b"\\", b")"])
def test_a_storm_of_comments_costs_one_pass(mark: bytes) -> None:
    """S-53."""
    storm = b"Authentication-Results: " + mark * (90_000 // len(mark)) + b"\r\n"
    assert storm in edited(storm + FROM + b"\r\n")


def test_signatures_and_traces_of_others_go_on_below_ours() -> None:
    """S-42: what came with the message is neither hidden nor taken for ours."""
    theirs = b"Received: from a by b; c\r\nDKIM-Signature: v=1; d=example.net; b=x\r\n"
    assert edited(theirs + FROM + b"\r\n") == TRACE + ADDED + theirs + FROM + b"\r\n"


def test_a_date_and_a_message_id_of_the_client_are_kept_even_when_bad() -> None:
    """C-063, C-064."""
    message = b"From: a@example.com\r\nDate: yesterday\r\nMessage-ID: none\r\n\r\nHi\r\n"
    assert edited(message) == TRACE + message
    assert edit_header(message).message_id == "none"


@pytest.mark.parametrize("name", ONCE)
def test_a_field_that_may_stand_once_is_refused_when_it_stands_twice(name: bytes) -> None:
    """C-064, S-42."""
    with pytest.raises(HeaderFault, match="2"):
        edited(FROM + name + b": x\r\n" + name.upper() + b" : y\r\n\r\n")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (FROM + b"\r\n", TRACE + ADDED + FROM + b"\r\n"),
        (FROM, TRACE + ADDED + FROM + b"\r\n"),
        (FROM[:-2], TRACE + ADDED + FROM + b"\r\n"),
        (b"\r\nonly a body", TRACE + ADDED + b"\r\nonly a body"),
        (b"\r\n", TRACE + ADDED + b"\r\n"),
        (b"", TRACE + ADDED + b"\r\n"),
    ],
)
def test_a_message_without_a_part_of_it_has_a_defined_result(
    message: bytes, expected: bytes
) -> None:
    """C-068."""
    assert edited(message) == expected


def test_the_subject_and_the_message_id_are_there_for_display() -> None:
    """C-064."""
    given_id = b"Message-ID:\r\n <1@example.com>\r\nSubject: =?utf-8?q?=C5=BB=C3=B3=C5=82w?=\r\n"
    shown = edit_header(FROM + given_id)
    assert (shown.message_id, shown.subject) == ("<1@example.com>", "Żółw")
    plain = edit_header(FROM)
    assert (plain.message_id, plain.subject) == ("<0abc@example.com>", "")


def test_hops_are_counted() -> None:
    """S-50."""
    assert count_hops(scan(b"Received: x\r\n" * 51 + b"\r\n")) == 51
    assert count_hops(scan(FROM)) == 0


NAMES = st.sampled_from(
    [b"From", b"X-Any", b"Bcc", b"BCC ", b"Comments", b"X-Sztafeta-A", b"Received", b"Keywords"]
)
VALUES = st.lists(
    st.sampled_from([b" a", b"\t", b"\r\n ", b"\xff", b":", b"Bcc: b", b"\r\n\tBcc: c", b""]),
    max_size=5,
).map(b"".join)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8), st.binary(max_size=30))
def test_removing_leaves_the_octets_and_the_order_of_the_rest(
    fields: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """C-070."""
    lines = [(name.strip().lower(), name + b":" + value + b"\r\n") for name, value in fields]
    message = b"".join(line for _, line in lines) + b"\r\n" + body
    kept = [line for name, line in lines if name not in (b"bcc", b"x-sztafeta-a")]
    assert edited(message) == TRACE + ADDED + b"".join(kept) + b"\r\n" + body
