"""Mail in a real store, short to write: accepted, delivered or refused, and rolled into the statistics."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.contracts.letters import Writer, claim
from tests.doubles.manual_clock import ManualClock

from sztafeta.account.api_key import Mode
from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.service.ports import DueRecipient, LeasedQueue, NewMessage, Settlement
from sztafeta.service.statistics.rolling import Rolling
from sztafeta.store.open import Store

WARSAW = ZoneInfo("Europe/Warsaw")
SETTLED = timedelta(minutes=5)


class SentMail:
    """The mail of one SMTP account; use `joined()`."""

    def __init__(
        self, store: Store, clock: ManualClock, *, customer_id: int, account_id: int
    ) -> None:
        self.store, self.writer = store, Writer(clock=clock, ids=IdSource(9))
        self.customer_id, self.account_id = customer_id, account_id
        self.rolling = Rolling(
            store=store.rolling, clock=clock, zone=WARSAW, patience=timedelta(seconds=25)
        )

    async def joined(self) -> SentMail:
        """Join as a node."""
        await self.store.queues.join("node", now=self.writer.now)
        return self

    async def accept(self, *to: str, mode: Mode = Mode.LIVE, **more: object) -> NewMessage:
        """Take a message over."""
        letter = self.writer.letter(*to, customer_id=self.customer_id, mode=mode)
        letter = replace(letter, account_id=self.account_id, **more)  # type: ignore[arg-type]
        await self.store.messages.accept(letter)
        return letter

    async def settle(
        self,
        state: State = State.DELIVERED,
        *,
        hop: str = "mx.example.net[192.0.2.1]:25",
        bounce_class: str = "",
        expired: bool = False,
    ) -> None:
        """Let all that is due end so."""
        queues, now = self.store.queues, self.writer.now
        details: dict[str, object] = {"attempt": 1, "hop": hop}
        if bounce_class:
            details["class"] = bounce_class
        if expired:
            details["reason"] = "expired"
        for queue in await queues.lease(now=now, limit=100):
            found = await queues.due(queue, now=now, after=None, limit=1000)
            await queues.claim([claim(due, queue) for due in found], now=now)
            done = [self._settlement(due, queue, state, details) for due in found]
            await queues.settle(done, now=now)

    def _settlement(
        self, due: DueRecipient, queue: LeasedQueue, state: State, details: dict[str, object]
    ) -> Settlement:
        kind = _KINDS[state]
        event = Event(
            event_id=self.writer.ids.next(self.writer.now),
            recipient_id=due.recipient_id,
            message_id=due.message_id,
            kind=kind,
            at=self.writer.now,
            details=dict(details),
        )
        later = None if state.is_final else self.writer.now + timedelta(hours=1)
        made = self.writer.settlement(due, queue, state, due_at=later)
        assert made.attempt is not None
        attempt = replace(made.attempt, hop=str(details["hop"]))
        return replace(made, events=(event,), attempt=attempt)

    async def roll(self) -> None:
        """Bring the statistics up to what has settled."""
        while await self.rolling.look():
            pass

    async def settled(self) -> None:
        """Let time pass until all is counted."""
        self.writer.clock.advance(SETTLED)
        await self.roll()


_KINDS = {
    State.DELIVERED: EventKind.DELIVERED,
    State.BOUNCED: EventKind.BOUNCED,
    State.EXPIRED: EventKind.BOUNCED,
    State.QUEUED: EventKind.DEFERRED,
}
