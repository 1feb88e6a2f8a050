"""The Received field that we add."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.address import Mailbox, parse_mailbox
from sztafeta.mail.message import scan
from sztafeta.mail.trace import MAX_LINE, date_text, protocol_word, received_field

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
BOB = parse_mailbox("bob@example.net")


def received(hostname: str = "mx.example.com", forward_path: Mailbox | None = None) -> str:
    return received_field(
        hostname=hostname, protocol="ESMTPSA", queue_id="0abc", now=NOW, forward_path=forward_path
    ).decode("ascii")


def test_received_tells_the_protocol_and_not_the_client() -> None:
    """C-025 (RFC 5321 §4.4)."""
    assert received() == (
        "Received: from authenticated-submission (client address withheld)\r\n"
        "\tby mx.example.com with ESMTPSA id 0abc;\r\n"
        "\tTue, 24 Nov 2026 10:00:00 +0000\r\n"
    )
    assert all(len(line) <= MAX_LINE for line in received().split("\r\n"))


def test_a_single_recipient_may_be_named_and_comes_before_the_date() -> None:
    """C-025 (RFC 5321 §4.4: the semicolon precedes the date alone)."""
    text = received(forward_path=BOB)
    assert text.endswith(
        "id 0abc\r\n\tfor <bob@example.net>;\r\n\tTue, 24 Nov 2026 10:00:00 +0000\r\n"
    )
    assert text.count(";") == 1


def test_an_international_recipient_is_not_named() -> None:
    """RFC 6531 §3.7.3: the field is ASCII, whatever the message is."""
    assert received(forward_path=parse_mailbox("żółw@example.net")) == received()


@given(st.text(max_size=300))
def test_a_name_makes_no_fields_and_no_comments(hostname: str) -> None:
    """R-68, S-43: CR, LF, NUL and 8-bit in a name stay a name."""
    header = scan(received(hostname).encode())
    assert header.names == (b"received",)
    assert header.octets.count(b"(") == 1
    assert header.octets.count(b";") == 1


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ((False, False, False, False), "SMTP"),
        ((False, True, False, True), "SMTP"),
        ((True, False, False, False), "ESMTP"),
        ((True, True, False, False), "ESMTPS"),
        ((True, False, True, False), "ESMTPA"),
        ((True, True, True, False), "ESMTPSA"),
        ((True, False, False, True), "UTF8SMTP"),
        ((True, True, True, True), "UTF8SMTPSA"),
    ],
)
def test_the_protocol_word_is_that_of_the_registry(
    facts: tuple[bool, bool, bool, bool], word: str
) -> None:
    """C-025 (RFC 3848, RFC 6531 §4.3)."""
    extended, encrypted, authenticated, smtputf8 = facts
    found = protocol_word(
        extended=extended, encrypted=encrypted, authenticated=authenticated, smtputf8=smtputf8
    )
    assert found == word


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001
def test_a_date_is_written_in_utc_and_read_back(moment: datetime, offset: int) -> None:
    """C-145 (RFC 5322 §3.3)."""
    there = moment.replace(tzinfo=timezone(timedelta(hours=offset)))
    text = date_text(there)
    assert text.endswith(" +0000")
    assert parsedate_to_datetime(text) == there.replace(microsecond=0)
