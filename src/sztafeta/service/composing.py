"""Composing: what the header of an incoming message must be, and what we change in it.

The header must be readable in one way only, its authors must be the account's own, and it must not have been
round the world; then `mail/compose` edits it. Everything here is decided on the header alone, before a big
body is on disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from sztafeta.account.api_key import Mode
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.delivery.queue_id import to_text
from sztafeta.delivery.timing import Timing, TimingFault, plan_timing
from sztafeta.mail.address import Mailbox
from sztafeta.mail.author import authors, parse_mailbox_list
from sztafeta.mail.compose import count_hops, edit
from sztafeta.mail.control_fields import NO_WISHES, ControlFault, Wishes, read_wishes
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.mail.message import MAX_HEADER, Header, HeaderFault, scan
from sztafeta.mail.trace import date_text, protocol_word, received_field
from sztafeta.service.rejection import Rejection
from sztafeta.service.sender_rule import refuse_domains
from sztafeta.smtp.reply import reply
from sztafeta.value import value

MAX_HOPS = 50
"""Received fields of a message that is not in a loop (RFC 5321 §6.3); a submission has few."""
OTHER_IDENTITIES = frozenset({b"sender", b"resent-from", b"resent-sender"})
"""Fields beside From that claim to say who sends (RFC 5322 §3.6.2, §3.6.6)."""

IN_A_LOOP = Rejection(
    reply=reply(554, "5.4.6", "The message has been through too many servers: it is in a loop"),
    http_status=422,
    code="mail-loop",
    fix="Find out which server sends our mail back to us.",
)
HEADER_TOO_BIG = Rejection(
    reply=reply(552, "5.6.0", f"The header has more than {MAX_HEADER} octets; shorten it"),
    http_status=422,
    code="header-too-big",
    fix="Shorten the header of the message.",
)
HEADER_NOT_ASCII = Rejection(
    reply=reply(
        550,
        "5.6.7",
        "The header holds letters outside ASCII: encode them (RFC 2047), or say SMTPUTF8 in MAIL",
    ),
    http_status=422,
    code="header-not-ascii",
    fix="Encode the header's fields as RFC 2047 has it.",
)


class Origin(Protocol):
    """How a message comes in, for Received and for the history."""

    def protocol(self, envelope: Envelope) -> str:
        """Give the `with` word of Received."""

    def as_history(self, envelope: Envelope) -> dict[str, Any]:
        """Give what the store keeps."""


@value(frozen=True, slots=True, kw_only=True)
class Source:
    """The origin of what comes over an SMTP connection."""

    listener: str
    address: str
    """The client's IP address; kept for the history, never written into the message."""
    client_name: str
    """What the client called itself."""
    extended: bool
    """It spoke ESMTP."""
    tls: str
    """TLS version and cipher, or empty."""

    def protocol(self, envelope: Envelope) -> str:
        """Give the `with` word of Received (RFC 3848, RFC 6531 §4.3); whoever submits has logged in."""
        return protocol_word(
            extended=self.extended,
            encrypted=bool(self.tls),
            authenticated=True,
            smtputf8=envelope.smtputf8,
        )

    def as_history(self, envelope: Envelope) -> dict[str, Any]:
        """Give what the store keeps."""
        return {
            "listener": self.listener,
            "address": self.address,
            "client": self.client_name,
            "tls": self.tls,
            "protocol": self.protocol(envelope),
        }


@value(frozen=True, slots=True, kw_only=True)
class Submission:
    """Who wants what sent to whom; the content follows."""

    account: SmtpAccount
    envelope: Envelope
    """Without forward-paths."""
    forward_paths: tuple[ForwardPath, ...]
    """Each mailbox once."""
    source: Origin
    mode: Mode = Mode.LIVE
    submission_id: int | None = None
    """The call it came with; None: it came alone."""
    wishes: Wishes = NO_WISHES
    """What was asked for beside the message; what its own control fields say comes before."""


@value(frozen=True, slots=True, kw_only=True)
class Composed:
    """What became of the header."""

    header: bytes
    """With our edits, up to and including the empty line."""
    body_at: int
    """Where the body begins in what was received."""
    header_message_id: str
    subject: str
    signing_domain: str | None
    """The author's domain, when it is one of the customer's."""
    timing: Timing
    wishes: Wishes = NO_WISHES
    original: Header | None = None
    """The header as it came, when a template takes the place of the content."""


class Composer:
    """Checks and edits headers."""

    def __init__(self, hostname: str, *, max_hops: int = MAX_HOPS) -> None:
        """`hostname` is what stands in Received."""
        self._hostname = hostname
        self._max_hops = max_hops

    def compose(
        self, submission: Submission, message_id: int, now: datetime, received: bytes
    ) -> Composed | Rejection:
        """Judge what begins with a whole header, and edit it."""
        if _has_big_header(received):
            return HEADER_TOO_BIG
        try:
            header = scan(received)
            authors_found = authors(header)
            rejection = self._judge(submission, header, authors_found)
            if rejection is not None:
                return rejection
            return self._edit(submission, header, authors_found[0].domain, message_id, now)
        except HeaderFault as fault:
            return _malformed(fault)
        except ControlFault as fault:
            return _disobeyed(str(fault))
        except TimingFault as fault:
            return _disobeyed(f"{_FIELDS[fault.field]}: {fault}")

    def _judge(
        self, submission: Submission, header: Header, authors_found: tuple[Mailbox, ...]
    ) -> Rejection | None:
        if count_hops(header) >= self._max_hops:
            return IN_A_LOOP
        if not (submission.envelope.smtputf8 or header.is_ascii):
            return HEADER_NOT_ASCII  # RFC 6532 §3.6
        account = submission.account
        rejection = refuse_domains(account, [author.domain for author in authors_found])
        if rejection is not None or OTHER_IDENTITIES.isdisjoint(header.names):
            return rejection
        return refuse_domains(account, _other_domains(header))

    def _edit(
        self,
        submission: Submission,
        header: Header,
        author_domain: str,
        message_id: int,
        now: datetime,
    ) -> Composed:
        wishes = read_wishes(header)
        if wishes is NO_WISHES:
            wishes = submission.wishes
        timing = plan_timing(
            now,
            send_at=wishes.send_at,
            expires_at=wishes.expires_at,
            ttl=submission.account.ttl,
        )
        queue_id = to_text(message_id)
        protocol = submission.source.protocol(submission.envelope)
        edited = edit(
            header,
            trace=received_field(
                hostname=self._hostname, protocol=protocol, queue_id=queue_id, now=now
            ),
            new_message_id=f"<{queue_id}@{author_domain}>",
            date=date_text(now),
            authserv_id=self._hostname,
        )
        is_own = author_domain in submission.account.sending_domains
        return Composed(
            header=edited.octets,
            body_at=header.body_at,
            header_message_id=edited.message_id,
            subject=edited.subject,
            signing_domain=author_domain if is_own else None,
            wishes=wishes,
            timing=timing,
            original=header if wishes.template else None,
        )


def _has_big_header(received: bytes) -> bool:
    """Say whether no header within the limit ends here; cheap for all that is small."""
    if len(received) <= MAX_HEADER or received.startswith(b"\r\n"):
        return False
    return received.find(b"\r\n\r\n", 0, MAX_HEADER + 4) < 0


def _other_domains(header: Header) -> Iterator[str]:
    """Give the domains of the fields that stand beside From (S-40)."""
    for field in header.fields:
        if field.name in OTHER_IDENTITIES:
            text = field.value.decode("utf-8", "surrogateescape")
            yield from (mailbox.domain for mailbox in parse_mailbox_list(text))


def _malformed(fault: HeaderFault) -> Rejection:
    return Rejection(
        reply=reply(550, "5.6.0", f"Malformed message: {fault}"),
        http_status=422,
        code="header-malformed",
        fix="Write the header as RFC 5322 has it.",
    )


_FIELDS = {"send_at": "X-Send-At", "expires_at": "X-Expires-At"}


def _disobeyed(text: str) -> Rejection:
    return Rejection(
        reply=reply(550, "5.6.0", text),
        http_status=422,
        code="control-field",
        fix="Write the control field as the guide has it, or leave it out.",
    )
