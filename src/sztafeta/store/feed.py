"""What happened, for programs: messages by their qualities, events in their order, counts by day.

Each question is of one customer and begins in an index of his: his messages newest first, a submission, his
events. What a query narrows besides is read from those rows. Read only, beside the mail path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import takewhile
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.account.api_key import Mode
from sztafeta.mail.address import Mailbox
from sztafeta.service.ports import (
    DayUsage,
    FeedEvent,
    MessageQuery,
    MessageRecord,
    RecipientHistory,
    RecipientSort,
    Standing,
    StandingCount,
)
from sztafeta.store import rows, standing_rows
from sztafeta.store.database import Database
from sztafeta.store.history import RECIPIENT_COLUMNS, timelines
from sztafeta.store.rows import DAY, clean, to_datetime, to_millis
from sztafeta.store.schema import attempt, event, message, recipient, smtp_account, usage
from sztafeta.store.statements import Row, Rows, Steps, number

_LOGIN: Final = sa.func.coalesce(smtp_account.c.login, sa.literal_column("''"))
"""Empty when the account is gone."""

_RECORDS: Final = (
    sa.select(
        message.c.message_id,
        message.c.submission_id,
        message.c.customer_id,
        message.c.account_id,
        _LOGIN,
        message.c.mode,
        message.c.source,
        message.c.reverse_local,
        message.c.reverse_domain,
        message.c.header_message_id,
        message.c.subject,
        message.c.size,
        message.c.tags,
        message.c.metadata,
        message.c.accepted_at,
        message.c.expires_at,
    )
    .select_from(message)
    .outerjoin(smtp_account, smtp_account.c.account_id == message.c.account_id)
)
_EVENTS: Final = (
    sa.select(
        *event.columns,
        _LOGIN,
        recipient.c.local_part,
        recipient.c.domain,
        message.c.submission_id,
        message.c.header_message_id,
        message.c.subject,
        message.c.tags,
        message.c.metadata,
    )
    .join_from(event, message, message.c.message_id == event.c.message_id)
    .join(recipient, recipient.c.recipient_id == event.c.recipient_id)
    .outerjoin(smtp_account, smtp_account.c.account_id == message.c.account_id)
    .where(
        event.c.customer_id == number("customer_id"),
        event.c.mode == number("mode", sa.Text),
        event.c.event_id > number("after"),
    )
    .order_by(event.c.event_id)
    .limit(number("limit"))
)
_USAGE: Final = (
    sa.select(usage.c.day, _LOGIN, usage.c.mode, usage.c.recipients, usage.c.octets)
    .select_from(usage)
    .outerjoin(smtp_account, smtp_account.c.account_id == usage.c.account_id)
    .where(
        usage.c.customer_id == number("customer_id"),
        usage.c.day >= number("first", sa.Integer),
        usage.c.day <= number("last", sa.Integer),
    )
    .order_by(usage.c.day, usage.c.account_id, usage.c.mode)
)


class Feed:
    """Implements `FeedStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find_messages(
        self, query: MessageQuery, *, limit: int, before: int | None = None, offset: int = 0
    ) -> Sequence[MessageRecord]:
        """List messages, the newest first, older than the message `before`; recipients with events."""
        wanted = _RECORDS.where(*_narrowed(query))
        if before is not None:
            wanted = wanted.where(message.c.message_id < before)
        wanted = wanted.order_by(message.c.message_id.desc()).limit(limit).offset(offset)
        return await self._database.read(lambda: self._records(wanted, with_attempts=False))

    async def count_messages(self, query: MessageQuery) -> int:
        """Count them."""
        wanted = sa.select(sa.func.count()).select_from(message).where(*_narrowed(query))
        count: int = (await self._database.read(lambda: self._once(wanted)))[0][0]
        return count

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
        """List recipients, each as the only one of its message, with its events."""
        wanted = standing_rows.listing(
            _narrowed_recipients(query), standings, sort, is_descending=is_descending
        )
        wanted = wanted.limit(limit).offset(offset)

        def steps() -> Steps[list[MessageRecord]]:
            found = yield from self._once(wanted)
            of_these = _RECORDS.where(message.c.message_id.in_({row[0] for row in found}))
            records = yield from self._records(of_these, with_attempts=False)
            alone = {
                one.recipient_id: replace(record, recipients=(one,))
                for record in records
                for one in record.recipients
            }
            return [alone[row[1]] for row in found]

        return await self._database.read(steps)

    async def count_recipients(
        self, query: MessageQuery, *, by_tags: bool = False
    ) -> Sequence[StandingCount]:
        """Count the same recipients by where they stand, and by the tags of their messages."""
        wanted = standing_rows.counting(_narrowed_recipients(query), by_tags=by_tags)
        found = await self._database.read(lambda: self._once(wanted))
        return [standing_rows.count_from(row) for row in found]

    async def find_message(self, customer_id: int, message_id: int) -> MessageRecord | None:
        """Find one, with its recipients' attempts and events."""
        wanted = _RECORDS.where(
            message.c.message_id == message_id, message.c.customer_id == customer_id
        )
        found = await self._database.read(lambda: self._records(wanted, with_attempts=True))
        return found[0] if found else None

    async def events(
        self, customer_id: int, mode: Mode, *, after: int, until: datetime, limit: int
    ) -> Sequence[FeedEvent]:
        """Give events in the order of their ids, after one id, that happened before an instant.

        They end at the first that is younger: what comes behind it would be passed over for good.
        """

        def steps() -> Steps[Rows]:
            return (
                yield self._database.dialect.query(
                    _EVENTS, customer_id=customer_id, mode=mode.value, after=after, limit=limit
                )
            )

        found = [_feed_event(row) for row in await self._database.read(steps)]
        return list(takewhile(lambda one: one.event.at < until, found))

    async def usage(self, customer_id: int, *, first: date, last: date) -> Sequence[DayUsage]:
        """Give what was accepted day by day; the last day is included."""

        def steps() -> Steps[Rows]:
            return (
                yield self._database.dialect.query(
                    _USAGE, customer_id=customer_id, first=_day(first), last=_day(last)
                )
            )

        return [_day_usage(row) for row in await self._database.read(steps)]

    def _once(self, statement: sa.Executable) -> Steps[Rows]:
        return (yield self._database.dialect.once(statement))

    def _records(
        self, wanted: sa.Select[Any], *, with_attempts: bool
    ) -> Steps[list[MessageRecord]]:
        found = yield from self._once(wanted)
        ids = [row[0] for row in found]
        if not ids:
            return []
        recipients = yield from self._rows_of(ids, recipient, recipient.c.recipient_id)
        events = yield from self._rows_of(ids, event, event.c.event_id)
        attempts: dict[int, list[Row]] = {}
        if with_attempts:
            attempts = yield from self._rows_of(ids, attempt, attempt.c.number)
        return [
            _record(
                row,
                timelines(
                    recipients.get(row[0], []), events.get(row[0], []), attempts.get(row[0], [])
                ),
            )
            for row in found
        ]

    def _rows_of(
        self, message_ids: Sequence[int], table: sa.Table, order: sa.ColumnElement[Any]
    ) -> Steps[dict[int, list[Row]]]:
        """Give what belongs to messages, by message."""
        columns = {
            recipient: RECIPIENT_COLUMNS,
            event: list(event.columns),
            attempt: list(attempt.columns)[1:],
        }[table]
        found = yield from self._once(
            sa.select(table.c.message_id, *columns)
            .where(table.c.message_id.in_(message_ids))
            .order_by(table.c.message_id, order)
        )
        sorted_out: dict[int, list[Row]] = defaultdict(list)
        for row in found:
            sorted_out[row[0]].append(row[1:])
        return sorted_out


def _narrowed(query: MessageQuery) -> list[sa.ColumnElement[bool]]:
    """Say which messages are meant."""
    column = message.c
    narrowed = [column.customer_id == query.customer_id, column.mode == query.mode.value]
    if query.account_id is not None:
        narrowed.append(column.account_id == query.account_id)
    if query.accounts is not None:
        narrowed.append(column.account_id.in_(sorted(query.accounts)))
    if query.key_id:
        narrowed.append(_holds(column.source, f'"key_id":{rows.to_text(query.key_id)}'))
    if query.submission_id is not None:
        narrowed.append(column.submission_id == query.submission_id)
    if query.header_message_id:
        bare = clean(query.header_message_id)
        narrowed.append(column.header_message_id.in_([bare, f"<{bare}>"]))
    if query.tag:
        narrowed.append(_holds(column.tags, rows.to_text(query.tag)))
    if query.accepted_from is not None:
        narrowed.append(column.accepted_at >= to_millis(query.accepted_from))
    if query.accepted_to is not None:
        narrowed.append(column.accepted_at < to_millis(query.accepted_to))
    if query.recipient is not None:
        narrowed.append(_has_recipient(_is_address(query.recipient)))
    if query.states:
        numbers = sorted(state.value for state in query.states)
        narrowed.append(_has_recipient(recipient.c.state.in_(numbers)))
    return narrowed


def _holds(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Say whether a text stands in another, letter by letter (LIKE of SQLite knows no case)."""
    return sa.func.replace(column, text, "") != column


def _narrowed_recipients(query: MessageQuery) -> list[sa.ColumnElement[bool]]:
    """Say which recipients are meant: those of the messages, and of them those that fit."""
    narrowed = _narrowed(replace(query, recipient=None, states=frozenset()))
    if query.recipient is not None:
        narrowed.append(_is_address(query.recipient))
    if query.states:
        narrowed.append(recipient.c.state.in_(sorted(state.value for state in query.states)))
    return narrowed


def _has_recipient(narrowed: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(recipient.c.message_id == message.c.message_id, narrowed)


def _is_address(mailbox: Mailbox) -> sa.ColumnElement[bool]:
    return sa.and_(
        recipient.c.local_part == clean(mailbox.local_part),
        recipient.c.domain == clean(mailbox.domain),
    )


def _record(row: Row, recipients: tuple[RecipientHistory, ...]) -> MessageRecord:
    message_id, submission_id, customer_id, account_id, login, mode, source, *rest = row
    local_part, domain, header_message_id, subject, size, tags, metadata, *times = rest
    reverse_path = rows.reverse_path(local_part, domain)
    return MessageRecord(
        message_id=message_id,
        submission_id=submission_id,
        customer_id=customer_id,
        account_id=account_id,
        account_login=login,
        mode=Mode(mode),
        key_id=str(rows.from_json(source).get("key_id", "")),
        reverse_path=reverse_path,
        author="" if reverse_path is None else str(reverse_path),
        header_message_id=header_message_id,
        subject=subject,
        size=size,
        tags=rows.words(tags),
        metadata=rows.from_json(metadata),
        accepted_at=to_datetime(times[0]),
        expires_at=to_datetime(times[1]),
        recipients=recipients,
    )


def _feed_event(row: Row) -> FeedEvent:
    width = len(event.columns)
    login, local_part, domain, submission_id, header_message_id, *rest = row[width:]
    subject, tags, metadata = rest
    return FeedEvent(
        event=rows.event_from(row[:width]),
        mode=Mode(row[width - 1]),
        account_login=login,
        recipient=Mailbox(local_part, domain),
        submission_id=submission_id,
        header_message_id=header_message_id,
        subject=subject,
        tags=rows.words(tags),
        metadata=rows.from_json(metadata),
    )


def _day(day: date) -> int:
    """Number a day."""
    return to_millis(datetime.combine(day, time(), UTC)) // DAY


def _day_usage(row: Row) -> DayUsage:
    day, login, mode, recipients, octets = row
    return DayUsage(
        day=to_datetime(day * DAY).date(),
        account_login=login,
        mode=Mode(mode),
        recipients=recipients,
        octets=octets,
    )
