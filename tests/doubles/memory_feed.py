"""The feed in memory: messages by their qualities, events in their order, counts by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import takewhile
from typing import TYPE_CHECKING

from sztafeta.account.api_key import Mode
from sztafeta.event import Event
from sztafeta.service.ports import (
    DayUsage,
    FeedEvent,
    MessageQuery,
    MessageRecord,
    NewMessage,
    RecipientHistory,
    RecipientSort,
    Standing,
    StandingCount,
    standing_of,
)

if TYPE_CHECKING:
    from tests.doubles.memory_store import MemoryStore, Row

_Day = tuple[int, date, int, str]
"""Customer, day, SMTP account, mode."""


class MemoryFeed:
    """Implements `FeedStore` on what a memory store holds."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._recipients: Counter[_Day] = Counter()
        self._octets: Counter[_Day] = Counter()

    def count(self, message: NewMessage) -> None:
        """Note what a customer sent."""
        sent = sum(not one.state.is_final for one in message.recipients)
        if sent:
            day = message.accepted_at.astimezone(UTC).date()
            key = (message.customer_id, day, message.account_id, message.mode.value)
            self._recipients[key] += sent
            self._octets[key] += sent * message.content.size

    async def find_messages(
        self, query: MessageQuery, *, limit: int, before: int | None = None, offset: int = 0
    ) -> Sequence[MessageRecord]:
        found = [one for one in self._matching(query) if before is None or one.message_id < before]
        return [self._without_attempts(one) for one in found[offset : offset + limit]]

    async def count_messages(self, query: MessageQuery) -> int:
        return len(self._matching(query))

    async def find_recipients(
        self,
        query: MessageQuery,
        *,
        limit: int,
        offset: int = 0,
        standings: Collection[Standing] | None = None,
        sort: RecipientSort = RecipientSort.ACCEPTED,
        is_descending: bool = True,
    ) -> Sequence[MessageRecord]:
        found = [
            one
            for one in self._alone(query)
            if standings is None or standing_of(one.recipients[0]) in standings
        ]
        found.sort(key=lambda one: _sorted_by(one, sort), reverse=is_descending)
        return [self._without_attempts(one) for one in found[offset : offset + limit]]

    async def count_recipients(
        self, query: MessageQuery, *, by_tags: bool = False
    ) -> Sequence[StandingCount]:
        counts = Counter(
            (standing_of(one.recipients[0]), one.tags if by_tags else ())
            for one in self._alone(query)
        )
        return [
            StandingCount(standing=standing, tags=tags, recipients=number)
            for (standing, tags), number in counts.items()
        ]

    def _alone(self, query: MessageQuery) -> list[MessageRecord]:
        return [
            replace(record, recipients=(one,))
            for record in self._matching(query)
            for one in record.recipients
            if _fits(query, one)
        ]

    async def find_message(self, customer_id: int, message_id: int) -> MessageRecord | None:
        message, _ = self._store.letters.get(message_id, (None, b""))
        if message is None or message.customer_id != customer_id:
            return None
        return self._record(message)

    async def events(
        self, customer_id: int, mode: Mode, *, after: int, until: datetime, limit: int
    ) -> Sequence[FeedEvent]:
        found = [
            (event, row)
            for row in self._store.rows.values()
            for event in row.events
            if (row.message.customer_id, row.message.mode) == (customer_id, mode)
            and event.event_id > after
        ]
        found.sort(key=lambda pair: pair[0].event_id)
        happened = takewhile(lambda pair: pair[0].at < until, found)
        return [self._told(event, row) for event, row in happened][:limit]

    async def usage(self, customer_id: int, *, first: date, last: date) -> Sequence[DayUsage]:
        return [
            self._day(key)
            for key in sorted(self._recipients)
            if key[0] == customer_id and first <= key[1] <= last
        ]

    def _day(self, key: _Day) -> DayUsage:
        _, day, account_id, mode = key
        return DayUsage(
            day=day,
            account_login=self._store.login_of(account_id),
            mode=Mode(mode),
            recipients=self._recipients[key],
            octets=self._octets[key],
        )

    def _matching(self, query: MessageQuery) -> list[MessageRecord]:
        letters = sorted(self._store.letters.items(), reverse=True)
        return [self._record(one) for _, (one, _) in letters if self._matches(query, one)]

    def _matches(self, query: MessageQuery, message: NewMessage) -> bool:
        rows = self._store.recipients_of(message.message_id)
        recipients = {row.new.forward_path.mailbox for row in rows}
        start, end = query.accepted_from, query.accepted_to
        return (
            (message.customer_id, message.mode) == (query.customer_id, query.mode)
            and query.account_id in (None, message.account_id)
            and (query.accounts is None or message.account_id in query.accounts)
            and query.key_id in ("", message.source.get("key_id", ""))
            and query.submission_id in (None, message.submission_id)
            and (query.recipient is None or query.recipient in recipients)
            and query.header_message_id in ("", message.header_message_id.strip("<>"))
            and (not query.tag or query.tag in message.tags)
            and (not query.states or any(row.state in query.states for row in rows))
            and (start is None or message.accepted_at >= start)
            and (end is None or message.accepted_at < end)
        )

    def _record(self, message: NewMessage) -> MessageRecord:
        reverse_path = message.envelope.reverse_path
        return MessageRecord(
            message_id=message.message_id,
            submission_id=message.submission_id,
            customer_id=message.customer_id,
            account_id=message.account_id,
            account_login=self._store.login_of(message.account_id),
            mode=message.mode,
            key_id=str(message.source.get("key_id", "")),
            reverse_path=reverse_path,
            author="" if reverse_path is None else str(reverse_path),
            header_message_id=message.header_message_id,
            subject=message.subject,
            size=message.content.size,
            tags=message.tags,
            metadata=message.metadata,
            accepted_at=message.accepted_at,
            expires_at=message.expires_at,
            recipients=self._store.timelines(message.message_id),
        )

    def _without_attempts(self, record: MessageRecord) -> MessageRecord:
        recipients = tuple(replace(one, attempts=()) for one in record.recipients)
        return replace(record, recipients=recipients)

    def _told(self, event: Event, row: Row) -> FeedEvent:
        message = row.message
        return FeedEvent(
            event=event,
            mode=message.mode,
            account_login=self._store.login_of(message.account_id),
            recipient=row.new.forward_path.mailbox,
            submission_id=message.submission_id,
            header_message_id=message.header_message_id,
            subject=message.subject,
            tags=message.tags,
            metadata=message.metadata,
        )


def _fits(query: MessageQuery, one: RecipientHistory) -> bool:
    return query.recipient in (None, one.forward_path.mailbox) and (
        not query.states or one.state in query.states
    )


def _sorted_by(record: MessageRecord, sort: RecipientSort) -> tuple[object, ...]:
    (one,) = record.recipients
    mailbox = one.forward_path.mailbox
    by: tuple[object, ...] = {
        RecipientSort.ACCEPTED: (),
        RecipientSort.ADDRESS: (mailbox.local_part, mailbox.domain),
        RecipientSort.ACCOUNT: (record.account_login,),
        RecipientSort.HEADER_MESSAGE_ID: (record.header_message_id,),
    }[sort]
    return (*by, record.message_id, one.recipient_id)
