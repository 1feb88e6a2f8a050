"""Delivery status notifications: the report that tells an author what became of a message.

multipart/report (RFC 6522) of three parts: a text for people, message/delivery-status for programs
(RFC 3464), and the returned message or its header (RFC 3461 §6.2). All is 7-bit, for a notice that a hop
without 8BITMIME refuses is lost. Only the way to an international author takes UTF-8 (RFC 6531 §3.1): there
the parts are those of RFC 6533. Whether a notice is wanted is decided elsewhere (`service/notices.py`).
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from sztafeta.mail.address import Mailbox
from sztafeta.mail.mime import encode_text
from sztafeta.mail.trace import date_text

FULL_UP_TO: Final = 64 * 1024
"""Octets up to which a message is returned whole; of a bigger one the header is."""
_FOLD_AT: Final = 76
_NO_QCHAR = re.compile(r"[^!-*,-<>-\[\]-~]")
_NO_ASCII = re.compile(r"[^\x00-\x7f]")


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

    @property
    def takes_utf8(self) -> bool:
        """Whether its way takes UTF-8 in any case: the address of the author does not go otherwise."""
        return self.to.needs_smtputf8

    @property
    def returned_whole(self) -> bytes | None:
        """The message where it can be returned whole: message/rfc822 has no encoding (RFC 2045 §6.4)."""
        return self.whole if self.whole is None or self.takes_utf8 or self.whole.isascii() else None


_SUBJECTS: Final = {
    Action.FAILED: "Undelivered mail returned to sender",
    Action.DELAYED: "Delayed mail (still being retried)",
    Action.DELIVERED: "Successful mail delivery report",
    Action.RELAYED: "Mail was relayed; no further report will come",
}
_HEADER_ALONE: Final = (
    "Only the header of your message is returned: the message has letters beyond",
    "ASCII, and not every mail system on the way back to you takes those.",
)
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
    boundary = f"=_{report.notice_id}_{report.queue_id}"
    parts = (_for_people(report, action), _for_programs(report), _returned(report))
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
    if report.whole is not report.returned_whole:
        text += [*_HEADER_ALONE, ""]
    text.append(f"Queue-id: {report.queue_id}")
    coding, octets = encode_text("\n".join(text))
    return _part("text/plain; charset=utf-8", coding, octets)


def _for_programs(report: Report) -> bytes:
    fields = [
        f"Reporting-MTA: dns; {report.reporting_host}",
        f"X-Queue-Id: {report.queue_id}",
        f"Arrival-Date: {date_text(report.arrived_at)}",
    ]
    if report.envelope_id is not None:
        fields.insert(0, f"Original-Envelope-Id: {_one_line(report.envelope_id)}")
    for one in report.recipients:
        fields += ["", *_recipient_fields(one, takes_utf8=report.takes_utf8)]
    octets = _lines(*fields, "")
    if octets.isascii():
        return _part("message/delivery-status", "7bit", octets)
    return _part("message/global-delivery-status", "8bit", octets)  # RFC 6533 §4


def _recipient_fields(one: Reported, *, takes_utf8: bool) -> list[str]:
    address, diagnostic = str(one.mailbox), one.diagnostic
    kind = "utf-8" if one.mailbox.needs_smtputf8 else "rfc822"
    if not takes_utf8:
        address = _addr_xtext(address) if kind == "utf-8" else address
        diagnostic = _NO_ASCII.sub(_embedded, diagnostic)
    fields = [] if one.original is None else [f"Original-Recipient: {_one_line(one.original)}"]
    fields += [
        f"Final-Recipient: {kind}; {address}",
        f"Action: {one.action.value}",
        f"Status: {one.status}",
    ]
    if one.remote:
        fields.append(f"Remote-MTA: dns; {_one_line(one.remote)}")
    if diagnostic:
        fields.append("\r\n\t".join(_wrap(f"Diagnostic-Code: smtp; {diagnostic}")))
    fields.append(f"Last-Attempt-Date: {date_text(one.last_attempt)}")
    if one.retry_until is not None:
        fields.append(f"Will-Retry-Until: {date_text(one.retry_until)}")
    return fields


def _returned(report: Report) -> bytes:
    """Return the message or its header (RFC 3461 §6.2, RFC 6522 §4)."""
    header, whole = report.header, report.returned_whole
    if whole is not None:
        kind = "message/rfc822" if header.isascii() else "message/global"  # RFC 6532 §3.7
        return _part(kind, "7bit" if whole.isascii() else "8bit", whole)
    if header.isascii():
        return _part("text/rfc822-headers", "7bit", header)
    if report.takes_utf8:
        return _part("message/global-headers", "8bit", header)  # RFC 6533 §6.3
    octets = b2a_qp(header, istext=True)  # RFC 6522 §4
    return _part("text/rfc822-headers; charset=utf-8", "quoted-printable", octets)


def _part(kind: str, coding: str, octets: bytes) -> bytes:
    return _lines(f"Content-Type: {kind}", f"Content-Transfer-Encoding: {coding}", "", "") + octets


def _addr_xtext(address: str) -> str:
    """Write an international address in ASCII (utf-8-addr-xtext, RFC 6533 §3)."""
    return _NO_QCHAR.sub(_embedded, address)


def _embedded(char: re.Match[str]) -> str:
    """Write a character as an EmbeddedUnicodeChar (RFC 6533 §3)."""
    return f"\\x{{{ord(char[0]):02X}}}"


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
