"""Notices, read back with the standard library's parser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import Message

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


def test_an_international_address_gets_the_international_parts() -> None:
    """C-088."""
    zolw = replace(BOB, mailbox=Mailbox("żółw", "example.org"), original=None)
    _, parts = _parts(replace(REPORT, recipients=(zolw,), whole=None))
    kinds = [part.get_content_type() for part in parts]
    assert kinds[1:] == ["message/global-delivery-status", "message/global-headers"]
    assert "utf-8; żółw@example.org".encode() in compose_notice(replace(REPORT, recipients=(zolw,)))


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
