"""What happened, for people: lists of messages, timelines, counts. Read only, beside the mail path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from sztafeta.delivery.state import State
from sztafeta.event import Event
from sztafeta.service.ports import Attempt, MessageHistory, MessageSummary, RecipientHistory
from sztafeta.store import rows
from sztafeta.store.database import Database
from sztafeta.store.rows import to_datetime
from sztafeta.store.schema import IS_LIVE, attempt, event, message, recipient
from sztafeta.store.statements import Row, Rows, Steps, number

_NEWEST: Final = 2**63 - 1

_SUMMARY_COLUMNS: Final = (
    message.c.message_id,
    message.c.customer_id,
    message.c.account_id,
    message.c.reverse_local,
    message.c.reverse_domain,
    message.c.header_message_id,
    message.c.subject,
    message.c.size,
    message.c.accepted_at,
)
_LIST: Final = (
    sa.select(*_SUMMARY_COLUMNS)
    .where(message.c.message_id < number("before"))
    .order_by(message.c.message_id.desc())
    .limit(number("limit"))
)
_LIST_OF_CUSTOMER: Final = _LIST.where(message.c.customer_id == number("customer_id"))
_DETAILS: Final = sa.select(
    *_SUMMARY_COLUMNS,
    message.c.signing_domain,
    message.c.expires_at,
    message.c.source,
    message.c.reverse_local.label("local"),
    message.c.reverse_domain.label("domain"),
    message.c.smtputf8,
    message.c.eight_bit,
    message.c.returns,
    message.c.envelope_id,
).where(message.c.message_id == number("message_id"))
_STATES_OF: Final = (
    sa.select(recipient.c.state, sa.func.count())
    .where(recipient.c.message_id == number("message_id"))
    .group_by(recipient.c.state)
)
RECIPIENT_COLUMNS: Final = (
    recipient.c.recipient_id,
    recipient.c.local_part,
    recipient.c.domain,
    recipient.c.notify,
    recipient.c.original,
    recipient.c.state,
    recipient.c.attempt,
    recipient.c.due_at,
    recipient.c.expires_at,
    recipient.c.final_at,
)
"""What a timeline is read from."""
_RECIPIENTS: Final = (
    sa.select(*RECIPIENT_COLUMNS)
    .where(recipient.c.message_id == number("message_id"))
    .order_by(recipient.c.recipient_id)
)
_EVENTS: Final = (
    sa.select(*event.columns)
    .where(event.c.message_id == number("message_id"))
    .order_by(event.c.event_id)
)
_ATTEMPTS: Final = (
    sa.select(*list(attempt.columns)[1:])
    .where(attempt.c.message_id == number("message_id"))
    .order_by(attempt.c.recipient_id, attempt.c.number)
)
_COUNTS: Final = sa.select(recipient.c.state, sa.func.count()).group_by(recipient.c.state)
_LIVE_COUNTS: Final = _COUNTS.where(IS_LIVE)


class History:
    """Implements `HistoryStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def messages(
        self, *, limit: int, before: int | None = None, customer_id: int | None = None
    ) -> Sequence[MessageSummary]:
        """List messages, the newest first, older than the message `before`."""
        return await self._database.read(lambda: self._list(limit, before or _NEWEST, customer_id))

    async def message_history(self, message_id: int) -> MessageHistory | None:
        """Give a message with its recipients' timelines."""
        return await self._database.read(lambda: self._history(message_id))

    async def counts(self) -> Mapping[State, int]:
        """Count all recipients by state."""
        return rows.states(await self._database.read(lambda: self._rows(_COUNTS)))

    async def live_counts(self) -> Mapping[State, int]:
        """Count the recipients that are not final; reads the index of live rows alone."""
        return rows.states(await self._database.read(lambda: self._rows(_LIVE_COUNTS)))

    def _rows(self, statement: sa.Executable, **values: object) -> Steps[Rows]:
        return (yield self._database.dialect.query(statement, **values))

    def _list(
        self, limit: int, before: int, customer_id: int | None
    ) -> Steps[list[MessageSummary]]:
        values: dict[str, Any] = {"before": before, "limit": limit}
        statement: sa.Executable = _LIST
        if customer_id is not None:
            statement, values["customer_id"] = _LIST_OF_CUSTOMER, customer_id
        summaries = []
        for row in (yield from self._rows(statement, **values)):
            states = yield from self._rows(_STATES_OF, message_id=row[0])
            summaries.append(_summary(row, states))
        return summaries

    def _history(self, message_id: int) -> Steps[MessageHistory | None]:
        found = yield from self._rows(_DETAILS, message_id=message_id)
        if not found:
            return None
        states = yield from self._rows(_STATES_OF, message_id=message_id)
        recipients = yield from self._rows(_RECIPIENTS, message_id=message_id)
        events = yield from self._rows(_EVENTS, message_id=message_id)
        attempts = yield from self._rows(_ATTEMPTS, message_id=message_id)
        signing_domain, expires_at, source, *envelope = found[0][9:]
        return MessageHistory(
            summary=_summary(found[0][:9], states),
            envelope=rows.envelope(envelope),
            signing_domain=signing_domain,
            expires_at=to_datetime(expires_at),
            source=rows.from_json(source),
            recipients=timelines(recipients, events, attempts),
        )


def _summary(row: Row, states: Rows) -> MessageSummary:
    message_id, customer_id, account_id, local_part, domain, *rest = row
    header_message_id, subject, size, accepted_at = rest
    return MessageSummary(
        message_id=message_id,
        customer_id=customer_id,
        account_id=account_id,
        reverse_path=rows.reverse_path(local_part, domain),
        header_message_id=header_message_id,
        subject=subject,
        size=size,
        accepted_at=to_datetime(accepted_at),
        states=rows.states(states),
    )


def timelines(recipients: Rows, events: Rows, attempts: Rows) -> tuple[RecipientHistory, ...]:
    """Sort what happened to its recipients."""
    happened: dict[int, list[Event]] = {row[0]: [] for row in recipients}
    tried: dict[int, list[Attempt]] = {row[0]: [] for row in recipients}
    for row in events:
        happened.setdefault(row[2], []).append(rows.event_from(row))
    for row in attempts:
        tried.setdefault(row[0], []).append(rows.attempt_from(row[1:]))
    return tuple(_timeline(row, happened[row[0]], tried[row[0]]) for row in recipients)


def _timeline(row: Row, events: Sequence[Event], attempts: Sequence[Attempt]) -> RecipientHistory:
    recipient_id, local_part, domain, notify, original, number_, *rest = row
    attempt_count, due_at, expires_at, final_at = rest
    state = State(number_)
    return RecipientHistory(
        recipient_id=recipient_id,
        forward_path=rows.forward_path(local_part, domain, notify, original),
        state=state,
        attempt=attempt_count,
        due_at=None if state.is_final else to_datetime(due_at),
        expires_at=to_datetime(expires_at),
        final_at=None if final_at is None else to_datetime(final_at),
        events=tuple(events),
        attempts=tuple(attempts),
    )
