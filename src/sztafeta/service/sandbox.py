"""SANDBOX: mail that test keys sent, read instead of delivered; nothing leaves but by an explicit release.

Whoever asks sees what his SMTP accounts sent. Text is searched in the newest mail alone (`MOST_READ`): the
test inbox is for what was sent just now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sztafeta.account.api_key import Mode
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.delivery.queue_id import IdSource
from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import ForwardPath
from sztafeta.mail.opened import Opened, open_message
from sztafeta.service.accept import Accept, Accepted
from sztafeta.service.composing import Submission
from sztafeta.service.fault import Refusal
from sztafeta.service.messages import NOT_FOUND, without_names
from sztafeta.service.ports import (
    Clock,
    FeedStore,
    MessageQuery,
    MessageRecord,
    QueueAdministration,
    QueueStore,
    SandboxStore,
    Selection,
)
from sztafeta.service.refusals import refused
from sztafeta.service.sending.call import Caller

MOST_READ: Final = 500
"""Messages that are looked at for one search."""
SLICE: Final = 100
LARGEST_SEARCHED: Final = 256 * 1024
"""Octets; the text of a larger message is not searched."""
PAUSE: Final = timedelta(milliseconds=250)
"""Between two looks of whoever waits; a message is seen on whichever node it came in."""

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxQuery:
    """Which test mail is meant."""

    customer_id: int
    accounts: frozenset[int] | None = None
    """The SMTP accounts that whoever asks may know of; None: all."""
    key_id: str = ""
    recipient: Mailbox | None = None
    words: tuple[str, ...] = ()
    """Each stands in the subject, in an address or in the text."""

    def as_messages(self) -> MessageQuery:
        """Say it to the feed."""
        return MessageQuery(
            customer_id=self.customer_id,
            mode=Mode.TEST,
            accounts=self.accounts,
            key_id=self.key_id,
            recipient=self.recipient,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message of the test inbox, opened."""

    record: MessageRecord
    content: bytes
    opened: Opened


class Sandbox:
    """The test inbox of every customer; one instance serves all faces."""

    def __init__(
        self,
        *,
        feed: FeedStore,
        queues: QueueStore,
        administration: QueueAdministration,
        store: SandboxStore,
        accept: Accept,
        ids: IdSource,
        clock: Clock,
        pause: Pause = asyncio.sleep,
    ) -> None:
        """`pause` waits some seconds."""
        self._feed = feed
        self._queues = queues
        self._administration = administration
        self._store = store
        self._accept = accept
        self._ids = ids
        self._clock = clock
        self._pause = pause

    # -- reading ---------------------------------------------------------------------------------

    async def list(
        self, query: SandboxQuery, *, limit: int, before: int | None = None
    ) -> Sequence[MessageRecord]:
        """List mail, the newest first."""
        if not query.words:
            return await self._feed.find_messages(query.as_messages(), limit=limit, before=before)
        found: list[MessageRecord] = []
        for _ in range(MOST_READ // SLICE):
            slice_ = await self._feed.find_messages(query.as_messages(), limit=SLICE, before=before)
            found += [one for one in slice_ if await self._holds(one, query.words)]
            if len(found) >= limit or len(slice_) < SLICE:
                break
            before = slice_[-1].message_id
        return found[:limit]

    async def open(
        self, query: SandboxQuery, message_id: int, *, remote_pictures: bool = False
    ) -> Letter | Refusal:
        """Open one."""
        record = await self._feed.find_message(query.customer_id, message_id)
        is_seen = record is not None and record.mode is Mode.TEST
        if record is None or not is_seen or not _reaches(query, record):
            return NOT_FOUND
        stored = await self._queues.message(message_id)
        if stored is None:
            return NOT_FOUND
        content = b"".join(stored.content.blocks())
        opened = await asyncio.to_thread(open_message, content, remote_pictures=remote_pictures)
        return Letter(record=record, content=content, opened=opened)

    async def wait(
        self, query: SandboxQuery, *, after: int | None, patience: timedelta
    ) -> Letter | None:
        """Give the first message that fits and came after another, as soon as there is one."""
        deadline = self._clock.now() + patience
        while True:
            found = await self._first(query, after)
            if found is not None:
                letter = await self.open(query, found.message_id)
                return letter if isinstance(letter, Letter) else None
            if self._clock.now() >= deadline:
                return None
            await self._pause(PAUSE.total_seconds())

    async def _first(self, query: SandboxQuery, after: int | None) -> MessageRecord | None:
        """Find the newest that fits; after another one, the oldest."""
        found = await self.list(query, limit=1 if after is None else SLICE)
        newer = [one for one in found if after is None or one.message_id > after]
        return newer[-1] if newer else None

    async def _holds(self, record: MessageRecord, words: Collection[str]) -> bool:
        people = " ".join(str(one.forward_path.mailbox) for one in record.recipients)
        cover = f"{record.subject}\n{record.author}\n{people}".casefold()
        rest = [word.casefold() for word in words if word.casefold() not in cover]
        if not rest or record.size > LARGEST_SEARCHED:
            return not rest
        stored = await self._queues.message(record.message_id)
        if stored is None:
            return False
        text = await asyncio.to_thread(_words_of, b"".join(stored.content.blocks()))
        return all(word in text for word in rest)

    # -- changed ---------------------------------------------------------------------------------

    async def throw_away(self, query: SandboxQuery, message_ids: Collection[int]) -> int:
        """Delete messages; what waits for another try is canceled before."""
        own = []
        for message_id in message_ids:
            record = await self._feed.find_message(query.customer_id, message_id)
            if record is None or record.mode is not Mode.TEST or not _reaches(query, record):
                continue
            own.append(message_id)
            if any(not one.state.is_final for one in record.recipients):
                selection = Selection(message_id=message_id, customer_id=query.customer_id)
                await self._administration.cancel(
                    selection, now=self._clock.now(), reason="thrown away"
                )
        return await self._store.throw_away(query.customer_id, own) if own else 0

    async def empty(self, query: SandboxQuery) -> int:
        """Delete all that a query means."""
        thrown, before = 0, None
        while True:
            found = await self._feed.find_messages(query.as_messages(), limit=SLICE, before=before)
            if not found:
                return thrown
            before = found[-1].message_id
            thrown += await self.throw_away(query, [one.message_id for one in found])

    async def release(
        self, letter: Letter, account: SmtpAccount, to: Mailbox, caller: Caller
    ) -> Accepted | Refusal:
        """Send one message for real, to this address alone; the rules for live mail judge it."""
        stored = await self._queues.message(letter.record.message_id)
        if stored is None:
            return NOT_FOUND
        submission = Submission(
            account=account,
            envelope=replace(stored.envelope, forward_paths=()),
            forward_paths=(ForwardPath(mailbox=to),),
            source=caller,
            mode=Mode.LIVE,
            submission_id=self._ids.next(self._clock.now()),
        )
        incoming = self._accept.begin(submission)
        for block in without_names(stored.content):
            incoming.add(block)
        taken = await self._accept.accept(incoming)
        return taken if isinstance(taken, Accepted) else refused(taken)


def _reaches(query: SandboxQuery, record: MessageRecord) -> bool:
    is_own_key = query.key_id in ("", record.key_id)
    return is_own_key and (query.accounts is None or record.account_id in query.accounts)


def _words_of(content: bytes) -> str:
    """Give what a search finds in a message."""
    opened = open_message(content)
    return f"{opened.text or ''}\n{opened.html or ''}".casefold()
