"""The list of mail for people: one row a recipient, the newest first.

Four ways lead to rows, the narrowest first: the recipients that are named; a mailbox, by the index of
addresses; a few candidates, when a domain or the live rows of a customer hold few; or back in time through
the customer's messages, a bounded number at once. A search that pauses says how far it came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.account.activity import LIVE, Status, status_of
from sztafeta.account.api_key import Mode
from sztafeta.delivery.provider import BY_DOMAIN, BY_HOP, Provider
from sztafeta.delivery.queue_id import first_at
from sztafeta.delivery.state import State
from sztafeta.mail.address import Mailbox
from sztafeta.service.ports import ActivityFilter, ActivityPage, ActivityRow, Mark
from sztafeta.store import rows
from sztafeta.store.database import Database
from sztafeta.store.rows import clean, to_datetime, to_millis
from sztafeta.store.schema import (
    IS_LIVE,
    attempt,
    event,
    message,
    ready_queue,
    recipient,
    smtp_account,
)
from sztafeta.store.statements import Row, Rows, Steps, number

WINDOW: Final = 15_000
"""Messages that one search without an index looks at."""
CANDIDATES: Final = 2_000
"""Recipients that are read one by one instead."""
CLOCKS: Final = timedelta(minutes=1)
"""How far a message's id may be from the time of its acceptance."""

_COLUMNS: Final = (
    recipient.c.recipient_id,
    recipient.c.message_id,
    message.c.account_id,
    sa.func.coalesce(smtp_account.c.login, sa.literal_column("''")),
    recipient.c.local_part,
    recipient.c.domain,
    message.c.reverse_local,
    message.c.reverse_domain,
    message.c.header_message_id,
    message.c.subject,
    message.c.tags,
    recipient.c.state,
    recipient.c.attempt,
    recipient.c.accepted_at,
    recipient.c.due_at,
    recipient.c.final_at,
)
_ROWS: Final = (
    sa.select(*_COLUMNS)
    .join_from(message, recipient, recipient.c.message_id == message.c.message_id)
    .outerjoin(smtp_account, smtp_account.c.account_id == message.c.account_id)
)
_OWN_EVENTS: Final = (
    event.c.customer_id == number("customer_id"),
    event.c.mode == number("mode", sa.Text),
)
_NEWEST_EVENT: Final = (
    sa.select(event.c.event_id).where(*_OWN_EVENTS).order_by(event.c.event_id.desc()).limit(1)
)
_NEWS: Final = (
    sa.select(event.c.event_id, event.c.recipient_id)
    .where(*_OWN_EVENTS, event.c.event_id > number("after"))
    .order_by(event.c.event_id)
    .limit(number("limit"))
)


class Activity:
    """Implements `ActivityStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, wanted: ActivityFilter, *, limit: int, before: Mark | None = None
    ) -> ActivityPage:
        """List recipients, the newest first."""
        return await self._database.read(lambda: self._page(wanted, limit, before))

    async def newest_event(self, customer_id: int, mode: Mode) -> int:
        """Give the id of the customer's last event; 0 when there is none."""
        values = {"customer_id": customer_id, "mode": mode.value}
        found = await self._database.read(lambda: self._ask(_NEWEST_EVENT, values))
        return int(found[0][0]) if found else 0

    async def news(
        self, customer_id: int, mode: Mode, *, after: int, limit: int
    ) -> Sequence[tuple[int, int]]:
        """Give events after one, in their order: (event_id, recipient_id)."""
        values = {"customer_id": customer_id, "mode": mode.value, "after": after, "limit": limit}
        found = await self._database.read(lambda: self._ask(_NEWS, values))
        return [(row[0], row[1]) for row in found]

    async def which(self, wanted: ActivityFilter, recipient_ids: Collection[int]) -> frozenset[int]:
        """Say which of these recipients are meant."""
        these = replace(wanted, recipient_ids=frozenset(recipient_ids))
        statement = (
            sa.select(recipient.c.recipient_id)
            .join_from(message, recipient, recipient.c.message_id == message.c.message_id)
            .where(*_narrowed(these), _is_one_of(these.recipient_ids or ()))
        )
        found = await self._database.read(lambda: self._once(statement))
        return frozenset(row[0] for row in found)

    # -- ways to rows ----------------------------------------------------------------------------

    def _page(self, wanted: ActivityFilter, limit: int, before: Mark | None) -> Steps[ActivityPage]:
        way = yield from self._direct_way(wanted)
        if way is None:
            return (yield from self._back_in_time(wanted, limit, before))
        if before is not None:
            way = sa.and_(way, recipient.c.recipient_id < before.recipient_id)
        found = yield from self._once(
            _ROWS.where(way, *_narrowed(wanted))
            .order_by(recipient.c.recipient_id.desc())
            .limit(limit + 1)
        )
        return (yield from self._filled(found, limit))

    def _direct_way(self, wanted: ActivityFilter) -> Steps[sa.ColumnElement[bool] | None]:
        """Find a condition that an index answers; None: there is none that is narrow enough."""
        if wanted.recipient_ids is not None:
            return _is_one_of(wanted.recipient_ids)
        if wanted.message_id is not None:
            return recipient.c.message_id == wanted.message_id
        if wanted.mailbox is not None:
            return (yield from self._by_mailbox(wanted.customer_id, wanted.mailbox))
        if wanted.domain:
            return (yield from self._few(wanted, sa.true(), wanted.domain))
        if wanted.statuses and wanted.statuses <= LIVE:
            return (yield from self._few(wanted, sa.and_(IS_LIVE, _stands(wanted.statuses))))
        return None

    def _by_mailbox(self, customer_id: int, mailbox: Mailbox) -> Steps[sa.ColumnElement[bool]]:
        queues = yield from self._queues(customer_id, mailbox.domain)
        return sa.and_(recipient.c.queue_id.in_(queues), _has_local_part(mailbox))

    def _few(
        self, wanted: ActivityFilter, narrowed: sa.ColumnElement[bool], domain: str = ""
    ) -> Steps[sa.ColumnElement[bool] | None]:
        """Name the candidates when they are few."""
        queues = yield from self._queues(wanted.customer_id, domain)
        found = yield from self._once(
            sa.select(recipient.c.recipient_id)
            .where(recipient.c.queue_id.in_(queues), narrowed)
            .limit(CANDIDATES + 1)
        )
        return None if len(found) > CANDIDATES else _is_one_of([row[0] for row in found])

    def _queues(self, customer_id: int, domain: str) -> Steps[list[int]]:
        queues = sa.select(ready_queue.c.queue_id).where(ready_queue.c.customer_id == customer_id)
        if domain:
            queues = queues.where(ready_queue.c.domain == clean(domain))
        return [row[0] for row in (yield from self._once(queues))]

    def _back_in_time(
        self, wanted: ActivityFilter, limit: int, before: Mark | None
    ) -> Steps[ActivityPage]:
        """Walk through the customer's messages, a window at a time."""
        own = _own_messages(wanted)
        if before is not None:
            own.append(message.c.message_id <= before.message_id)
        newest_first = message.c.message_id.desc()
        past = yield from self._once(
            sa.select(message.c.message_id)
            .where(*own)
            .order_by(newest_first)
            .offset(WINDOW)
            .limit(1)
        )
        end = past[0][0] if past else None
        narrowed = [*own, *_narrowed(wanted)]
        if before is not None:
            place = sa.tuple_(message.c.message_id, recipient.c.recipient_id)
            narrowed.append(place < (before.message_id, before.recipient_id))
        if end is not None:
            narrowed.append(message.c.message_id > end)
        found = yield from self._once(
            _ROWS.where(*narrowed)
            .order_by(newest_first, recipient.c.recipient_id.desc())
            .limit(limit + 1)
        )
        page = yield from self._filled(found, limit)
        if end is None or page.older is not None:
            return page
        return replace(
            page, older=Mark(end, 2**63 - 1), searched_to=(yield from self._time_of(end))
        )

    def _time_of(self, message_id: int) -> Steps[datetime]:
        wanted = sa.select(message.c.accepted_at).where(message.c.message_id == message_id)
        found = yield from self._once(wanted)
        return to_datetime(found[0][0])

    # -- rows -------------------------------------------------------------------------------------

    def _filled(self, found: Rows, limit: int) -> Steps[ActivityPage]:
        """Give the page with the last word of each receiver."""
        shown = found[:limit]
        words = yield from self._last_words([row[1] for row in shown])
        page = tuple(_activity_row(row, words.get(row[0])) for row in shown)
        return ActivityPage(rows=page, older=page[-1].mark if len(found) > limit else None)

    def _last_words(self, message_ids: Sequence[int]) -> Steps[dict[int, Row]]:
        if not message_ids:
            return {}
        found = yield from self._once(
            sa.select(
                attempt.c.recipient_id,
                attempt.c.ended_at,
                attempt.c.reply_code,
                attempt.c.reply_status,
                attempt.c.reply_text,
            )
            .where(attempt.c.message_id.in_(sorted(set(message_ids))))
            .order_by(attempt.c.recipient_id, attempt.c.number)
        )
        return {row[0]: row for row in found}

    def _ask(self, statement: sa.Executable, values: dict[str, Any]) -> Steps[Rows]:
        return (yield self._database.dialect.query(statement, **values))

    def _once(self, statement: sa.Executable) -> Steps[Rows]:
        return (yield self._database.dialect.once(statement))


def _own_messages(wanted: ActivityFilter) -> list[sa.ColumnElement[bool]]:
    """Say what the index of a customer's messages answers: ids sort by time."""
    narrowed = [message.c.customer_id == wanted.customer_id, message.c.mode == wanted.mode.value]
    if wanted.since is not None:
        narrowed.append(message.c.message_id >= first_at(wanted.since - CLOCKS))
    if wanted.until is not None:
        narrowed.append(message.c.message_id < first_at(wanted.until + CLOCKS))
    return narrowed


def _narrowed(wanted: ActivityFilter) -> list[sa.ColumnElement[bool]]:
    """Say which recipients are meant, whatever way leads to them."""
    narrowed = [message.c.customer_id == wanted.customer_id, message.c.mode == wanted.mode.value]
    if wanted.account_ids is not None:
        narrowed.append(message.c.account_id.in_(sorted(wanted.account_ids)))
    if wanted.message_id is not None:
        narrowed.append(message.c.message_id == wanted.message_id)
    if wanted.header_message_id:
        bare = clean(wanted.header_message_id)
        narrowed.append(message.c.header_message_id.in_([bare, f"<{bare}>"]))
    if wanted.sender_part:
        narrowed.append(_holds(_ADDRESS_OF_SENDER, wanted.sender_part))
    if wanted.subject_part:
        narrowed.append(_holds(message.c.subject, wanted.subject_part))
    if wanted.tag:
        narrowed.append(_says(message.c.tags, rows.to_text(wanted.tag)))
    if wanted.metadata is not None:
        field, value = map(rows.to_text, wanted.metadata)
        narrowed.append(_says(message.c.metadata, f"{field}:{value}"))
    if wanted.since is not None:
        narrowed.append(message.c.accepted_at >= to_millis(wanted.since))
    if wanted.until is not None:
        narrowed.append(message.c.accepted_at < to_millis(wanted.until))
    return narrowed + _narrowed_recipients(wanted)


def _says(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Say whether JSON holds a text, to the letter."""
    return sa.func.replace(column, text, "") != column


def _narrowed_recipients(wanted: ActivityFilter) -> list[sa.ColumnElement[bool]]:
    narrowed: list[sa.ColumnElement[bool]] = []
    if wanted.domain:
        narrowed.append(recipient.c.domain == clean(wanted.domain))
    if wanted.mailbox is not None:
        narrowed.append(recipient.c.domain == clean(wanted.mailbox.domain))
        narrowed.append(_has_local_part(wanted.mailbox))
    if wanted.address_part:
        narrowed.append(_holds(_ADDRESS, wanted.address_part))
    for word in wanted.words:
        narrowed.append(sa.or_(_holds(_ADDRESS, word), _holds(message.c.subject, word)))
    if wanted.statuses:
        narrowed.append(_stands(wanted.statuses))
    if wanted.bounce_classes:
        narrowed.append(_was_refused_for(wanted.bounce_classes))
    if wanted.provider:
        narrowed.append(_is_served_by(wanted.provider))
    return narrowed


def _was_refused_for(classes: Collection[str]) -> sa.ColumnElement[bool]:
    """Look into the events of a recipient, which lie together with its message's."""
    marks = [f'"class":{rows.to_text(one)}' for one in sorted(classes)]
    return sa.exists().where(
        event.c.message_id == recipient.c.message_id,
        event.c.recipient_id == recipient.c.recipient_id,
        sa.or_(*(event.c.details.contains(mark, autoescape=True) for mark in marks)),
    )


def _is_served_by(provider: str) -> sa.ColumnElement[bool]:
    """Go by the hosts of its attempts and by its domain, as statistics do."""
    if provider == Provider.OTHER.value:
        return sa.not_(_is_offered_to(BY_DOMAIN, BY_HOP))
    domains, hosts = [
        [name for name, one in table.items() if one.value == provider]
        for table in (BY_DOMAIN, BY_HOP)
    ]
    return _is_offered_to(domains, hosts)


def _is_offered_to(domains: Iterable[str], hosts: Iterable[str]) -> sa.ColumnElement[bool]:
    ends = [attempt.c.hop.contains(f".{host}[", autoescape=True) for host in sorted(hosts)]
    tried = sa.exists().where(
        attempt.c.message_id == recipient.c.message_id,
        attempt.c.recipient_id == recipient.c.recipient_id,
        sa.or_(sa.false(), *ends),
    )
    return sa.or_(recipient.c.domain.in_(sorted(domains)), tried)


def _has_local_part(mailbox: Mailbox) -> sa.ColumnElement[bool]:
    """Say whether it is this one as written, or in lower case, as most are."""
    local_part = clean(mailbox.local_part)
    return recipient.c.local_part.in_(sorted({local_part, local_part.lower()}))


_ADDRESS: Final = recipient.c.local_part + "@" + recipient.c.domain
_ADDRESS_OF_SENDER: Final = message.c.reverse_local + "@" + message.c.reverse_domain


def _holds(column: sa.ColumnElement[str], part: str) -> sa.ColumnElement[bool]:
    """Say whether a text stands in another, whatever its case (SQLite: of ASCII letters)."""
    return column.ilike(f"%{_escaped(clean(part))}%", escape="/")


def _escaped(text: str) -> str:
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _stands(statuses: Collection[Status]) -> sa.ColumnElement[bool]:
    return sa.or_(sa.false(), *(_is_status(status) for status in sorted(statuses, key=str)))


def _is_status(status: Status) -> sa.ColumnElement[bool]:
    if status is Status.QUEUED:
        return sa.and_(recipient.c.state == State.QUEUED.value, recipient.c.attempt == 0)
    if status is Status.DEFERRED:
        return sa.and_(recipient.c.state == State.QUEUED.value, recipient.c.attempt > 0)
    return recipient.c.state == State[status.name].value


def _is_one_of(recipient_ids: Collection[int]) -> sa.ColumnElement[bool]:
    return recipient.c.recipient_id.in_(sorted(recipient_ids))


def _activity_row(row: Row, last: Row | None) -> ActivityRow:
    recipient_id, message_id, account_id, login, local_part, domain, *rest = row
    reverse_local, reverse_domain, header_message_id, subject, tags, state, attempts, *times = rest
    accepted_at, due_at, final_at = times
    status = status_of(State(state), attempts)
    return ActivityRow(
        recipient_id=recipient_id,
        message_id=message_id,
        account_id=account_id,
        account_login=login,
        mailbox=Mailbox(local_part, domain),
        sender=rows.reverse_path(reverse_local, reverse_domain),
        header_message_id=header_message_id,
        subject=subject,
        tags=rows.words(tags),
        status=status,
        attempts=attempts,
        accepted_at=to_datetime(accepted_at),
        due_at=None if status.is_final else to_datetime(due_at),
        final_at=None if final_at is None else to_datetime(final_at),
        last_word="" if last is None else _last_word(last),
        tried_at=None if last is None else to_datetime(last[1]),
    )


def _last_word(last: Row) -> str:
    _, _, code, status, text = last
    return " ".join(str(part) for part in (code, status, text) if part)
