"""SCHEDULE, DELIVER and RECORD on the memory store, with the clock standing still: a delivery in one process.

Tests let it work (`work`), look into its books (`states`, `events`), and move the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from tests.contracts.letters import Writer
from tests.doubles.memory_store import MemoryQueues, MemoryStore, Row
from tests.doubles.scripted_hops import ScriptedDialer, ScriptedRouter

from sztafeta.delivery.egress import EgressSource, EgressSources
from sztafeta.delivery.retry import RetryPlan
from sztafeta.delivery.shaping import SiteLimits, SiteState
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.mail.envelope import ForwardPath
from sztafeta.service.deliver import Attempted, Deliver
from sztafeta.service.notices import StatusNotices
from sztafeta.service.ports import Connection, NewMessage
from sztafeta.service.ready_queue import Batch
from sztafeta.service.record import AttemptLine, Record
from sztafeta.service.rehearsing import RehearsalRouter
from sztafeta.service.schedule import Schedule, ScheduleLimits
from sztafeta.service.sign import Sign
from sztafeta.workers.signers import Signers

TURNS = 20
"""Turns of the event loop after which nothing of ours is still under way: there is no real I/O here."""


class DeliveryHouse:
    """One node; use `opened()`."""

    def __init__(
        self,
        *,
        limits: ScheduleLimits | None = None,
        site_limits: SiteLimits | None = None,
        queues: Callable[[MemoryStore], MemoryQueues] = MemoryQueues,
        jitter: float = 0.0,
    ) -> None:
        self.store = MemoryStore()
        self.queues = queues(self.store)
        self.writer = Writer()
        self.clock = self.writer.clock
        self.router, self.dialer = ScriptedRouter(), ScriptedDialer()
        self.troubles: list[str] = []
        self.lines: list[AttemptLine] = []
        self.draws = iter(())
        self.schedule = Schedule(
            store=self.queues,
            router=RehearsalRouter(self.router),
            sources=EgressSources(
                shared=EgressSource(name="default", ehlo_name="relay.example.org"),
                dedicated={
                    "alice/alice-1": EgressSource(
                        name="alice-1", ehlo_name="alice.example.org", is_dedicated=True
                    )
                },
            ),
            clock=self.clock,
            new_site_state=lambda: SiteState(site_limits or SiteLimits()),
            limits=limits,
        )
        self.record = Record(
            store=self.queues,
            schedule=self.schedule,
            clock=self.clock,
            ids=self.writer.ids,
            plan=RetryPlan(jitter=jitter),
            notices=StatusNotices(hostname="relay.example.org", ids=self.writer.ids),
            draw=self._draw,
            on_attempt=self.lines.append,
            on_trouble=self.trouble,
            retry_after=timedelta(0),
        )
        self.deliver = Deliver(
            store=self.queues,
            schedule=self.schedule,
            dialer=self.dialer,
            sign=Sign(accounts=self.store, hands=Signers(1), clock=self.clock),
            record=self.record,
            clock=self.clock,
        )
        self.connections: dict[str, Connection] = {}

    def _draw(self) -> float:
        return next(self.draws, 0.5)  # type: ignore[call-overload]

    def trouble(self, what: str, why: BaseException) -> None:
        self.troubles.append(f"{what}: {why}")

    async def join(self) -> DeliveryHouse:
        await self.queues.join("node-1", now=self.clock.now())
        return self

    # -- what comes in ---------------------------------------------------------------------------

    async def send(self, *to: str, **how: object) -> NewMessage:
        """Accept a message and tell the schedule, as ACCEPT does."""
        message = self.letter(*to, **how)
        self.schedule.accepted(message, await self.queues.accept(message))
        return message

    def letter(self, *to: str, path: ForwardPath | None = None, **how: object) -> NewMessage:
        """Write a message; `path` stands in for the first recipient's."""
        more = {key: how.pop(key) for key in ("envelope", "failure_notices") if key in how}
        message = replace(self.writer.letter(*to, **how), **more)  # type: ignore[arg-type]
        if path is None:
            return message
        first = replace(message.recipients[0], forward_path=path)
        return replace(message, recipients=(first, *message.recipients[1:]))

    # -- what goes on ----------------------------------------------------------------------------

    async def look(self) -> None:
        """Look at the store once, as the scheduler does."""
        self.schedule.ring_alarms()
        self.schedule.wants_leases()
        self.schedule.adopt(await self.queues.lease(now=self.clock.now(), limit=500))
        await self.schedule.refill_wanted()
        await self.settled()

    async def settled(self) -> None:
        """Let everything that is under way come to its end."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def next_batch(self) -> Batch | None:
        """Take work from the first site that may be given some."""
        now = self.clock.now()
        for site in list(self.schedule.sites.by_name.values()):
            if site.has_work and site.state.allowance(now):
                return self.schedule.take(site)
        return None

    async def attempt(self, batch: Batch) -> Attempted:
        """Try a batch over the site's kept connection."""
        attempted = await self.deliver.attempt(batch, self.connections.pop(batch.site.name, None))
        if attempted.connection is not None:
            self.connections[batch.site.name] = attempted.connection
        await self.record.finish()
        return attempted

    async def work(self) -> None:
        """Try everything that is due."""
        await self.look()
        while (batch := self.next_batch()) is not None:
            for verdict in (await self.attempt(batch)).verdicts:
                batch.site.state.learn(verdict, self.clock.now())
            await self.look()

    # -- what is written -------------------------------------------------------------------------

    def rows(self, message: NewMessage) -> list[Row]:
        """Give a message's rows, in the recipients' order."""
        return [self.store.rows[one.recipient_id] for one in message.recipients]

    def states(self, message: NewMessage) -> list[State]:
        return [row.state for row in self.rows(message)]

    def events(self, message: NewMessage) -> list[list[EventKind]]:
        return [[event.kind for event in row.events] for row in self.rows(message)]

    @property
    def notices(self) -> list[NewMessage]:
        """The messages from the null sender."""
        return [one for one, _ in self.store.letters.values() if one.envelope.reverse_path is None]


def text_of(notice: NewMessage) -> str:
    """Give a notice as text."""
    return b"".join(notice.content.blocks()).decode()
