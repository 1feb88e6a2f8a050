"""SEND: from a call to messages that are on disk, one for each addressee.

The body of `Sending.send` is the list of its steps: read and check the call, find the suppressed, render and
put together, commit once (`service/accept`). What is wrong is found at once and told whole; who is suppressed
or has no readable address stands in the answer, never silently dropped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Final, Protocol, TypeVar

from sztafeta.account.api_key import Mode
from sztafeta.delivery.queue_id import IdSource
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.service.accept import Accept, Accepted
from sztafeta.service.assembling import Assembly, Drafted
from sztafeta.service.call import Call, Caller
from sztafeta.service.call_reading import MOST_ADDRESSEES, read_call
from sztafeta.service.composing import Submission
from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.incoming import NO_ROOM
from sztafeta.service.ports import Bodies, Clock, NewMessage, Remembered
from sztafeta.service.refusals import KEY_TROUBLE, invalid, refused, too_large
from sztafeta.service.rejection import Rejection
from sztafeta.service.remembering import KeyTrouble, KeyUse, Remembering
from sztafeta.service.rendering import Rendering
from sztafeta.service.sender_rule import refuse_reverse_path
from sztafeta.service.suppressed import Suppressed


class Fate(Enum):
    """What became of an addressee at once."""

    ACCEPTED = "accepted"
    SUPPRESSED = "suppressed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """One addressee's part of the answer."""

    address: str
    """As the call wrote it."""
    fate: Fate
    message_id: int | None
    """None when the address could not be read."""
    header_message_id: str
    """Without angle brackets."""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A submission that is ours now, or would be (`dry_run`)."""

    submission_id: int
    mode: Mode
    messages: tuple[SentMessage, ...]
    warnings: tuple[Fault, ...] = ()
    octets: int = 0
    """Of all messages as they will be sent, before they are signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The answer of an earlier call with the same idempotency key."""

    http_status: int
    answer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A key under which the answer is kept for 24 hours."""

    endpoint: str
    key: str
    request_sha256: bytes
    answer: Callable[[Sequence[Sent | Refusal]], tuple[int, bytes]]
    """Writes the answer that will be kept, before the commit: HTTP status and JSON."""


class SendVerb(Protocol):
    """What the faces call."""

    async def send(
        self, caller: Caller, call: Call, *, idempotency: Idempotency | None = None
    ) -> Sent | Refusal | Replayed:
        """Take one call over; durable on return.

        Raises:
            StoreBusy, StoreBroken, TimeoutError: nothing is promised; say 503.
        """

    async def send_batch(
        self, caller: Caller, calls: Sequence[Call], *, idempotency: Idempotency | None = None
    ) -> Sequence[Sent | Refusal] | Refusal | Replayed:
        """Take several calls over in one commit; a refused one does not fail its neighbours."""

    async def check(self, caller: Caller, call: Call) -> Sent | Refusal:
        """Find everything that is wrong; nothing is stored and nothing is sent."""

    async def send_raw(
        self,
        caller: Caller,
        content: bytes,
        *,
        sender: str,
        recipients: Sequence[str],
        idempotency: Idempotency | None = None,
    ) -> Sent | Refusal | Replayed:
        """Take a finished MIME message over, as SMTP would."""


MOST_CALLS: Final = 500
"""Calls of one batch."""

Done = TypeVar("Done")


class Sending:
    """Takes calls over; implements `SendVerb` for all faces."""

    def __init__(
        self,
        *,
        accept: Accept,
        rendering: Rendering,
        suppressed: Suppressed,
        remembering: Remembering,
        bodies: Bodies,
        ids: IdSource,
        clock: Clock,
        hostname: str,
        max_size: int,
    ) -> None:
        """`max_size` is that of an encoded message, as SIZE says it over SMTP."""
        self._accept = accept
        self._rendering = rendering
        self._suppressed = suppressed
        self._remembering = remembering
        self._bodies = bodies
        self._ids = ids
        self._clock = clock
        self._hostname = hostname
        self._max_size = max_size

    async def send(
        self, caller: Caller, call: Call, *, idempotency: Idempotency | None = None
    ) -> Sent | Refusal | Replayed:
        """Take one call over; durable on return."""
        take = partial(self._take_all, caller, (call,), idempotency)
        results = await self._once(caller, idempotency, take)
        return results[0] if isinstance(results, tuple) else results

    async def send_batch(
        self, caller: Caller, calls: Sequence[Call], *, idempotency: Idempotency | None = None
    ) -> Sequence[Sent | Refusal] | Refusal | Replayed:
        """Take several calls over in one commit; a refused one does not fail its neighbours."""
        if not 0 < len(calls) <= MOST_CALLS:
            return invalid(
                Fault(
                    pointer="",
                    code="wrong_number_of_calls",
                    text=f"a batch has 1 to {MOST_CALLS} calls, this one has {len(calls)}",
                )
            )
        take = partial(self._take_all, caller, calls, idempotency)
        return await self._once(caller, idempotency, take)

    async def check(self, caller: Caller, call: Call) -> Sent | Refusal:
        """Find everything that is wrong; nothing is stored and nothing is sent."""
        assembly = await self._assemble(caller, call)
        if isinstance(assembly, Refusal):
            return assembly
        sent = _sent(caller, assembly)
        return replace(sent, messages=tuple(replace(one, message_id=None) for one in sent.messages))

    async def _take_all(
        self, caller: Caller, calls: Sequence[Call], idempotency: Idempotency | None
    ) -> tuple[Sent | Refusal, ...] | Refusal:
        """Read, render, put together, compose the answer, commit."""
        assemblies = [await self._assemble(caller, call) for call in calls]
        results = tuple(
            one if isinstance(one, Refusal) else _sent(caller, one) for one in assemblies
        )
        bundle = _Bundle([one for one in assemblies if isinstance(one, Assembly) and one.drafts])
        if not bundle.assemblies:
            return results
        remembered = self._remembered(caller, idempotency, results)
        taken = await self._accept.take_over(bundle, bundle.prepare, remembered=remembered)
        return refused(taken) if isinstance(taken, Rejection) else results

    async def _assemble(self, caller: Caller, call: Call) -> Assembly | Refusal:
        """Do everything that comes before the commit."""
        now, account = self._clock.now(), caller.account
        read = read_call(call, account, now)
        if isinstance(read, tuple):
            return invalid(*read)
        if not self._accept.has_room(self._max_size):
            return refused(NO_ROOM)
        rendered = await self._rendering.render(account.customer_id, read)
        if isinstance(rendered, Refusal):
            return rendered
        mailboxes = [one.mailbox for one in read.addressees]
        suppressed = await self._suppressed.among(account.customer_id, mailboxes)
        assembly = Assembly(
            caller,
            read,
            submission_id=self._ids.next(now),
            now=now,
            ids=self._ids,
            bodies=self._bodies,
            hostname=self._hostname,
            max_size=self._max_size,
        )
        return assembly.draft(rendered, suppressed) or assembly

    # -- MIME that is finished -------------------------------------------------------------------

    async def send_raw(
        self,
        caller: Caller,
        content: bytes,
        *,
        sender: str,
        recipients: Sequence[str],
        idempotency: Idempotency | None = None,
    ) -> Sent | Refusal | Replayed:
        """Take a finished MIME message over, as SMTP would."""
        submission = self._submission(caller, sender, recipients)
        if isinstance(submission, Refusal):
            return submission
        if len(content) > self._max_size:
            return too_large(len(content), self._max_size)
        take = partial(self._take_raw, caller, submission, content, idempotency)
        return await self._once(caller, idempotency, take)

    def _submission(
        self, caller: Caller, sender: str, recipients: Sequence[str]
    ) -> Submission | Refusal:
        """Read the envelope of a finished message."""
        faults: list[Fault] = []
        reverse_path = _read(sender, "/sender", faults)
        read = [_read(one, f"/recipients/{at}", faults) for at, one in enumerate(recipients)]
        if not 0 < len(recipients) <= MOST_ADDRESSEES:
            text = f"a message has 1 to {MOST_ADDRESSEES} recipients, not {len(recipients)}"
            faults.append(Fault(pointer="/recipients", code="too_many_recipients", text=text))
        if reverse_path is not None:
            rejection = refuse_reverse_path(caller.account, reverse_path)
            if rejection is not None:
                text = rejection.reply.text
                faults.append(Fault(pointer="/sender", code="from_not_allowed", text=text))
        if faults:
            return invalid(*faults)
        mailboxes = dict.fromkeys(mailbox for mailbox in read if mailbox is not None)
        international = any(one.needs_smtputf8 for one in (reverse_path, *mailboxes) if one)
        return Submission(
            account=replace(caller.account, failure_notices=False),
            envelope=Envelope(reverse_path=reverse_path, smtputf8=international, eight_bit=True),
            forward_paths=tuple(ForwardPath(mailbox=mailbox) for mailbox in mailboxes),
            source=caller,
            mode=caller.mode,
            submission_id=self._ids.next(self._clock.now()),
        )

    async def _take_raw(
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
        suppressed = await self._suppressed.among(
            submission.account.customer_id, [one.mailbox for one in submission.forward_paths]
        )
        sent = Sent(
            submission_id=submission.submission_id or incoming.message_id,
            mode=caller.mode,
            messages=tuple(
                SentMessage(
                    address=str(one.mailbox),
                    fate=Fate.SUPPRESSED if one.mailbox in suppressed else Fate.ACCEPTED,
                    message_id=incoming.message_id,
                    header_message_id=composed.header_message_id.strip("<>"),
                )
                for one in submission.forward_paths
            ),
            octets=len(content),
        )
        remembered = self._remembered(caller, idempotency, (sent,))
        taken = await self._accept.accept(incoming, remembered=remembered)
        return sent if isinstance(taken, Accepted) else refused(taken)

    # -- idempotency -----------------------------------------------------------------------------

    async def _once(
        self,
        caller: Caller,
        idempotency: Idempotency | None,
        take: Callable[[], Awaitable[Done]],
    ) -> Done | Refusal | Replayed:
        """Do it, or give the answer of the earlier call with the same key (R-13)."""
        if idempotency is None:
            return await take()
        outcome = await self._remembering.once(_use(caller, idempotency), take)
        if isinstance(outcome, Remembered):
            return Replayed(http_status=outcome.http_status, answer=outcome.answer)
        return KEY_TROUBLE[outcome] if isinstance(outcome, KeyTrouble) else outcome

    def _remembered(
        self,
        caller: Caller,
        idempotency: Idempotency | None,
        results: Sequence[Sent | Refusal],
    ) -> Remembered | None:
        """Compose the answer before the commit, so that both are one."""
        if idempotency is None:
            return None
        http_status, answer = idempotency.answer(results)
        return _use(caller, idempotency).remember(self._clock.now(), http_status, answer)


class _Bundle:
    """Several calls that share a commit."""

    def __init__(self, assemblies: Sequence[Assembly]) -> None:
        self.assemblies = assemblies

    async def prepare(self) -> list[NewMessage]:
        """Give the messages of all calls."""
        return [message for one in self.assemblies for message in await one.prepare()]

    def discard(self) -> None:
        """Forget all octets that were not kept."""
        for one in self.assemblies:
            one.discard()

    def take_back(self) -> None:
        """Forget all octets, kept or not."""
        for one in self.assemblies:
            one.take_back()


def _sent(caller: Caller, assembly: Assembly) -> Sent:
    """Say what becomes of each addressee, in the order of the call."""
    read = assembly.read
    fates = {id(one.to.asked): _sent_message(one) for one in assembly.drafts}
    for asked, fault in read.unreadable:
        fates[id(asked)] = SentMessage(
            address=asked.person.address,
            fate=Fate.INVALID,
            message_id=None,
            header_message_id="",
            fault=fault,
        )
    asked_for = read.call.addressees
    return Sent(
        submission_id=assembly.submission_id,
        mode=caller.mode,
        messages=tuple(fates[id(one)] for one in asked_for if id(one) in fates),
        warnings=read.warnings,
        octets=assembly.octets,
    )


def _sent_message(one: Drafted) -> SentMessage:
    fault = None
    if one.suppression is not None:
        fault = Fault(
            pointer=one.to.asked.person.pointer,
            code="recipient_suppressed",
            text=f"mail to this address is suppressed: {one.suppression.reason.value}",
        )
    return SentMessage(
        address=one.to.asked.person.address,
        fate=Fate.ACCEPTED if one.suppression is None else Fate.SUPPRESSED,
        message_id=one.message_id,
        header_message_id=one.header_message_id,
        fault=fault,
    )


def _use(caller: Caller, idempotency: Idempotency) -> KeyUse:
    return KeyUse(
        customer_id=caller.account.customer_id,
        endpoint=idempotency.endpoint,
        key=idempotency.key,
        request_sha256=idempotency.request_sha256,
    )


def _read(address: str, pointer: str, faults: list[Fault]) -> Mailbox | None:
    try:
        return parse_mailbox(address)
    except AddressFault as fault:
        faults.append(Fault(pointer=pointer, code="invalid_address", text=str(fault)))
        return None
