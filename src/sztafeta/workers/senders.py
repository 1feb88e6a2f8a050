"""The senders: one coroutine a connection, as many as a site's work and limits allow.

A sender takes batch after batch while its site has work, keeps its connection between them, and parks it when
the work is done. What a site may bear is `delivery/shaping`'s decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sztafeta.delivery.shaping import SiteLimits
from sztafeta.service.deliver import Deliver
from sztafeta.service.ports import Clock, Connection
from sztafeta.service.ready_queue import Batch, Site
from sztafeta.service.schedule import Schedule

SWEEP_SECONDS = 5.0
"""How often parked connections are looked at."""


@dataclass(slots=True, eq=False)
class _Parked:
    connection: Connection
    since: datetime


@dataclass(slots=True, eq=False)
class _Crew:
    """The senders of one site."""

    site: Site
    active: int = 0
    parked: list[_Parked] = field(default_factory=list)
    alarm: asyncio.TimerHandle | None = None


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
        self._crews: dict[Site, _Crew] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._sweep: asyncio.TimerHandle | None = None
        schedule.sites.on_ready = self.wake

    @property
    def connections(self) -> int:
        """Senders at work now."""
        return len(self._tasks)

    def wake(self, site: Site) -> None:
        """Put one more sender to a site's work, if it may have one."""
        if self._stopping or not site.has_work or len(self._tasks) >= self._max_connections:
            return
        crew = self._crews.get(site)
        if crew is None:
            crew = self._crews[site] = _Crew(site)
        now = self._clock.now()
        if crew.active >= site.state.allowance(now):
            self._wake_later(crew, now)
            return
        crew.active += 1
        task = asyncio.ensure_future(self._serve(crew))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _wake_later(self, crew: _Crew, now: datetime) -> None:
        """When the site is backing off and nobody is at it, come back at the time it set."""
        retry_at = crew.site.state.retry_at
        if crew.active or crew.alarm is not None or retry_at is None:
            return
        delay = max((retry_at - now).total_seconds(), 0.0)
        crew.alarm = asyncio.get_running_loop().call_later(delay, self._alarm, crew)

    def _alarm(self, crew: _Crew) -> None:
        crew.alarm = None
        self.wake(crew.site)

    async def _serve(self, crew: _Crew) -> None:
        """Be one sender: take batches until there are none, or the site has had enough."""
        connection = crew.parked.pop().connection if crew.parked else None
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
        self, crew: _Crew, batch: Batch, connection: Connection | None
    ) -> Connection | None:
        """Try one batch; a bug in ours costs this batch one attempt and nothing else."""
        try:
            attempted = await self._deliver.attempt(batch, connection)
        except Exception as bug:  # the top of this loop
            self._on_trouble("an attempt failed inside; its recipients stay due", bug)
            self._deliver.give_back(batch)
            return None
        now = self._clock.now()
        for verdict in attempted.verdicts:
            crew.site.state.learn(verdict, now)
        connection = attempted.connection
        if connection is None or connection.transactions < self._limits.transactions_per_connection:
            return connection
        self._quit(connection)
        return None

    # -- parked connections -----------------------------------------------------------------------

    def _park(self, crew: _Crew, connection: Connection | None) -> None:
        if connection is None:
            return
        if self._stopping:
            self._quit(connection)
            return
        crew.parked.append(_Parked(connection, self._clock.now()))
        if self._sweep is None:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(SWEEP_SECONDS, self._sweep_parked)

    def _sweep_parked(self) -> None:
        """Close what has been idle for too long, and forget crews with nothing left."""
        self._sweep = None
        oldest = self._clock.now() - self._limits.idle
        for crew in list(self._crews.values()):
            for parked in [one for one in crew.parked if one.since <= oldest or self._stopping]:
                crew.parked.remove(parked)
                self._quit(parked.connection)
            if not crew.active and not crew.parked and not crew.site.has_work:
                self._crews.pop(crew.site)
        if any(crew.parked for crew in self._crews.values()):
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(SWEEP_SECONDS, self._sweep_parked)

    def _quit(self, connection: Connection) -> None:
        task = asyncio.ensure_future(connection.quit())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self, *, patience: float) -> None:
        """Finish what is under way within `patience` seconds; take nothing new."""
        self._stopping = True
        self._sweep_parked()
        if self._sweep is not None:
            self._sweep.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
