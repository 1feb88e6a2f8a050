"""TELL: one message with all that happened to it, as far as a member's rights reach."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sztafeta.account.activity import Status, status_of
from sztafeta.account.api_key import Mode
from sztafeta.account.member import Member
from sztafeta.delivery.waiting import Sight, Waiting, why_waiting
from sztafeta.mail.opened import Opened, open_message
from sztafeta.service.ports import (
    DEFAULT_POOL,
    TEST_POOL,
    BodyDamaged,
    Clock,
    FeedStore,
    HistoryStore,
    MessageRecord,
    QueueKey,
    QueueStore,
    RecipientHistory,
)
from sztafeta.service.queue_sight import QueueSight


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message as its page shows it."""

    record: MessageRecord
    signing_domain: str | None
    source: Mapping[str, Any]
    """How it came in."""
    recipient: RecipientHistory
    """The one that the page is about."""
    status: Status
    waiting: Waiting | None


class Telling:
    """Looks messages up for people."""

    def __init__(
        self,
        *,
        feed: FeedStore,
        history: HistoryStore,
        queues: QueueStore,
        sight: QueueSight | None,
        clock: Clock,
    ) -> None:
        """`sight` is None where no queue is held."""
        self._feed = feed
        self._history = history
        self._queues = queues
        self._sight = sight
        self._clock = clock

    async def find(self, member: Member, message_id: int, recipient_id: int | None) -> Told | None:
        """Find a message; the recipient is the one named, or the first."""
        record = await self._feed.find_message(member.customer_id, message_id)
        if record is None or not member.reaches(record.account_id) or not record.recipients:
            return None
        named = [one for one in record.recipients if one.recipient_id == recipient_id]
        if recipient_id is not None and not named:
            return None
        history = await self._history.message_history(message_id)
        if history is None:
            return None
        recipient = (named or record.recipients)[0]
        return Told(
            record=record,
            signing_domain=history.signing_domain,
            source=history.source,
            recipient=recipient,
            status=status_of(recipient.state, recipient.attempt),
            waiting=self._why(record, recipient),
        )

    def _why(self, record: MessageRecord, recipient: RecipientHistory) -> Waiting | None:
        if recipient.due_at is None:
            return None
        return why_waiting(
            recipient.state,
            attempts=recipient.attempt,
            due_at=recipient.due_at,
            rule=recipient.attempts[-1].rule if recipient.attempts else "",
            sight=self._look(record, recipient),
            now=self._clock.now(),
        )

    def _look(self, record: MessageRecord, recipient: RecipientHistory) -> Sight | None:
        if self._sight is None:
            return None
        key = QueueKey(
            customer_id=record.customer_id,
            domain=recipient.forward_path.mailbox.domain,
            pool=TEST_POOL if record.mode is Mode.TEST else DEFAULT_POOL,
        )
        return self._sight.look(key)

    async def content(self, told: Told) -> bytes | None:
        """Give a message as it was accepted; None: it is not kept any more, or damaged."""
        try:
            stored = await self._queues.message(told.record.message_id)
        except BodyDamaged:
            return None
        if stored is None:
            return None
        blocks = stored.content.blocks
        return await asyncio.to_thread(lambda: b"".join(blocks()))

    async def opened(self, told: Told, *, remote_pictures: bool = False) -> Opened | None:
        """Give a message taken apart; beside the loop, because some are large."""
        content = await self.content(told)
        if content is None:
            return None
        return await asyncio.to_thread(open_message, content, remote_pictures=remote_pictures)
