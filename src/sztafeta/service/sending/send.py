"""SEND: from a call to messages that are on disk, one for each addressee.

The body of `Sending.send` is the list of its steps: read and check the call, find the suppressed, render and
put together, commit once (`service/accept`). What is wrong is found at once and told whole; who is suppressed
or has no readable address stands in the answer, never silently dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Protocol

from sztafeta.delivery.queue_id import IdSource
from sztafeta.service.accept import Accept
from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.incoming import NO_ROOM
from sztafeta.service.ports import Bodies, Clock, NewMessage, Remembered
from sztafeta.service.refusals import invalid, refused
from sztafeta.service.rejection import Rejection
from sztafeta.service.sending.answering import Answering
from sztafeta.service.sending.assembling import MOST_OF_A_CALL, Assembly, Drafted
from sztafeta.service.sending.call import Call, Caller
from sztafeta.service.sending.call_reading import read_call
from sztafeta.service.sending.raw_sending import RawSending
from sztafeta.service.sending.rendering import Rendering
from sztafeta.service.sending.sent import Fate, Idempotency, Replayed, Sent, SentMessage
from sztafeta.service.suppressed import Suppressed
from sztafeta.service.template_uses import TemplateUses

__all__ = [
    "Fate",
    "Idempotency",
    "Replayed",
    "SendVerb",
    "Sending",
    "Sent",
    "SentMessage",
]

MOST_CALLS: Final = 500
"""Calls of one batch."""
MOST_MESSAGES: Final = 5000
"""Addressees of all calls of a batch: they share one commit."""
MOST_OCTETS: Final = 2 * MOST_OF_A_CALL
"""Octets of all heads of a batch."""
_NOT_RENDERED: Final = frozenset({"invalid_data", "too_many_recipients", "content_twice"})
"""Faults of a call whose template is not tried."""


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


class Sending:
    """Takes calls over; implements `SendVerb` for all faces."""

    def __init__(
        self,
        *,
        accept: Accept,
        rendering: Rendering,
        suppressed: Suppressed,
        answering: Answering,
        template_uses: TemplateUses,
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
        self._answering = answering
        self._template_uses = template_uses
        self._bodies = bodies
        self._ids = ids
        self._clock = clock
        self._hostname = hostname
        self._max_size = max_size
        self._raw = RawSending(
            accept=accept,
            suppressed=suppressed,
            answering=answering,
            ids=ids,
            clock=clock,
            max_size=max_size,
        )

    async def send(
        self, caller: Caller, call: Call, *, idempotency: Idempotency | None = None
    ) -> Sent | Refusal | Replayed:
        """Take one call over; durable on return."""
        take = partial(self._take, caller, call, idempotency)
        return await self._answering.once(caller, idempotency, take)

    async def send_batch(
        self, caller: Caller, calls: Sequence[Call], *, idempotency: Idempotency | None = None
    ) -> Sequence[Sent | Refusal] | Refusal | Replayed:
        """Take several calls over in one commit; a refused one does not fail its neighbours."""
        if len(calls) > MOST_CALLS:
            return _too_much(f"a batch has at most {MOST_CALLS} calls, this one has {len(calls)}")
        take = partial(self._take_all, caller, calls, idempotency)
        return await self._answering.once(caller, idempotency, take)

    async def check(self, caller: Caller, call: Call) -> Sent | Refusal:
        """Find everything that is wrong; nothing is stored and nothing is sent."""
        assembly = await self._assemble(caller, call)
        if isinstance(assembly, Refusal):
            return assembly
        sent = _sent(caller, assembly)
        return replace(sent, messages=tuple(replace(one, message_id=None) for one in sent.messages))

    async def send_as(
        self, caller: Caller, call: Call, *, first_id: int, remembered: Remembered | None
    ) -> Sent | Refusal:
        """Take one call over whose first message has its id already; for the other door."""
        assembly = await self._assemble(caller, call, first_id)
        if isinstance(assembly, Refusal):
            return assembly
        refusal = await self._commit(caller, assembly, remembered)
        return refusal or _sent(caller, assembly)

    async def _take(
        self, caller: Caller, call: Call, idempotency: Idempotency | None
    ) -> Sent | Refusal:
        """Read, render, put together, compose the answer, commit."""
        if len(call.addressees) > MOST_MESSAGES:
            return _too_many_messages()
        assembly = await self._assemble(caller, call)
        if isinstance(assembly, Refusal):
            return assembly
        sent = _sent(caller, assembly)
        if not assembly.drafts:
            return sent
        remembered = self._answering.compose(caller, idempotency, (sent,))
        return await self._commit(caller, assembly, remembered) or sent

    async def _commit(
        self, caller: Caller, assembly: Assembly, remembered: Remembered | None
    ) -> Refusal | None:
        """Make one call's messages ours, or say why not."""
        taken = await self._accept.take_over(assembly, assembly.prepare, remembered=remembered)
        if isinstance(taken, Rejection):
            return refused(taken)
        self._note_use(caller, assembly)
        return None

    async def _take_all(
        self, caller: Caller, calls: Sequence[Call], idempotency: Idempotency | None
    ) -> tuple[Sent | Refusal, ...] | Refusal:
        """Do the same with several calls, which share a commit."""
        assemblies = await self._assemble_all(caller, calls)
        if isinstance(assemblies, Refusal):
            return assemblies
        results = tuple(
            one if isinstance(one, Refusal) else _sent(caller, one) for one in assemblies
        )
        bundle = _Bundle([one for one in assemblies if isinstance(one, Assembly) and one.drafts])
        if not bundle.assemblies:
            return results
        remembered = self._answering.compose(caller, idempotency, results)
        taken = await self._accept.take_over(bundle, bundle.prepare, remembered=remembered)
        if isinstance(taken, Rejection):
            return refused(taken)
        for assembly in bundle.assemblies:
            self._note_use(caller, assembly)
        return results

    def _note_use(self, caller: Caller, assembly: Assembly) -> None:
        """Tell who counts the uses of templates."""
        if assembly.template is None:
            return
        call = assembly.read.call
        data = {**call.data, **call.addressees[0].data}
        self._template_uses.note(caller, assembly.template, len(assembly.drafts), data)

    async def _assemble_all(
        self, caller: Caller, calls: Sequence[Call]
    ) -> list[Assembly | Refusal] | Refusal:
        """Put the calls of a commit together, as long as memory and the commit can bear them."""
        if sum(len(call.addressees) for call in calls) > MOST_MESSAGES:
            return _too_many_messages()
        assemblies: list[Assembly | Refusal] = []
        heads = 0
        for call in calls:
            assembly = await self._assemble(caller, call)
            assemblies.append(assembly)
            heads += 0 if isinstance(assembly, Refusal) else assembly.heads
            if heads > MOST_OCTETS:
                return _too_much("the messages of this batch are too large together")
        return assemblies

    async def _faults_of_template(
        self, caller: Caller, call: Call, others: Sequence[Fault]
    ) -> Sequence[Fault]:
        """Find these beside the others, if its data can be given to a template at all."""
        if call.template is None or any(one.code in _NOT_RENDERED for one in others):
            return ()
        return await self._rendering.faults(caller.account.customer_id, call)

    async def _assemble(
        self, caller: Caller, call: Call, first_id: int | None = None
    ) -> Assembly | Refusal:
        """Do everything that comes before the commit."""
        now, account = self._clock.now(), caller.account
        read = read_call(call, account, now)
        if isinstance(read, tuple):
            return invalid(*read, *await self._faults_of_template(caller, call, read))
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
            first_id=first_id,
        )
        return await assembly.draft(rendered, suppressed) or assembly

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
        return await self._raw.send(caller, content, sender, recipients, idempotency)


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


def _too_much(text: str) -> Refusal:
    return invalid(Fault(pointer="", code="batch_too_large", text=text))


def _too_many_messages() -> Refusal:
    return _too_much(f"a batch has at most {MOST_MESSAGES} addressees")


def _sent(caller: Caller, assembly: Assembly) -> Sent:
    """Say what becomes of each addressee, in the order of the call."""
    return Sent(
        submission_id=assembly.submission_id,
        mode=caller.mode,
        messages=_sent_messages(assembly),
        warnings=assembly.read.warnings,
        octets=assembly.octets,
    )


def _sent_messages(assembly: Assembly) -> tuple[SentMessage, ...]:
    read, asked_for = assembly.read, assembly.read.call.addressees
    if len(assembly.drafts) == len(asked_for):  # nobody is left out
        return tuple([_sent_message(one) for one in assembly.drafts])
    fates = {id(one.to.asked): _sent_message(one) for one in assembly.drafts}
    for asked, fault in read.unreadable:
        fates[id(asked)] = SentMessage(
            address=asked.person.address,
            fate=Fate.INVALID,
            message_id=None,
            header_message_id="",
            fault=fault,
        )
    return tuple([fates[id(one)] for one in asked_for if id(one) in fates])


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
