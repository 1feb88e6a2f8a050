"""Notices, read back with the standard library's parser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import Message

import pytest

from sztafeta.mail.address import Mailbox
from sztafeta.mail.dsn import Action, Report, Reported, compose_notice

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
BOB = Reported(
    mailbox=Mailbox("bob", "example.org"),
    original="rfc822;bob+x@example.org",
    action=Action.FAILED,
    status="5.1.1",
    diagnostic="550 5.1.1 no such user " + "here " * 40,
    remote="mx.example.org",
    last_attempt=NOW,
)
HEADER = b"From: alice@example.com\r\nSubject: Hi\r\n"
UTF8_HEADER = "From: alice@example.com\r\nSubject: Zażółć\r\n".encode()
ZANETA = Mailbox("żaneta", "example.com")
ZOLW = replace(
    BOB,
    mailbox=Mailbox("żół+w", "example.org"),
    original=None,
    diagnostic="550 Nie ma takiej skrzynki: żółw",
)
REPORT = Report(
    reporting_host="mail.example.net",
    notice_id="0notice",
    to=Mailbox("alice", "example.com"),
    envelope_id="q+1",
    queue_id="0abc",
    arrived_at=NOW - timedelta(hours=1),
    now=NOW,
    recipients=(BOB,),
    header=HEADER,
    whole=HEADER + b"\r\nbody\r\n",
)


def _parts(report: Report) -> tuple[Message, list[Message]]:
    octets = compose_notice(report)
    assert b"\n" not in octets.replace(b"\r\n", b"")
    whole = message_from_bytes(octets, policy=policy.compat32)
    parts = whole.get_payload()
    assert isinstance(parts, list)
    return whole, parts  # type: ignore[return-value]


def _text(part: Message) -> str:
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets.decode()


def _status_fields(part: Message) -> list[Message]:
    blocks = part.get_payload()
    if isinstance(blocks, list):
        return blocks  # type: ignore[return-value]
    texts = part.get_payload(decode=True).strip().split(b"\r\n\r\n")  # type: ignore[union-attr]
    return [message_from_bytes(text) for text in texts]


def test_a_failure_notice_has_the_three_parts_of_a_report() -> None:
    """C-084."""
    whole, parts = _parts(REPORT)
    assert whole.get_content_type() == "multipart/report"
    assert whole.get_param("report-type") == "delivery-status"
    assert [part.get_content_type() for part in parts] == [
        "text/plain",
        "message/delivery-status",
        "message/rfc822",
    ]
    message, recipient = _status_fields(parts[1])
    assert message["Reporting-MTA"] == "dns; mail.example.net"
    assert message["Original-Envelope-Id"] == "q+1"
    assert recipient["Original-Recipient"] == "rfc822;bob+x@example.org"
    assert recipient["Final-Recipient"] == "rfc822; bob@example.org"
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.1.1")
    assert recipient["Remote-MTA"] == "dns; mx.example.org"
    assert recipient["Diagnostic-Code"].startswith("smtp; 550 5.1.1 no such user")


def test_a_notice_says_that_it_is_automatic_and_from_whom() -> None:
    """C-089, S-50."""
    whole, _ = _parts(REPORT)
    assert whole["Auto-Submitted"] == "auto-replied"
    assert whole["To"] == "<alice@example.com>"
    assert "mailer-daemon@mail.example.net" in whole["From"]
    assert whole["Message-ID"] == "<0notice@mail.example.net>"


def test_ret_hdrs_returns_the_header_alone() -> None:
    """C-087."""
    _, parts = _parts(replace(REPORT, whole=None))
    assert parts[2].get_content_type() == "text/rfc822-headers"
    assert parts[2].get_payload(decode=True) == HEADER.rstrip() + b"\r\n"


def test_an_international_author_gets_the_international_parts() -> None:
    """C-088: the way to an international address takes UTF-8 in any case."""
    report = replace(REPORT, to=ZANETA, recipients=(ZOLW,), header=UTF8_HEADER)
    _, parts = _parts(replace(report, whole=None))
    kinds = [part.get_content_type() for part in parts]
    assert kinds[1:] == ["message/global-delivery-status", "message/global-headers"]
    assert "utf-8; żół+w@example.org".encode() in compose_notice(report)


def test_a_message_with_an_international_header_is_returned_as_message_global() -> None:
    """C-088: its header may be UTF-8 where every address is ASCII but the author's (RFC 6532 §3.7)."""
    report = replace(REPORT, to=ZANETA, header=UTF8_HEADER, whole=UTF8_HEADER + b"\r\nbody\r\n")
    _, parts = _parts(report)
    assert parts[2].get_content_type() == "message/global"
    assert UTF8_HEADER + b"\r\nbody" in compose_notice(report)
    _, parts = _parts(replace(report, header=HEADER, whole=HEADER + "\r\nżółw\r\n".encode()))
    assert parts[2].get_content_type() == "message/rfc822"


def test_every_other_author_gets_an_international_address_in_ascii() -> None:
    """C-088, C-033: `utf-8` and the address as utf-8-addr-xtext."""
    octets = compose_notice(replace(REPORT, recipients=(ZOLW,)))
    _, parts = _parts(replace(REPORT, recipients=(ZOLW,)))
    assert octets.isascii()
    assert parts[1].get_content_type() == "message/delivery-status"
    _, recipient = _status_fields(parts[1])
    assert recipient["Final-Recipient"] == r"utf-8; \x{17C}\x{F3}\x{142}\x{2B}w@example.org"
    assert (
        recipient["Diagnostic-Code"] == r"smtp; 550 Nie ma takiej skrzynki: \x{17C}\x{F3}\x{142}w"
    )
    assert "<żół+w@example.org>" in _text(parts[0])


@pytest.mark.parametrize("returns_whole", [True, False])
def test_a_header_beyond_ascii_is_returned_alone_and_encoded(*, returns_whole: bool) -> None:
    """C-033, C-087: message/rfc822 can be 8-bit and is never encoded (RFC 2045 §6.4)."""
    whole = UTF8_HEADER + b"\r\nbody\r\n" if returns_whole else None
    report = replace(REPORT, header=UTF8_HEADER, whole=whole)
    _, parts = _parts(report)
    assert compose_notice(report).isascii()
    assert parts[2].get_content_type() == "text/rfc822-headers"
    assert _text(parts[2]).strip() == UTF8_HEADER.decode().strip()
    assert ("Only the header" in _text(parts[0])) is returns_whole


def test_an_8bit_body_is_not_returned() -> None:
    """C-033."""
    report = replace(REPORT, whole=HEADER + "\r\nzażółć\r\n".encode())
    _, parts = _parts(report)
    assert compose_notice(report).isascii()
    assert parts[2].get_content_type() == "text/rfc822-headers"
    assert _text(parts[2]).strip() == HEADER.decode().strip()
    assert "Only the header of your message is returned" in _text(parts[0])


def test_a_delay_notice_says_until_when_it_is_tried() -> None:
    """C-086."""
    late = replace(
        BOB, action=Action.DELAYED, status="4.4.1", retry_until=NOW + timedelta(hours=44)
    )
    _, parts = _parts(replace(REPORT, recipients=(late,)))
    _, recipient = _status_fields(parts[1])
    assert recipient["Action"] == "delayed"
    assert recipient["Will-Retry-Until"] == "Thu, 26 Nov 2026 06:00:00 +0000"


def test_foreign_text_makes_no_lines_of_its_own() -> None:
    """S-52."""
    evil = replace(BOB, diagnostic="550 x\r\nAction: delivered\r\n\r\n--boundary", remote="a\r\nb")
    octets = compose_notice(replace(REPORT, recipients=(evil,)))
    assert b"\r\nAction: delivered" not in octets
    assert b"\r\n--boundary" not in octets


def test_lines_stay_short() -> None:
    """C-145."""
    assert max(map(len, compose_notice(REPORT).split(b"\r\n"))) <= 998
    text = compose_notice(REPORT).split(b"message/delivery-status")[1]
    assert max(map(len, text.split(b"\r\n"))) <= 100
