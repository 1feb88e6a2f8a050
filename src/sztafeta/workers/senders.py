"""The senders: one coroutine a connection, as many as a site's work and limits allow.

A sender takes batch after batch while its site has work, keeps its connection between them, and parks it when
the work is done. What a site may bear is `delivery/shaping`'s decision. When connections run short, the last
quarter of them is for sites that have none, so that slow ones cannot take them all (R-51), and sites stand in
line for the next that ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from sztafeta.delivery.shaping import SiteLimits
from sztafeta.delivery.verdict import Verdict
from sztafeta.service.deliver import Deliver
from sztafeta.service.ports import Clock, Connection
from sztafeta.service.ready_queue import Batch, Site
from sztafeta.service.schedule import Schedule
from sztafeta.workers.crew import Crew, Parked

SWEEP_SECONDS = 5.0
"""How often parked connections are looked at."""


class Senders:
    """All connections of this node."""

    def __init__(
        self,
        *,
        schedule: Schedule,
        deliver: Deliver,
        clock: Clock,
        limits: SiteLimits,
        max_connections: int,
        on_trouble: Callable[[str, BaseException], None],
    ) -> None:
        self._schedule = schedule
        self._deliver = deliver
        self._clock = clock
        self._limits = limits
        self._max_connections = max_connections
        self._on_trouble = on_trouble
        self._crews: dict[Site, Crew] = {}
        self._line: dict[Site, None] = {}
        """Sites that found no connection free, in their order."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._goodbyes: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._sweep: asyncio.TimerHandle | None = None
        schedule.sites.on_ready = self.wake

    @property
    def connections(self) -> int:
        """Senders at work now."""
        return len(self._tasks)

    @property
    def sites(self) -> int:
        """Sites that have senders, kept connections or work."""
        return len(self._crews)

    def wake(self, site: Site) -> None:
        """Put one more sender to a site's work, if it may have one."""
        if self._stopping or not site.has_work:
            return
        crew = self._crews.get(site)
        if crew is None:
            crew = self._crews[site] = Crew(site)
        if crew.needs_no_more:
            return
        now = self._clock.now()
        if crew.active >= site.state.allowance(now):
            self._wake_later(crew, now)
        elif len(self._tasks) >= self._slots(crew):
            self._line[site] = None
        else:
            crew.active += 1
            task = asyncio.ensure_future(self._serve(crew))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _slots(self, crew: Crew) -> int:
        """Say how many of all connections may be in use for this crew to get one more."""
        return self._max_connections * 3 // 4 if crew.active else self._max_connections

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Give the place of a sender that ended to the first in line that may have it."""
        self._tasks.discard(task)
        free = len(self._tasks)
        for site in list(self._line):
            del self._line[site]
            self.wake(site)
            if len(self._tasks) > free:
                return

    def _wake_later(self, crew: Crew, now: datetime) -> None:
        """When the site is backing off and nobody is at it, come back at the time it set."""
        retry_at = crew.site.state.retry_at
        if crew.active or crew.alarm is not None or retry_at is None:
            return
        delay = max((retry_at - now).total_seconds(), 0.0)
        crew.alarm = asyncio.get_running_loop().call_later(delay, self._alarm, crew)

    def _alarm(self, crew: Crew) -> None:
        crew.alarm = None
        self.wake(crew.site)

    async def _serve(self, crew: Crew) -> None:
        """Be one sender: take batches until there are none, or the site has had enough."""
        self._close_idle(crew)
        connection = crew.unpark()
        try:
            while not self._stopping and crew.active <= crew.site.state.allowance(
                self._clock.now()
            ):
                batch = self._schedule.take(crew.site)
                if batch is None:
                    break
                connection = await self._try(crew, batch, connection)
        finally:
            crew.active -= 1
            self._park(crew, connection)
        if crew.site.has_work:
            asyncio.get_running_loop().call_soon(self.wake, crew.site)

    async def _try(
        self, crew: Crew, batch: Batch, connection: Connection | None
    ) -> Connection | None:
        """Try one batch; a bug in ours costs this batch one attempt and nothing else."""
        crew.messages.append(batch.message_id)
        self.wake(crew.site)  # a backlog comes as one call: who takes of it calls the next
        try:
            attempted = await self._deliver.attempt(batch, connection)
        except Exception as bug:  # the top of this loop
            self._on_trouble("an attempt failed inside; its recipients stay due", bug)
            self._deliver.give_back(batch)
            if connection is not None:
                self._quit(connection)
            return None
        finally:
            crew.messages.remove(batch.message_id)
        self._learn(crew.site, attempted.verdicts)
        connection = attempted.connection
        if connection is None or connection.transactions < self._limits.transactions_per_connection:
            return connection
        self._quit(connection)
        return None

    def _learn(self, site: Site, verdicts: Sequence[Verdict]) -> None:
        """Teach the site each verdict once: a transaction is one event, however many recipients it had."""
        now = self._clock.now()
        for verdict in dict.fromkeys(verdicts):
            site.state.learn(verdict, now)

    # -- parked connections -----------------------------------------------------------------------

    def _park(self, crew: Crew, connection: Connection | None) -> None:
        """Keep a connection for the next sender; in any case look after the crew later."""
        if connection is not None and self._stopping:
            self._quit(connection)
        elif connection is not None:
            crew.parked.append(Parked(connection, self._clock.now()))
        self._sweep_later()

    def _sweep_later(self) -> None:
        if self._sweep is None and not self._stopping:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self.sweep)

    def sweep(self) -> None:
        """Close what has been idle for too long, and forget crews with nothing left."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for crew in list(self._crews.values()):
            self._close_idle(crew)
            if crew.is_done:
                del self._crews[crew.site]
        if self._crews:
            self._sweep_later()

    def _close_idle(self, crew: Crew) -> None:
        """Close connections that nobody has used for too long, or all when we stop."""
        now = self._clock.now()
        for connection in crew.idle_since(now if self._stopping else now - self._limits.idle):
            self._quit(connection)

    def _quit(self, connection: Connection) -> None:
        task = asyncio.ensure_future(connection.quit())
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)

    async def stop(self, *, patience: float) -> None:
        """Finish what is under way within `patience` seconds; take nothing new."""
        self._stopping = True
        self.sweep()
        under_way = self._tasks | self._goodbyes
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await asyncio.gather(*self._goodbyes, return_exceptions=True)
