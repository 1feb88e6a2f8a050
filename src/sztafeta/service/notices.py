"""NOTICES: which status notifications an outcome asks for, and the messages that carry them (RFC 3461 §5).

Failure unless the author or the account said otherwise; success and delay only where NOTIFY asks; never to a
null sender, so a notice is never answered by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sztafeta.delivery.queue_id import IdSource, to_text
from sztafeta.delivery.verdict import Answer, Failure, Outcome, status_of
from sztafeta.event import Event, EventKind
from sztafeta.mail.address import Mailbox
from sztafeta.mail.dsn import FULL_UP_TO, Action, Report, Reported, compose_notice
from sztafeta.mail.envelope import Envelope, ForwardPath, Notify, Return
from sztafeta.service.incoming import InlineContent
from sztafeta.service.judge import Judged, is_delayed
from sztafeta.service.ports import DueRecipient, NewMessage, NewRecipient, QueuedMessage
from sztafeta.service.record import Tried
from sztafeta.smtp.xtext import decode_xtext

NOTICE_TTL: Final = timedelta(hours=48)


def wanted_action(
    notify: Notify | None, outcome: Outcome, *, failure_by_default: bool, dsn_passed: bool
) -> Action | None:
    """Say which notice an outcome asks for (RFC 3461 §5.2), or None; a delay only once."""
    if outcome in (Outcome.BOUNCED, Outcome.EXPIRED):
        wants = failure_by_default if notify is None else Notify.FAILURE in notify
        return Action.FAILED if wants else None
    if outcome is Outcome.DELIVERED and notify is not None and Notify.SUCCESS in notify:
        return None if dsn_passed else Action.RELAYED  # RFC 3461 §5.2.2: the next hop took it over
    if outcome is Outcome.DEFERRED and notify is not None and Notify.DELAY in notify:
        return Action.DELAYED
    return None


class StatusNotices:
    """Makes notices; implements `record.Notices`."""

    def __init__(self, *, hostname: str, ids: IdSource) -> None:
        self._hostname = hostname
        self._ids = ids

    def after(
        self, message: QueuedMessage, judged: Sequence[Judged], tried: Tried
    ) -> tuple[NewMessage, ...]:
        """Give the notices to queue with this outcome; usually none."""
        if message.envelope.reverse_path is None:
            return ()
        wanted: dict[Action, list[Reported]] = {}
        for one in judged:
            action = self._action(message, one, tried)
            if action is not None:
                wanted.setdefault(action, []).append(_reported(one, action, tried))
        return tuple(
            self._notice(message, reported, tried.ended_at) for reported in wanted.values()
        )

    def _action(self, message: QueuedMessage, one: Judged, tried: Tried) -> Action | None:
        action = wanted_action(
            one.due.forward_path.notify,
            one.outcome,
            failure_by_default=message.failure_notices,
            dsn_passed=tried.dsn_passed,
        )
        if action is Action.DELAYED and not is_delayed(one.due):
            return None
        return action

    def expired(
        self, message: QueuedMessage, recipients: Sequence[DueRecipient], now: datetime
    ) -> tuple[NewMessage, ...]:
        """Give the notices for recipients that were given up without another attempt."""
        if message.envelope.reverse_path is None:
            return ()
        reported = [
            _expired(due, now)
            for due in recipients
            if wanted_action(
                due.forward_path.notify,
                Outcome.EXPIRED,
                failure_by_default=message.failure_notices,
                dsn_passed=False,
            )
        ]
        return (self._notice(message, reported, now),) if reported else ()

    def _notice(
        self, message: QueuedMessage, reported: Sequence[Reported], now: datetime
    ) -> NewMessage:
        """Put a notice together as a message of its own, from the null sender (RFC 3461 §6.1)."""
        to = message.envelope.reverse_path
        if to is None:
            raise ValueError("a null sender gets no notice")
        notice_id, recipient_id = self._ids.next(now), self._ids.next(now)
        content = compose_notice(self._report(message, reported, now, notice_id, to))
        queued = Event(
            event_id=self._ids.next(now),
            recipient_id=recipient_id,
            message_id=notice_id,
            kind=EventKind.QUEUED,
            at=now,
        )
        path = ForwardPath(mailbox=to, notify=Notify.NEVER)
        return NewMessage(
            message_id=notice_id,
            customer_id=message.customer_id,
            account_id=message.account_id,
            envelope=Envelope(
                reverse_path=None,
                smtputf8=to.needs_smtputf8,
                eight_bit=not content.isascii(),
            ),
            recipients=(NewRecipient(recipient_id=recipient_id, forward_path=path),),
            content=InlineContent(content),
            header_message_id=f"<{to_text(notice_id)}@{self._hostname}>",
            subject="Delivery status notification",
            signing_domain=self._hostname,
            accepted_at=now,
            expires_at=now + NOTICE_TTL,
            source={"notice_about": to_text(message.message_id)},
            mode=message.mode,
            events=(queued,),
        )

    def _report(
        self,
        message: QueuedMessage,
        reported: Sequence[Reported],
        now: datetime,
        notice_id: int,
        to: Mailbox,
    ) -> Report:
        """Say what the notice is about."""
        header, whole = _original(message)
        return Report(
            reporting_host=self._hostname,
            notice_id=to_text(notice_id),
            to=to,
            envelope_id=_decoded(message.envelope.envelope_id),
            queue_id=to_text(message.message_id),
            arrived_at=message.accepted_at,
            now=now,
            recipients=reported,
            header=header,
            whole=None if message.envelope.returns is Return.HEADERS else whole,
        )


def _reported(one: Judged, action: Action, tried: Tried) -> Reported:
    path = one.due.forward_path
    return Reported(
        mailbox=path.mailbox,
        original=_decoded(path.original),
        action=action,
        status=str(status_of(one.answer, one.outcome)),
        diagnostic=_diagnostic(one.answer),
        remote=tried.hop.partition("[")[0],
        last_attempt=tried.ended_at,
        retry_until=one.due.expires_at if action is Action.DELAYED else None,
    )


def _expired(due: DueRecipient, now: datetime) -> Reported:
    return Reported(
        mailbox=due.forward_path.mailbox,
        original=_decoded(due.forward_path.original),
        action=Action.FAILED,
        status="5.4.7",  # RFC 3463 §3.5: delivery time expired
        diagnostic="the receiver could not be reached in time",
        remote="",
        last_attempt=now,
    )


def _diagnostic(answer: Answer) -> str:
    said = answer.said
    if isinstance(said, Failure):
        return said.text
    return " ".join(part for part in (str(said.code), str(said.status or ""), said.text) if part)


def _decoded(xtext: str | None) -> str | None:
    """Decode ENVID or ORCPT (RFC 3461 §4); what cannot be decoded is left out."""
    if xtext is None:
        return None
    try:
        return decode_xtext(xtext)  # also ORCPT's address type: its letters stand for themselves
    except ValueError:
        return None


def _original(message: QueuedMessage) -> tuple[bytes, bytes | None]:
    """Give the message's header section, and the whole of a small message."""
    if message.content.size <= FULL_UP_TO:
        whole = b"".join(message.content.blocks())
        return _header_section(whole), whole
    head = b""
    for block in message.content.blocks():
        head += block
        if b"\r\n\r\n" in head:
            break
    return _header_section(head), None


def _header_section(message: bytes) -> bytes:
    header, border, _ = message.partition(b"\r\n\r\n")
    return header + b"\r\n" if border else header
