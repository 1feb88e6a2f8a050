"""RECORD: what became of each tried recipient, in one commit: state, attempt, event, notice.

Outcomes gather while a commit is under way and share the next one. Nothing waits for the record before the
next message leaves, so the window in which a crash means a second copy is one batch (design §2).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.retry import RetryPlan
from sztafeta.delivery.state import AFTER_OUTCOME, State
from sztafeta.delivery.steps import with_look_up
from sztafeta.delivery.verdict import Answer, Outcome, Verdict
from sztafeta.event import Event, EventKind
from sztafeta.service.judge import Judged, judge_all
from sztafeta.service.ports import (
    Attempt,
    Clock,
    Connection,
    DialFailure,
    Dialogue,
    DueRecipient,
    NewMessage,
    QueuedMessage,
    QueueStore,
    Settlement,
    StorageFull,
    StoreBroken,
    StoreBusy,
)
from sztafeta.service.ready_queue import Batch
from sztafeta.service.schedule import Schedule
from sztafeta.smtp.reply import Reply
from sztafeta.value import value

RETRY_COMMIT_AFTER = timedelta(seconds=1)
"""How long to wait when the store cannot commit for the moment; the outcomes wait in memory."""

FRESH = timedelta(seconds=5)
"""How old an event may be when its commit begins; what had to wait longer is named anew."""

Entry = tuple[Batch, DueRecipient, Settlement]
"""An outcome that waits for its commit."""


@dataclass(slots=True, eq=False)
class Tried:
    """A batch under way: what was tried and what was heard."""

    batch: Batch
    message: QueuedMessage
    claimed: tuple[DueRecipient, ...]
    started_at: datetime
    ended_at: datetime = field(init=False)
    answers: tuple[Answer, ...] = ()
    hop: str = ""
    tls: str = ""
    transcript: str = ""
    steps: str = ""
    look_up: timedelta | None = None
    """How long DNS took, when this attempt is the first after the look-up."""
    dsn_passed: bool = False

    def __post_init__(self) -> None:
        self.ended_at = self.started_at

    def spoke(self, connection: Connection, dialogue: Dialogue) -> None:
        """Note a dialogue's end."""
        self.answers, self.transcript = dialogue.answers, dialogue.transcript
        self.hop, self.tls, self.steps = connection.hop, connection.tls, dialogue.steps
        self.dsn_passed = dialogue.dsn_passed

    def failed(self, failure: DialFailure) -> None:
        """Note that no hop took us: every recipient got the same answer."""
        self.answers = (failure.answer,) * len(self.claimed)
        self.hop, self.transcript, self.steps = failure.hop, failure.transcript, failure.steps


class Notices(Protocol):
    """Makes the status notifications that an outcome asks for (service/notices)."""

    def after(
        self, message: QueuedMessage, judged: Sequence[Judged], tried: Tried
    ) -> tuple[NewMessage, ...]:
        """Give the notices to queue with this outcome; usually none."""

    def expired(
        self, message: QueuedMessage, recipients: Sequence[DueRecipient], now: datetime
    ) -> tuple[NewMessage, ...]:
        """Give the notices for recipients that were given up without another attempt."""


@value(frozen=True, slots=True, kw_only=True)
class AttemptLine:
    """The canonical log line of one attempt: no address, no content."""

    message_id: int
    customer_id: int
    domain: str
    site: str
    hop: str
    tls: str
    attempt: int
    outcome: str
    stage: str
    code: int | None
    status: str
    rule: str
    bounce_class: str
    took: timedelta
    age: timedelta


class Record:
    """Writes outcomes; one instance serves all senders."""

    def __init__(
        self,
        *,
        store: QueueStore,
        schedule: Schedule,
        clock: Clock,
        ids: IdSource,
        plan: RetryPlan,
        notices: Notices,
        draw: Callable[[], float],
        on_attempt: Callable[[AttemptLine], None] = lambda line: None,
        on_trouble: Callable[[str, BaseException], None] = lambda what, why: None,
        retry_after: timedelta = RETRY_COMMIT_AFTER,
    ) -> None:
        self._store = store
        self._schedule = schedule
        self._clock = clock
        self._ids = ids
        self._plan = plan
        self._notices = notices
        self._draw = draw
        self._on_attempt = on_attempt
        self._on_trouble = on_trouble
        self._retry_after = retry_after.total_seconds()
        self._waiting: list[Entry] = []
        self._writing: asyncio.Task[None] | None = None

    # -- what became of it ------------------------------------------------------------------------

    def attempted(self, tried: Tried) -> tuple[Verdict, ...]:
        """Judge an attempt and have it written with the next commit; give the verdicts."""
        now = self._clock.now()
        judged = judge_all(
            tried.claimed, tried.answers, now=now, plan=self._plan, draw=self._draw()
        )
        tried.ended_at = now
        notices = self._notices.after(tried.message, judged, tried)
        for one in judged:
            attempt = _attempt(tried, one, now)
            self._write(tried.batch, one.due, self._settlement(tried, one, attempt, notices))
            self._on_attempt(_line(tried, one, attempt))
            notices = ()  # one notice speaks for all recipients of the batch
        return tuple(one.verdict for one in judged)

    def _settlement(
        self, tried: Tried, one: Judged, attempt: Attempt, notices: tuple[NewMessage, ...]
    ) -> Settlement:
        due = one.due
        event = self._event(due, _KIND[one.outcome], attempt.ended_at, _details(attempt, one))
        return Settlement(
            recipient_id=due.recipient_id,
            message_id=due.message_id,
            queue_id=due.queue_id,
            epoch=tried.batch.queue.leased.epoch,
            state=AFTER_OUTCOME[one.outcome],
            due_at=one.due_at,
            attempt=attempt,
            events=(event,),
            notices=notices,
        )

    def expire(
        self, batch: Batch, recipients: Sequence[DueRecipient], message: QueuedMessage | None
    ) -> None:
        """Give up on claimed recipients that grew too old while they waited."""
        now = self._clock.now()
        notices = () if message is None else self._notices.expired(message, recipients, now)
        for due in recipients:
            event = self._event(due, EventKind.BOUNCED, now, {"reason": "expired"})
            self._write(batch, due, _closing(batch, due, State.EXPIRED, event, None, notices))
            notices = ()

    def hold(self, batch: Batch, recipients: Sequence[DueRecipient], reason: str) -> None:
        """Keep claimed recipients from being sent until an operator has looked (R-28)."""
        now = self._clock.now()
        for due in recipients:
            event = self._event(due, EventKind.HELD, now, {"reason": reason})
            self._write(batch, due, _closing(batch, due, State.HELD, event, None))

    def give_back(self, batch: Batch) -> None:
        """Make recipients due again after an error of ours; the unclaimed match no row."""
        now = self._clock.now()
        for due in batch.recipients:
            due_at = now + self._plan.first
            details = {"reason": "internal", "next_due": due_at.isoformat(timespec="seconds")}
            event = self._event(due, EventKind.DEFERRED, now, details)
            self._write(batch, due, _closing(batch, due, State.QUEUED, event, due_at))

    def _event(
        self, due: DueRecipient, kind: EventKind, now: datetime, details: dict[str, Any]
    ) -> Event:
        return Event(
            event_id=self._ids.next(now),
            recipient_id=due.recipient_id,
            message_id=due.message_id,
            kind=kind,
            at=now,
            details=details,
        )

    # -- write ------------------------------------------------------------------------------------

    def _write(self, batch: Batch, due: DueRecipient, settlement: Settlement) -> None:
        self._waiting.append((batch, due, settlement))
        if self._writing is None:
            self._writing = asyncio.ensure_future(self._write_waiting())

    async def _write_waiting(self) -> None:
        """Commit what waits, until nothing does."""
        try:
            while self._waiting:
                entries, self._waiting = self._waiting, []
                await self._commit(entries)
        finally:
            self._writing = None

    async def _commit(self, entries: list[Entry]) -> None:
        """Commit outcomes together, or each alone when one of them cannot be written."""
        try:
            await self._settle(entries)
        except StoreBroken as broken:
            self._on_trouble("the store is broken; outcomes stay unwritten", broken)
        except Exception as trouble:  # the top of this loop
            if len(entries) == 1:
                self._leave(entries[0], trouble)
                return
            self._on_trouble("outcomes could not be recorded together; trying each alone", trouble)
            for entry in entries:
                await self._commit([entry])

    async def _settle(self, entries: list[Entry]) -> None:
        """Commit as soon as the store can: an outcome that was seen must not be forgotten (R-21)."""
        settlements = [settlement for _, _, settlement in entries]
        while True:
            now = self._clock.now()
            if now - settlements[0].events[0].at > FRESH:
                settlements = [self._named_anew(one, now) for one in settlements]
            try:
                await self._store.settle(settlements, now=now)
                break
            except (StoreBusy, StorageFull) as trouble:
                self._on_trouble("the store cannot record outcomes now; trying again", trouble)
                await asyncio.sleep(self._retry_after)
        for batch, due, settlement in entries:
            self._schedule.done(batch.queue, due.recipient_id, due_at=settlement.due_at)
            for notice in settlement.notices:
                self._schedule.poke(notice)

    def _named_anew(self, settlement: Settlement, now: datetime) -> Settlement:
        """Give events that waited for the store ids of their commit: readers go by the order of ids."""
        notices = tuple(
            replace(one, events=self._renamed(one.events, now)) for one in settlement.notices
        )
        return replace(settlement, events=self._renamed(settlement.events, now), notices=notices)

    def _renamed(self, events: Sequence[Event], now: datetime) -> tuple[Event, ...]:
        return tuple(replace(one, event_id=self._ids.next(now)) for one in events)

    def _leave(self, entry: Entry, trouble: Exception) -> None:
        """Leave a recipient as it was claimed: it is due again when its queue is leased anew."""
        batch, due, _ = entry
        what = "an outcome cannot be recorded; its recipient is left to its lease"
        self._on_trouble(what, trouble)
        self._schedule.done(batch.queue, due.recipient_id, due_at=None)

    async def finish(self, *, patience: float | None = None) -> None:
        """Wait until everything that was seen is on disk, at most `patience` seconds."""
        try:
            async with asyncio.timeout(patience):
                while self._writing is not None:
                    await asyncio.shield(self._writing)
        except TimeoutError as late:
            self._give_up(late)

    def _give_up(self, late: TimeoutError) -> None:
        """Record nothing more; what is being committed now may still get there."""
        self._on_trouble(
            "outcomes are not recorded; their recipients are left to their lease", late
        )
        self._waiting.clear()
        if self._writing is not None:
            self._writing.cancel()

    @property
    def backlog(self) -> int:
        """Outcomes seen but not yet on disk."""
        return len(self._waiting)


_KIND = {
    Outcome.DELIVERED: EventKind.DELIVERED,
    Outcome.DEFERRED: EventKind.DEFERRED,
    Outcome.BOUNCED: EventKind.BOUNCED,
    Outcome.EXPIRED: EventKind.BOUNCED,
}


def _closing(
    batch: Batch,
    due: DueRecipient,
    state: State,
    event: Event,
    due_at: datetime | None,
    notices: tuple[NewMessage, ...] = (),
) -> Settlement:
    """Settle a recipient without an attempt."""
    return Settlement(
        recipient_id=due.recipient_id,
        message_id=due.message_id,
        queue_id=due.queue_id,
        epoch=batch.queue.leased.epoch,
        state=state,
        due_at=due_at,
        attempt=None,
        events=(event,),
        notices=notices,
    )


def _attempt(tried: Tried, one: Judged, now: datetime) -> Attempt:
    """Describe the attempt for the history."""
    said = one.answer.said
    failed = one.outcome is not Outcome.DELIVERED
    heard = said if isinstance(said, Reply) else None
    return Attempt(
        number=one.due.attempt + 1,
        started_at=tried.started_at,
        ended_at=now,
        outcome=one.outcome.value,
        stage=one.answer.stage.value,
        hop=tried.hop,
        reply_code=None if heard is None else heard.code,
        reply_status="" if heard is None else str(heard.status or ""),
        reply_text=said.text,
        tls=tried.tls,
        transcript=tried.transcript if failed else "",
        rule=one.verdict.rule,
        steps=with_look_up(tried.steps, tried.look_up),
    )


def _details(attempt: Attempt, one: Judged) -> dict[str, Any]:
    """Describe the outcome for the event."""
    details: dict[str, Any] = {"attempt": attempt.number, "hop": attempt.hop}
    if attempt.reply_code is not None:
        details["reply"] = f"{attempt.reply_code} {attempt.reply_status} {attempt.reply_text}"
    else:
        details["failure"] = attempt.reply_text
    if one.outcome is Outcome.DELIVERED:
        return details
    details |= {
        "stage": attempt.stage,
        "rule": attempt.rule,
        "class": one.verdict.bounce_class.value,
    }
    if one.outcome is Outcome.EXPIRED:
        details["reason"] = "expired"
    if one.due_at is not None:
        details["next_due"] = one.due_at.isoformat(timespec="seconds")
    return details


def _line(tried: Tried, one: Judged, attempt: Attempt) -> AttemptLine:
    return AttemptLine(
        message_id=one.due.message_id,
        customer_id=tried.message.customer_id,
        domain=one.due.forward_path.mailbox.domain,
        site=tried.batch.site.name,
        hop=attempt.hop,
        tls=attempt.tls,
        attempt=attempt.number,
        outcome=attempt.outcome,
        stage=attempt.stage,
        code=attempt.reply_code,
        status=attempt.reply_status,
        rule=attempt.rule,
        bounce_class=one.verdict.bounce_class.value,
        took=attempt.ended_at - attempt.started_at,
        age=attempt.ended_at - one.due.accepted_at,
    )
