"""SCHEDULE: which recipients may be tried now, in memory, for the ready queues this node owns.

The store is the truth; this is a bounded window on it. A queue in memory is *drained* when the store holds
nothing due for it that is not known here: only then may a fresh accept be handed over without reading it
back. Otherwise the accept leaves a mark, and the queue is read again when its window runs low.

Fairness: a ready queue belongs to one customer and one domain; a site takes turns among its queues, so a
million messages of one customer delay another's single message by one turn.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sztafeta.delivery.egress import EgressSources
from sztafeta.delivery.shaping import SiteState
from sztafeta.service.fresh_messages import FreshMessages
from sztafeta.service.ports import (
    Clock,
    DueRecipient,
    LeasedQueue,
    NewMessage,
    NewRecipient,
    QueuedMessage,
    QueueKey,
    QueueRouter,
    QueueStore,
)
from sztafeta.service.ready_queue import Batch, ReadyQueue, Site
from sztafeta.service.sites import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLimits:
    """How much of the store may stand in memory."""

    window: int = 1000
    """Recipients of one queue."""
    total: int = 20_000
    """Recipients of all queues; beyond it, each queue may only hold its share."""
    share: int = 10
    """Recipients that a queue may hold however full the memory is of others' (R-50, R-51)."""
    page: int = 300
    """Recipients read at once, in whole transactions where they fit; fewer than half, and it reads on."""
    content_bytes: int = 8 * 1024 * 1024
    """Octets of fresh messages kept so that they need not be read back."""
    recipients_per_transaction: int = 100


class Schedule:
    """The ready queues of this node, and the sites they lead to."""

    def __init__(
        self,
        *,
        store: QueueStore,
        router: QueueRouter,
        sources: EgressSources,
        clock: Clock,
        new_site_state: Callable[[], SiteState],
        limits: ScheduleLimits | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self.sites = Sites(
            router=router, sources=sources, clock=clock, new_site_state=new_site_state
        )
        self.limits = limits or ScheduleLimits()
        self._queues: dict[int, ReadyQueue] = {}
        self._by_key: dict[QueueKey, ReadyQueue] = {}
        self._fresh = FreshMessages(self.limits.content_bytes)
        self._in_memory = 0
        self._leases_wanted = False
        self._alarms: list[tuple[datetime, int]] = []
        self._to_refill: dict[int, ReadyQueue] = {}
        self.on_demand: Callable[[], None] = lambda: None
        """Told when the scheduler should look at the store now."""

    # -- what comes in ---------------------------------------------------------------------------

    def accepted(self, message: NewMessage, queue_ids: Mapping[str, int]) -> None:
        """Take over a message that was just committed; never fails, never waits."""
        kept = 0
        for recipient in message.recipients:
            if recipient.state.is_final:
                continue
            queue = self._queues.get(queue_ids[recipient.forward_path.mailbox.domain])
            if queue is None:
                self._want_leases()
            elif recipient.due_at is not None and recipient.due_at > message.accepted_at:
                self._set_alarm(queue, recipient.due_at)
            else:
                kept += self._hand_over(queue, _as_due(message, recipient, queue))
        if kept:
            self._fresh.keep(message, kept)
            for queue_id in set(queue_ids.values()):
                if (ready := self._queues.get(queue_id)) is not None:
                    self.sites.offer(ready)

    def _hand_over(self, queue: ReadyQueue, due: DueRecipient) -> int:
        """Put a fresh recipient into the window if nothing older waits outside it."""
        if due.recipient_id in queue.known:
            return 0  # a read saw the commit before we were told of it
        if queue.drained and self._room(queue) > 0:
            self._append(queue, due)
            return 1
        if queue.mark is not None and (due.due_at, due.recipient_id) <= queue.mark:
            queue.mark = None
        self._look_again(queue)
        return 0

    def _look_again(self, queue: ReadyQueue) -> None:
        """Note that the store holds more than the window; read it when the window runs low."""
        queue.changes += 1
        queue.drained = False
        if self._runs_low(queue):
            self._want_refill(queue)

    def _look_anew(self, queue: ReadyQueue) -> None:
        """Look again, from the start: something may be due that is older than what was read.

        The time of an accept, an operator's retry and the next try of a deferred recipient are all taken
        before they are committed.
        """
        queue.mark = None
        self._look_again(queue)

    def _room(self, queue: ReadyQueue) -> int:
        """Say how many more recipients of a queue memory has room for."""
        is_full = self._in_memory >= self.limits.total
        return (self.limits.share if is_full else self.limits.window) - len(queue.ready)

    def _want_refill(self, queue: ReadyQueue) -> None:
        if not queue.refilling:
            self._to_refill[queue.leased.queue_id] = queue
            self.on_demand()

    def poke(self, message: NewMessage) -> None:
        """Look anew at the queues of a message that was committed with something else."""
        for recipient in message.recipients:
            domain = recipient.forward_path.mailbox.domain
            key = QueueKey(customer_id=message.customer_id, domain=domain, pool=message.pool)
            queue = self._by_key.get(key)
            if queue is None:
                self._want_leases()
            else:
                self._look_again(queue)

    def _want_leases(self) -> None:
        self._leases_wanted = True
        self.on_demand()

    def wants_leases(self) -> bool:
        """Say (once) whether something came in for a queue that is not ours yet."""
        wanted, self._leases_wanted = self._leases_wanted, False
        return wanted

    def adopt(self, leased: Sequence[LeasedQueue]) -> None:
        """Open a window on queues that were leased, or look anew at those already open."""
        for lease in leased:
            queue = self._queues.get(lease.queue_id)
            if queue is not None and queue.leased.epoch == lease.epoch:
                self._look_anew(queue)
                continue
            if queue is not None:
                self._forget(queue)
            fresh = ReadyQueue(leased=lease)
            self._queues[lease.queue_id] = fresh
            self._by_key[lease.key] = fresh
            self._want_refill(fresh)

    # -- what goes out ---------------------------------------------------------------------------

    def take(self, site: Site) -> Batch | None:
        """Give the next recipients of a site, one queue after the other."""
        rotation = site.rotation
        while rotation:
            queue = rotation.popleft()
            queue.in_rotation = False
            if not queue.ready:
                continue
            recipients = self._pop(queue)
            if queue.ready:
                queue.in_rotation = True
                rotation.append(queue)
            return Batch(site, queue, recipients)
        return None

    def _pop(self, queue: ReadyQueue) -> tuple[DueRecipient, ...]:
        """Take the recipients of one message off the window's head."""
        ready = queue.ready
        first = ready.popleft()
        taken = [first]
        limit = self.limits.recipients_per_transaction
        while ready and ready[0].message_id == first.message_id and len(taken) < limit:
            taken.append(ready.popleft())
        self._in_memory -= len(taken)
        if not queue.drained and self._runs_low(queue):
            self._want_refill(queue)
        return tuple(taken)

    def fresh(self, batch: Batch) -> QueuedMessage | None:
        """Give the batch's message if it is still in memory."""
        return self._fresh.take(batch.message_id, len(batch.recipients))

    def done(self, queue: ReadyQueue, recipient_id: int, *, due_at: datetime | None) -> None:
        """Forget a recipient that was settled or lost; `due_at` is when it is wanted again."""
        queue.known.discard(recipient_id)
        if due_at is not None:
            self._set_alarm(queue, due_at)

    def _set_alarm(self, queue: ReadyQueue, due_at: datetime) -> None:
        """Have a queue looked at when something falls due in it; one alarm a queue, the earliest."""
        if queue.alarm_at is not None and queue.alarm_at <= due_at:
            return
        queue.alarm_at = due_at
        heapq.heappush(self._alarms, (due_at, queue.leased.queue_id))
        if self._alarms[0][0] == due_at:
            self.on_demand()

    # -- what the scheduler does -----------------------------------------------------------------

    @property
    def next_alarm(self) -> datetime | None:
        """When the next deferred recipient is due."""
        return self._alarms[0][0] if self._alarms else None

    @property
    def depth(self) -> int:
        """Recipients in memory that wait for a sender."""
        return self._in_memory

    def window(self, key: QueueKey) -> ReadyQueue | None:
        """Give the window on a queue; None: this node does not hold it."""
        return self._by_key.get(key)

    def waiting_queues(self) -> list[ReadyQueue]:
        """Give the queues with work whose site is being left alone for now."""
        now = self._clock.now()
        return [
            queue for queue in self._queues.values() if queue.known and _is_left_alone(queue, now)
        ]

    def ring_alarms(self) -> None:
        """Look anew at the queues in which something fell due."""
        now = self._clock.now()
        while self._alarms and self._alarms[0][0] <= now:
            due_at, queue_id = heapq.heappop(self._alarms)
            queue = self._queues.get(queue_id)
            if queue is not None and queue.alarm_at == due_at:
                queue.alarm_at = None
                self._look_anew(queue)

    def review_busy(self) -> None:
        """Look anew at queues that had work: something older may fall due in them meanwhile.

        What waits for a site that is left alone can wait to be read, too.
        """
        now = self._clock.now()
        for queue in self._queues.values():
            if not queue.asked and not (queue.known and _is_left_alone(queue, now)):
                self._look_anew(queue)

    async def refill_wanted(self) -> None:
        """Read on in every queue whose window runs low."""
        wanted, self._to_refill = self._to_refill, {}
        for queue in wanted.values():
            if self._room(queue) > 0:
                await self._refill(queue)
            else:
                self._to_refill[queue.leased.queue_id] = queue

    async def _refill(self, queue: ReadyQueue) -> None:
        """Read a page of what is due in a queue, after what was read already."""
        queue.refilling = True
        try:
            changes, limit = queue.changes, self._page(queue)
            mark = queue.mark if queue.known else None
            now = self._clock.now()
            rows = await self._store.due(queue.leased, now=now, limit=limit, after=mark)
        finally:
            queue.refilling = False
        if changes != queue.changes:
            queue.mark = None  # what came in meanwhile may be older than what was read
        elif rows:
            queue.mark = (rows[-1].due_at, rows[-1].recipient_id)
        new = [row for row in rows if row.recipient_id not in queue.known]
        for row in new:
            self._append(queue, row)
        queue.drained = len(rows) < limit and changes == queue.changes
        if not queue.drained and self._runs_low(queue):
            self._want_refill(queue)
        if queue.is_idle:
            await self._sleep_until_due(queue)
        try:
            if not _is_left_alone(queue, now):
                await self._load(new)
        finally:
            self.sites.offer(queue)

    async def _load(self, recipients: Sequence[DueRecipient]) -> None:
        """Have the messages of a page in memory, read at once and not one by one."""
        waiting = Counter(one.message_id for one in recipients if one.message_id not in self._fresh)
        if len(waiting) > 1:
            for message in await self._store.messages(list(waiting)):
                self._fresh.keep_loaded(message, waiting[message.message_id])

    def _page(self, queue: ReadyQueue) -> int:
        """Say how many recipients to read: a page's end must not cut a transaction short (R-56)."""
        room = min(self.limits.page, self._room(queue))
        return room - room % self.limits.recipients_per_transaction or room

    def _runs_low(self, queue: ReadyQueue) -> bool:
        """Say whether fewer than half a page are left."""
        return len(queue.ready) * 2 < self.limits.page

    def _append(self, queue: ReadyQueue, due: DueRecipient) -> None:
        queue.asked = False
        queue.ready.append(due)
        queue.known.add(due.recipient_id)
        self._in_memory += 1

    async def _sleep_until_due(self, queue: ReadyQueue) -> None:
        """Have an idle queue looked at when its next recipient is due."""
        queue.asked = True
        due_at = await self._store.next_due(queue.leased)
        if due_at is not None:
            self._set_alarm(queue, due_at)

    async def release_idle(self, *, before: datetime) -> None:
        """Give back queues that have been idle since `before`: the store wakes whoever leases them."""
        now, idle = self._clock.now(), []
        for queue in self._queues.values():
            if not queue.is_idle:
                queue.idle_since = None
            elif queue.idle_since is None:
                queue.idle_since = now
            elif queue.idle_since <= before:
                idle.append(queue)
        for queue in idle:
            self._forget(queue)
        if idle:
            await self._store.release([queue.leased for queue in idle], now=now)
        self.sites.forget_unused(self._queues.values())

    def _forget(self, queue: ReadyQueue) -> None:
        self._in_memory -= len(queue.ready)
        queue.ready.clear()
        del self._queues[queue.leased.queue_id]
        self._by_key.pop(queue.leased.key, None)
        self._to_refill.pop(queue.leased.queue_id, None)


def _is_left_alone(queue: ReadyQueue, now: datetime) -> bool:
    return queue.site is not None and not queue.site.state.allowance(now)


def _as_due(message: NewMessage, recipient: NewRecipient, queue: ReadyQueue) -> DueRecipient:
    """Give a recipient that was just accepted as the store would give it."""
    return DueRecipient(
        recipient_id=recipient.recipient_id,
        message_id=message.message_id,
        queue_id=queue.leased.queue_id,
        forward_path=recipient.forward_path,
        attempt=0,
        due_at=message.accepted_at,
        accepted_at=message.accepted_at,
        expires_at=message.expires_at,
    )
