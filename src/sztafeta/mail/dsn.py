"""Delivery status notifications: the report that tells an author what became of a message.

multipart/report (RFC 6522) of three parts: a text for people, message/delivery-status for programs
(RFC 3464), and the returned message or its header (RFC 3461 §6.2). With an international address they are
those of RFC 6533. Whether a notice is wanted is decided elsewhere (`service/notices.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from sztafeta.mail.address import Mailbox
from sztafeta.mail.trace import date_text

FULL_UP_TO: Final = 64 * 1024
"""Octets up to which a message is returned whole; of a bigger one the header is."""
_FOLD_AT: Final = 76


class Action(Enum):
    """What happened (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One recipient of the report."""

    mailbox: Mailbox
    original: str | None
    """ORCPT, decoded: `type;address` (RFC 3464 §2.3.1)."""
    action: Action
    status: str
    """Enhanced status, `5.1.1`."""
    diagnostic: str
    """What the other side said; empty when nothing was said."""
    remote: str
    """The host that said it, or empty."""
    last_attempt: datetime
    retry_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a notice is about, and to whom it goes."""

    reporting_host: str
    notice_id: str
    """The notice's own queue-id."""
    to: Mailbox
    envelope_id: str | None
    """ENVID, decoded (RFC 3464 §2.2.1)."""
    queue_id: str
    arrived_at: datetime
    now: datetime
    recipients: Sequence[Reported]
    header: bytes
    """The header section of the message, with its last CRLF, without the empty line."""
    whole: bytes | None
    """The message, if it is to be returned whole (RET=FULL)."""


_SUBJECTS: Final = {
    Action.FAILED: "Undelivered mail returned to sender",
    Action.DELAYED: "Delayed mail (still being retried)",
    Action.DELIVERED: "Successful mail delivery report",
    Action.RELAYED: "Mail was relayed; no further report will come",
}
_OPENINGS: Final = {
    Action.FAILED: "Your message could not be delivered to the recipients below.\n"
    "It will not be tried again.",
    Action.DELAYED: "Your message has not been delivered yet to the recipients below.\n"
    "You need not send it again: it is still being tried.",
    Action.DELIVERED: "Your message was delivered to the recipients below.",
    Action.RELAYED: "Your message was handed to mail systems that do not report back.\n"
    "This is the last notice about the recipients below.",
}


def compose_notice(report: Report) -> bytes:
    """Write the whole notice, with CRLF line ends."""
    action = report.recipients[0].action
    is_international = any(one.mailbox.needs_smtputf8 for one in report.recipients)
    boundary = f"=_{report.notice_id}_{report.queue_id}"
    parts = (
        _for_people(report, action),
        _for_programs(report, international=is_international),
        _returned(report, international=is_international),
    )
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return _header(report, action, boundary) + body + f"--{boundary}--\r\n".encode()


def _header(report: Report, action: Action, boundary: str) -> bytes:
    host = report.reporting_host
    return _lines(
        f"From: Mail Delivery System <mailer-daemon@{host}>",
        f"To: <{report.to}>",
        f"Subject: {_SUBJECTS[action]}",
        f"Date: {date_text(report.now)}",
        f"Message-ID: <{report.notice_id}@{host}>",
        "Auto-Submitted: auto-replied",  # RFC 3834 §5
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        f'\tboundary="{boundary}"',
        "",
        "",
    )


def _for_people(report: Report, action: Action) -> bytes:
    text = [f"This is the mail system at {report.reporting_host}.", "", _OPENINGS[action], ""]
    for one in report.recipients:
        text.append(f"<{one.mailbox}>")
        if one.diagnostic:
            said_by = f"{one.remote} said: " if one.remote else ""
            text += [f"    {line}" for line in _wrap(said_by + one.diagnostic)]
        if one.retry_until is not None:
            text.append(f"    It will be tried until {date_text(one.retry_until)}.")
        text.append("")
    text.append(f"Queue-id: {report.queue_id}")
    return _part("text/plain; charset=utf-8", "\n".join(text).split("\n"))


def _for_programs(report: Report, *, international: bool) -> bytes:
    fields = [
        f"Reporting-MTA: dns; {report.reporting_host}",
        f"X-Queue-Id: {report.queue_id}",
        f"Arrival-Date: {date_text(report.arrived_at)}",
    ]
    if report.envelope_id is not None:
        fields.insert(0, f"Original-Envelope-Id: {_one_line(report.envelope_id)}")
    for one in report.recipients:
        fields += ["", *_recipient_fields(one)]
    # RFC 6533 §3: an international address needs the global form
    kind = "message/global-delivery-status" if international else "message/delivery-status"
    return _part(kind, fields)


def _recipient_fields(one: Reported) -> list[str]:
    kind = "utf-8" if one.mailbox.needs_smtputf8 else "rfc822"
    fields = [] if one.original is None else [f"Original-Recipient: {_one_line(one.original)}"]
    fields += [
        f"Final-Recipient: {kind}; {one.mailbox}",
        f"Action: {one.action.value}",
        f"Status: {one.status}",
    ]
    if one.remote:
        fields.append(f"Remote-MTA: dns; {_one_line(one.remote)}")
    if one.diagnostic:
        fields.append("\r\n\t".join(_wrap(f"Diagnostic-Code: smtp; {one.diagnostic}")))
    fields.append(f"Last-Attempt-Date: {date_text(one.last_attempt)}")
    if one.retry_until is not None:
        fields.append(f"Will-Retry-Until: {date_text(one.retry_until)}")
    return fields


def _returned(report: Report, *, international: bool) -> bytes:
    """Return the message or its header (RFC 3461 §6.2, RFC 6522 §4)."""
    if report.whole is not None:
        kind, octets = "message/global" if international else "message/rfc822", report.whole
    else:
        kind = "message/global-headers" if international else "text/rfc822-headers"
        octets = report.header
    coding = "7bit" if octets.isascii() else "8bit"
    head = _lines(f"Content-Type: {kind}", f"Content-Transfer-Encoding: {coding}", "", "")
    return head + octets


def _part(kind: str, lines: Sequence[str]) -> bytes:
    content = _lines(*lines)
    coding = "7bit" if content.isascii() else "8bit"
    head = _lines(f"Content-Type: {kind}", f"Content-Transfer-Encoding: {coding}", "", "")
    return head + content + b"\r\n"


def _lines(*lines: str) -> bytes:
    return "\r\n".join(lines).encode("utf-8", "replace")


def _one_line(text: str) -> str:
    """Keep foreign text from making lines of its own."""
    return "".join(char if char.isprintable() else "?" for char in text)[:900]


def _wrap(text: str) -> list[str]:
    """Fold at spaces; a word longer than a line is left whole."""
    lines, line = [], ""
    for word in _one_line(text).split(" "):
        if line and len(line) + len(word) + 1 > _FOLD_AT:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]
