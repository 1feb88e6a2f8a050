"""ASSEMBLE: from a call that was read and rendered to messages, ready but for their commit.

What differs from addressee to addressee is a head of its own; what is equal is encoded once and kept once
(`TailedContent`), on disk when it is big. The size is that of the encoded message, as SMTP counts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final

from sztafeta.delivery.queue_id import IdSource, to_text
from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath
from sztafeta.mail.header_text import Named
from sztafeta.mail.message import MAX_HEADER
from sztafeta.mail.mime import PartTree, Shown
from sztafeta.mail.template_source import Rendered
from sztafeta.mail.trace import date_text, received_field
from sztafeta.service.accept import first_event, new_recipient
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import Bodies, Content, NewMessage, Suppression
from sztafeta.service.refusals import too_large
from sztafeta.service.sending.call import AddresseeKind, Caller
from sztafeta.service.sending.call_content import CallContent
from sztafeta.service.sending.call_reading import ReadAddressee, ReadCall
from sztafeta.service.sending.rendering import RenderedCall
from sztafeta.value import value

MOST_OF_A_CALL: Final = 64 * 1024 * 1024
"""Octets of all heads of a call: they are in memory until the commit."""
SLICE_SECONDS: Final = 0.005
"""How long heads are written before the loop gets a turn: a thousand of them delay nobody's 250."""


@value(frozen=True, slots=True, kw_only=True)
class Drafted:
    """One addressee's message before its content is kept."""

    message_id: int
    to: ReadAddressee
    header_message_id: str
    """Without angle brackets."""
    subject: str
    head: bytes
    suppression: Suppression | None


class Assembly:
    """The messages of one call; `prepare` makes their content durable, and gives what the commit writes."""

    def __init__(
        self,
        caller: Caller,
        read: ReadCall,
        *,
        submission_id: int,
        now: datetime,
        ids: IdSource,
        bodies: Bodies,
        hostname: str,
        max_size: int,
        first_id: int | None = None,
    ) -> None:
        """`first_id` is the id of the first message, where it was told to somebody already."""
        self._caller, self.read = caller, read
        self.submission_id = submission_id
        self._now, self._ids, self._bodies = now, ids, bodies
        self._hostname, self._max_size = hostname, max_size
        self._first_id = first_id
        self.template: tuple[int, int] | None = None
        """The stored template and its version that the content is made of."""
        self.drafts: list[Drafted] = []
        self._cc = read.shown(AddresseeKind.CC)
        self._tail_size = sum(file.encoded_size() for file in read.files) if read.files else 0
        self._content: CallContent | None = None

    # -- heads -----------------------------------------------------------------------------------

    async def draft(
        self, rendered: RenderedCall, suppressed: Mapping[Mailbox, Suppression]
    ) -> Refusal | None:
        """Write each addressee's head, or say what is too big."""
        self.template = rendered.template
        if not rendered.parts:
            return None
        tree = self._lay_out(rendered)
        self._content = CallContent(tree, self._tail_size, self._bodies)
        loop = asyncio.get_running_loop()
        began, heads = loop.time(), 0
        for one, parts in zip(self.read.addressees, rendered.parts, strict=True):
            suppression = suppressed.get(one.mailbox)
            drafted = self._draft(tree, one, parts, suppression)
            self.drafts.append(drafted)
            heads += len(drafted.head)
            refusal = self._refuse_size(drafted, heads)
            if refusal is not None:
                return refusal
            if loop.time() - began > SLICE_SECONDS:
                await asyncio.sleep(0)
                began = loop.time()
        return None

    def _lay_out(self, rendered: RenderedCall) -> PartTree:
        read = self.read
        return PartTree(
            author=read.author,
            reply_to=read.reply_to,
            headers=read.call.headers,
            files=read.files,
            has_text=rendered.has_text,
            has_html=rendered.has_html,
            boundary=to_text(self.submission_id),
        )

    def _draft(
        self, tree: PartTree, one: ReadAddressee, parts: Rendered, suppression: Suppression | None
    ) -> Drafted:
        message_id = self._next_id()
        queue_id = to_text(message_id)
        header_message_id = one.asked.message_id or f"{queue_id}@{self.read.author.mailbox.domain}"
        to, cc = self._shown_to(one)
        trace = received_field(
            hostname=self._hostname,
            protocol=self._caller.word,
            queue_id=queue_id,
            now=self._now,
            forward_path=one.mailbox,
        )
        shown = Shown(
            to=to,
            cc=cc,
            message_id=header_message_id,
            date=date_text(self._now),
            subject=parts.subject,
            text=parts.text,
            html=parts.html,
        )
        return Drafted(
            message_id=message_id,
            to=one,
            header_message_id=header_message_id,
            subject=parts.subject,
            head=trace + tree.head(shown),
            suppression=suppression,
        )

    def _next_id(self) -> int:
        if self._first_id is not None and not self.drafts:
            return self._first_id
        return self._ids.next(self._now)

    @cached_property
    def _to(self) -> tuple[ReadAddressee, ...]:
        return self.read.shown(AddresseeKind.TO)

    def _shown_to(self, one: ReadAddressee) -> tuple[Sequence[Named], Sequence[Named]]:
        """Say whom a message shows: with copies everybody but the blind, otherwise its own reader."""
        if self._cc:
            return self._to, self._cc
        if one.asked.kind is AddresseeKind.TO:
            return (one,), ()
        return (self._to if len(self._to) == 1 else ()), ()

    def _refuse_size(self, drafted: Drafted, heads: int) -> Refusal | None:
        size = len(drafted.head) + self._tail_size
        if size > self._max_size:
            files = sum(len(file.content) for file in self.read.files)
            return too_large(size, self._max_size, files=files)
        if heads > MOST_OF_A_CALL:
            return Refusal(
                code="message_too_large",
                http_status=413,
                text="The messages of this call are too large together",
                fix="Send fewer addressees with one call, or less text to each of them.",
            )
        if drafted.head.find(b"\r\n\r\n", 0, MAX_HEADER + 4) < 0:
            return Refusal(
                code="invalid",
                http_status=422,
                text=f"The header would have more than {MAX_HEADER // 1024} KB",
                fix="Show fewer addressees, or write shorter header fields.",
            )
        return None

    # -- the commit ------------------------------------------------------------------------------

    @property
    def heads(self) -> int:
        """Octets that are in memory until the commit."""
        return sum([len(one.head) for one in self.drafts])

    @property
    def octets(self) -> int:
        """Of all messages as they will be sent."""
        return self.heads + self._tail_size * len(self.drafts)

    async def prepare(self) -> list[NewMessage]:
        """Keep what is big, and give all that the commit writes."""
        if self._content is None or not self.drafts:
            return []
        contents: Sequence[Content]
        if len(self.drafts) == 1:
            (only,) = self.drafts
            contents = [await self._content.of_one(only.message_id, only.head)]
        else:
            heads = [one.head for one in self.drafts]
            contents = await self._content.of_many(self._ids.next(self._now), heads)
        pairs = zip(self.drafts, contents, strict=True)
        return [self._describe(one, content) for one, content in pairs]

    def discard(self) -> None:
        """Forget all octets that were not kept; harmless when called twice."""
        if self._content is not None:
            self._content.discard()

    def take_back(self) -> None:
        """Forget all octets, kept or not: the commit surely did not happen."""
        if self._content is not None:
            self._content.take_back()

    def _describe(self, one: Drafted, content: Content) -> NewMessage:
        read, account, now = self.read, self._caller.account, self._now
        call, author = read.call, read.author.mailbox
        path = ForwardPath(mailbox=one.to.mailbox)
        recipient = new_recipient(self._ids.next(now), path, read.timing.due_at, one.suppression)
        event_id = self._ids.next(now)
        event = first_event(event_id, one.message_id, recipient, now, one.suppression)
        envelope = self._envelope(one)
        return NewMessage(
            message_id=one.message_id,
            customer_id=account.customer_id,
            account_id=account.account_id,
            envelope=envelope,
            recipients=(recipient,),
            content=content,
            header_message_id=f"<{one.header_message_id}>",
            subject=one.subject,
            signing_domain=author.domain if author.domain in account.sending_domains else None,
            accepted_at=now,
            expires_at=read.timing.expires_at,
            source=self._caller.as_history(envelope),
            failure_notices=self._caller.failure_notices,
            events=(event,),
            mode=self._caller.mode,
            submission_id=self.submission_id,
            tags=call.tags,
            metadata={**call.metadata, **one.to.asked.metadata},
            dedicated_pool=account.dedicated_pool,
        )

    def _envelope(self, one: Drafted) -> Envelope:
        """Texts are encoded, so only addresses can make a message international (RFC 6531 §3.6)."""
        reverse_path = self.read.reverse_path
        is_international = (
            not one.head.isascii() or reverse_path.needs_smtputf8 or one.to.mailbox.needs_smtputf8
        )
        return Envelope(
            reverse_path=reverse_path,
            smtputf8=is_international,
            eight_bit=is_international,
        )
