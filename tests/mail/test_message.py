"""Reading headers, authors and the edits on submission."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sztafeta.mail.author import authors
from sztafeta.mail.compose import count_hops, edit
from sztafeta.mail.encoded_word import display_text
from sztafeta.mail.message import HeaderFault, scan
from sztafeta.mail.trace import date_text, protocol_word, received_field

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
TRACE = received_field(hostname="mx.example.com", protocol="ESMTPSA", queue_id="0abc", now=NOW)


def _edited(message: bytes) -> bytes:
    header = scan(message)
    edited = edit(header, trace=TRACE, new_message_id="<0abc@example.com>", date=date_text(NOW))
    return edited.octets + message[header.body_at :]


def _domains(*fields: bytes) -> list[str]:
    return [box.domain for box in authors(scan(b"".join(one + b"\r\n" for one in fields)))]


def test_every_octet_goes_on_but_for_the_edits_we_announce() -> None:
    """C-063, C-064, C-066, C-067, C-070."""
    kept = b"From:  Alice\t<alice@example.com>\r\nX-Odd:\xff  \r\n\tfolded \r\n"
    removed = b"Bcc: eve@example.net\r\nReturn-Path: <x@example.net>\r\nDelivered-To: y\r\n"
    body = b"\r\n\r\n.dots\x00 and \xff\r\n"
    expected_head = (
        TRACE
        + b"Message-ID: <0abc@example.com>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
        + kept
    )
    assert _edited(removed + kept + b"X-Sztafeta-Tag: a\r\n" + body) == expected_head + body


def test_a_date_and_a_message_id_of_the_client_are_kept_even_when_bad() -> None:
    """C-063, C-064."""
    message = b"From: a@example.com\r\nDate: yesterday\r\nMessage-ID: none\r\n\r\nHi\r\n"
    assert _edited(message) == TRACE + message


@pytest.mark.parametrize("name", [b"Message-ID", b"Subject", b"Date", b"To"])
def test_a_field_that_may_stand_once_is_refused_when_it_stands_twice(name: bytes) -> None:
    """C-064, S-42."""
    with pytest.raises(HeaderFault, match="2"):
        _edited(b"From: a@example.com\r\n" + 2 * (name + b": x\r\n") + b"\r\n")


@pytest.mark.parametrize(
    ("message", "fields", "body_at"),
    [
        (b"From: a@example.com\r\n\r\nHi", 1, 23),
        (b"From: a@example.com\r\n", 1, 21),
        (b"\r\nonly a body\r\n", 0, 2),
        (b"", 0, 0),
    ],
)
def test_the_border_of_header_and_body_is_defined(
    message: bytes, fields: int, body_at: int
) -> None:
    """C-068."""
    header = scan(message)
    assert (len(header.fields), header.body_at) == (fields, body_at)


@pytest.mark.parametrize(
    "message", [b"From: a\r\nno field\r\n\r\n", b"A: \x00\r\n\r\n", b" folded first: a\r\n\r\n"]
)
def test_a_header_that_can_be_read_in_two_ways_is_refused(message: bytes) -> None:
    """S-09, S-41."""
    with pytest.raises(HeaderFault):
        scan(message)


@pytest.mark.parametrize(
    ("field", "domains"),
    [
        (b"From: alice@Example.COM", ["example.com"]),
        (b"From: Alice <alice@example.com>", ["example.com"]),
        (b'From: "Alice, Ltd" <alice@example.com>', ["example.com"]),
        (b"From: =?utf-8?q?eve=40example=2Enet?= <alice@example.com>", ["example.com"]),
        (b"From: alice@example.com (eve@example.net)", ["example.com"]),
        (b'From: "eve@example.net" <alice@example.com>', ["example.com"]),
        (b"From: Alice\r\n <alice@example.com>", ["example.com"]),
    ],
)
def test_the_author_is_the_one_every_reader_shows(field: bytes, domains: list[str]) -> None:
    """S-41."""
    assert _domains(field) == domains


@pytest.mark.parametrize(
    "fields",
    [
        (b"To: a@example.com",),
        (b"From: a@example.com", b"From: b@example.net"),
        (b"From : a@example.com",),
        (b"From: a@example.com, b@example.net",),
        (b"From: friends: a@example.com;",),
        (b"From: <@example.net:a@example.com>",),
        (b"From: a@example.com <b@example.net> c",),
        (b"From: <a@example.com> <b@example.net>",),
        (b"From: a@example.com@example.net",),
        (b"From: (open a@example.com",),
        (b"From:",),
        (b"From: nobody",),
    ],
)
def test_an_ambiguous_author_is_refused(fields: tuple[bytes, ...]) -> None:
    """C-065, S-41."""
    with pytest.raises(HeaderFault):
        _domains(*fields)


def test_several_authors_need_a_sender() -> None:
    """C-065."""
    both = _domains(b"From: a@example.com, b@example.net", b"Sender: a@example.com")
    assert both == ["example.com", "example.net"]


def test_received_tells_the_protocol_and_not_the_client() -> None:
    """C-025, R-68."""
    text = TRACE.decode()
    assert text.startswith("Received: from ")
    assert "by mx.example.com with ESMTPSA id 0abc;" in text
    assert text.endswith("Tue, 24 Nov 2026 10:00:00 +0000\r\n")
    assert all(len(line) <= 78 for line in text.split("\r\n"))


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ((False, False, False, False), "SMTP"),
        ((True, False, False, False), "ESMTP"),
        ((True, True, False, False), "ESMTPS"),
        ((True, False, True, False), "ESMTPA"),
        ((True, True, True, False), "ESMTPSA"),
        ((True, True, True, True), "UTF8SMTPSA"),
    ],
)
def test_the_protocol_word_is_that_of_the_registry(
    facts: tuple[bool, bool, bool, bool], word: str
) -> None:
    """C-025 (RFC 3848, RFC 6531)."""
    extended, encrypted, authenticated, smtputf8 = facts
    given = protocol_word(
        extended=extended, encrypted=encrypted, authenticated=authenticated, smtputf8=smtputf8
    )
    assert given == word


def test_hops_are_counted() -> None:
    """S-50."""
    assert count_hops(scan(b"Received: x\r\n" * 51 + b"\r\n")) == 51


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"=?utf-8?B?WmHFvMOzxYLEhw==?=", "Zażółć"),
        (b"=?nonsense?Q?a?=", "a"),
        (b"=?utf-8?B?broken", "=?utf-8?B?broken"),
        ("Zażółć".encode(), "Zażółć"),
        (b"a\x1b[31mb", "a [31mb"),
        (b"x" * 500, "x" * 200),
    ],
)
def test_a_subject_is_shown_whatever_it_is(value: bytes, shown: str) -> None:
    assert display_text(value) == shown
