"""SEND RAW: a finished MIME message over HTTP, with the same checks and edits as over SMTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from sztafeta.delivery.queue_id import IdSource
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.accept import Accept, Accepted
from sztafeta.service.composing import Composed, Submission
from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.incoming import Incoming
from sztafeta.service.ports import Clock, Suppression
from sztafeta.service.refusals import invalid, refused, too_large
from sztafeta.service.rejection import Rejection
from sztafeta.service.sender_rule import refuse_reverse_path
from sztafeta.service.sending.answering import Answering
from sztafeta.service.sending.call import Caller
from sztafeta.service.sending.call_reading import MOST_ADDRESSEES
from sztafeta.service.sending.sent import Fate, Idempotency, Replayed, Sent, SentMessage
from sztafeta.service.suppressed import Suppressed


class RawSending:
    """Takes finished messages over: one message, however many recipients."""

    def __init__(
        self,
        *,
        accept: Accept,
        suppressed: Suppressed,
        answering: Answering,
        ids: IdSource,
        clock: Clock,
        max_size: int,
    ) -> None:
        self._accept = accept
        self._suppressed = suppressed
        self._answering = answering
        self._ids = ids
        self._clock = clock
        self._max_size = max_size

    async def send(
        self,
        caller: Caller,
        content: bytes,
        sender: str,
        recipients: Sequence[str],
        idempotency: Idempotency | None,
    ) -> Sent | Refusal | Replayed:
        """Read the envelope, then take the message over once."""
        if len(content) > self._max_size:
            return too_large(len(content), self._max_size)
        submission = self._submission(caller, sender, recipients)
        if isinstance(submission, Refusal):
            return submission
        take = partial(self._take, caller, submission, content, idempotency)
        return await self._answering.once(caller, idempotency, take)

    def _submission(
        self, caller: Caller, sender: str, recipients: Sequence[str]
    ) -> Submission | Refusal:
        faults: list[Fault] = []
        reverse_path = _sender(caller, sender, faults)
        mailboxes = _recipients(recipients, faults)
        if faults or reverse_path is None:
            return invalid(*faults)
        return Submission(
            account=replace(caller.account, failure_notices=False),  # history and events tell
            envelope=Envelope(
                reverse_path=reverse_path,
                smtputf8=any(one.needs_smtputf8 for one in (reverse_path, *mailboxes)),
                eight_bit=True,
            ),
            forward_paths=tuple(ForwardPath(mailbox=mailbox) for mailbox in mailboxes),
            source=caller,
            mode=caller.mode,
            submission_id=self._ids.next(self._clock.now()),
        )

    async def _take(
        self,
        caller: Caller,
        submission: Submission,
        content: bytes,
        idempotency: Idempotency | None,
    ) -> Sent | Refusal:
        incoming = self._accept.begin(submission)
        incoming.add(content)
        composed = incoming.composed()
        if isinstance(composed, Rejection):
            incoming.discard()
            return refused(composed)
        mailboxes = [one.mailbox for one in submission.forward_paths]
        suppressed = await self._suppressed.among(caller.account.customer_id, mailboxes)
        sent = _sent(incoming, composed, suppressed, len(content))
        remembered = self._answering.compose(caller, idempotency, (sent,))
        taken = await self._accept.accept(incoming, remembered=remembered)
        return sent if isinstance(taken, Accepted) else refused(taken)


def _sender(caller: Caller, address: str, faults: list[Fault]) -> Mailbox | None:
    reverse_path = _read(address, "/from", faults)
    if reverse_path is not None:
        rejection = refuse_reverse_path(caller.account, reverse_path)
        if rejection is not None:
            text = rejection.reply.text
            faults.append(Fault(pointer="/from", code="from_not_allowed", text=text))
    return reverse_path


def _recipients(addresses: Sequence[str], faults: list[Fault]) -> list[Mailbox]:
    """Read the forward-paths, each mailbox once."""
    if not 0 < len(addresses) <= MOST_ADDRESSEES:
        text = f"a message has 1 to {MOST_ADDRESSEES} recipients, this one has {len(addresses)}"
        faults.append(Fault(pointer="/to", code="too_many_recipients", text=text))
        return []
    read = [_read(one, f"/to/{at}", faults) for at, one in enumerate(addresses)]
    return list(dict.fromkeys(mailbox for mailbox in read if mailbox is not None))


def _read(address: str, pointer: str, faults: list[Fault]) -> Mailbox | None:
    try:
        return parse_mailbox(address)
    except AddressFault as fault:
        faults.append(Fault(pointer=pointer, code="invalid_address", text=str(fault)))
        return None


def _sent(
    incoming: Incoming,
    composed: Composed,
    suppressed: Mapping[Mailbox, Suppression],
    octets: int,
) -> Sent:
    submission = incoming.submission
    messages = (
        SentMessage(
            address=str(one.mailbox),
            fate=Fate.SUPPRESSED if one.mailbox in suppressed else Fate.ACCEPTED,
            message_id=incoming.message_id,
            header_message_id=composed.header_message_id.strip("<>"),
        )
        for one in submission.forward_paths
    )
    return Sent(
        submission_id=submission.submission_id or incoming.message_id,
        mode=submission.mode,
        messages=tuple(messages),
        octets=octets,
    )
