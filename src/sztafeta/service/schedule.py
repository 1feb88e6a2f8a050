"""SCHEDULE: which recipients may be tried now, in memory, for the ready queues this node owns.

The store is the truth; this is a bounded window on it. A queue in memory is *drained* when the store holds
nothing due for it that is not known here: only then may a fresh accept be handed over without reading it
back. Otherwise the accept leaves a mark, and the queue is read again when its window runs low.

Fairness: a ready queue belongs to one customer and one domain; a site takes turns among its queues, so a
million messages of one customer delay another's single message by one turn.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sztafeta.delivery.route import Route
from sztafeta.delivery.shaping import SiteState
from sztafeta.delivery.verdict import Failure
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

UNROUTED_LIFETIME = timedelta(minutes=1)
"""How long a failed look-up stands before the domain is looked up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLimits:
    """How much of the store may stand in memory."""

    window: int = 1000
    """Recipients of one queue."""
    total: int = 20_000
    """Recipients of all queues."""
    page: int = 250
    """Recipients read at once; the window is read again when fewer than half a page are left."""
    content_bytes: int = 16 * 1024 * 1024
    """Octets of fresh messages kept so that they need not be read back."""
    recipients_per_transaction: int = 100


@dataclass(slots=True, eq=False)
class Site:
    """The receivers behind one set of MX hosts, with the queues that lead there."""

    name: str
    route: Route | None
    failure: Failure | None
    """Why there is no route."""
    state: SiteState
    rotation: deque[ReadyQueue] = field(default_factory=deque)

    @property
    def has_work(self) -> bool:
        """Say whether a recipient waits here."""
        return bool(self.rotation)


@dataclass(slots=True, eq=False)
class ReadyQueue:
    """The window on one leased queue."""

    leased: LeasedQueue
    ready: deque[DueRecipient] = field(default_factory=deque)
    known: set[int] = field(default_factory=set)
    """Recipients in `ready` or with a sender."""
    drained: bool = False
    changes: int = 0
    """Counts what came into the store past this window, so that a slow read cannot hide it."""
    mark: tuple[datetime, int] | None = None
    """Up to where the store was read."""
    site: Site | None = None
    routed_until: datetime | None = None
    in_rotation: bool = False
    refilling: bool = False
    routing: bool = False
    idle_since: datetime | None = None
    alarm_at: datetime | None = None
    asked: bool = False
    """The store was asked when the next recipient is due, and nothing came in since."""

    @property
    def is_idle(self) -> bool:
        """Say whether nothing is known and nothing is left to read."""
        return self.drained and not self.known


@dataclass(frozen=True, slots=True)
class Batch:
    """Recipients of one message, to be tried in one transaction."""

    site: Site
    queue: ReadyQueue
    recipients: tuple[DueRecipient, ...]

    @property
    def message_id(self) -> int:
        """The one message they share."""
        return self.recipients[0].message_id


class FreshMessages:
    """Messages accepted a moment ago, kept while there is room so that sending needs no read."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._bytes = 0
        self._messages: OrderedDict[int, tuple[QueuedMessage, int]] = OrderedDict()

    def keep(self, message: NewMessage, recipients: int) -> None:
        """Remember a message for this many recipients; the oldest make room."""
        if message.content.size > self._limit // 8:
            return
        self._messages[message.message_id] = (as_queued(message), recipients)
        self._bytes += message.content.size
        while self._bytes > self._limit:
            _, (oldest, _) = self._messages.popitem(last=False)
            self._bytes -= oldest.content.size

    def take(self, message_id: int, recipients: int) -> QueuedMessage | None:
        """Give the message and forget it once its recipients have all been taken."""
        entry = self._messages.get(message_id)
        if entry is None:
            return None
        message, waiting = entry
        if waiting > recipients:
            self._messages[message_id] = (message, waiting - recipients)
        else:
            del self._messages[message_id]
            self._bytes -= message.content.size
        return message


class Schedule:
    """The ready queues of this node, and the sites they lead to."""

    def __init__(
        self,
        *,
        store: QueueStore,
        router: QueueRouter,
        clock: Clock,
        new_site_state: Callable[[], SiteState],
        limits: ScheduleLimits | None = None,
    ) -> None:
        self._store = store
        self._router = router
        self._clock = clock
        self._new_site_state = new_site_state
        self.limits = limits or ScheduleLimits()
        self._queues: dict[int, ReadyQueue] = {}
        self._by_key: dict[QueueKey, ReadyQueue] = {}
        self._sites: dict[str, Site] = {}
        self._fresh = FreshMessages(self.limits.content_bytes)
        self._in_memory = 0
        self._leases_wanted = False
        self._alarms: list[tuple[datetime, int]] = []
        self._to_refill: dict[int, ReadyQueue] = {}
        self._look_ups: set[asyncio.Future[None]] = set()
        self.on_ready: Callable[[Site], None] = lambda site: None
        """Told when a site has work; the senders listen."""
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
                    self._offer(ready)

    def _hand_over(self, queue: ReadyQueue, due: DueRecipient) -> int:
        """Put a fresh recipient into the window if nothing older waits outside it."""
        has_room = len(queue.ready) < self.limits.window and self._in_memory < self.limits.total
        if queue.drained and has_room:
            self._append(queue, due)
            return 1
        self._look_again(queue)
        return 0

    def _look_again(self, queue: ReadyQueue) -> None:
        """Note that the store holds more than the window; read it when the window runs low."""
        queue.changes += 1
        queue.drained = False
        if len(queue.ready) * 2 < self.limits.page:
            self._want_refill(queue)

    def _want_refill(self, queue: ReadyQueue) -> None:
        if not queue.refilling and queue.leased.queue_id not in self._to_refill:
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
                self._look_again(queue)
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
        if not queue.drained and len(ready) * 2 < self.limits.page:
            self._want_refill(queue)
        return tuple(taken)

    def fresh(self, batch: Batch) -> QueuedMessage | None:
        """Give the batch's message if it is still in memory."""
        return self._fresh.take(batch.message_id, len(batch.recipients))

    def put_back(self, batch: Batch) -> None:
        """Return recipients that were taken but not claimed, to the head of their queue."""
        batch.queue.ready.extendleft(reversed(batch.recipients))
        self._in_memory += len(batch.recipients)
        self._offer(batch.queue)

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
    def leases(self) -> list[LeasedQueue]:
        """All queues this node holds."""
        return [queue.leased for queue in self._queues.values()]

    @property
    def next_alarm(self) -> datetime | None:
        """When the next deferred recipient is due."""
        return self._alarms[0][0] if self._alarms else None

    @property
    def depth(self) -> int:
        """Recipients in memory that wait for a sender."""
        return self._in_memory

    @property
    def sites(self) -> Mapping[str, Site]:
        """The sites known now, by name."""
        return self._sites

    def waiting_queues(self) -> list[ReadyQueue]:
        """Give the queues with work whose site is being left alone for now."""
        now = self._clock.now()
        return [
            queue
            for queue in self._queues.values()
            if queue.known and queue.site is not None and not queue.site.state.allowance(now)
        ]

    def ring_alarms(self) -> None:
        """Look anew at the queues in which something fell due."""
        now = self._clock.now()
        while self._alarms and self._alarms[0][0] <= now:
            due_at, queue_id = heapq.heappop(self._alarms)
            queue = self._queues.get(queue_id)
            if queue is not None and queue.alarm_at == due_at:
                queue.alarm_at = None
                self._look_again(queue)

    def review_busy(self) -> None:
        """Look anew at queues that had work: something older may fall due in them meanwhile."""
        for queue in self._queues.values():
            if queue.known or not queue.asked:
                self._look_again(queue)

    async def refill_wanted(self) -> None:
        """Read on in every queue whose window runs low."""
        wanted, self._to_refill = self._to_refill, {}
        for queue in wanted.values():
            if self._in_memory >= self.limits.total:
                self._to_refill[queue.leased.queue_id] = queue
                continue
            await self._refill(queue)

    async def _refill(self, queue: ReadyQueue) -> None:
        queue.refilling = True
        try:
            changes, limit = queue.changes, self.limits.page
            mark = queue.mark if queue.known else None
            now = self._clock.now()
            rows = await self._store.due(queue.leased, now=now, limit=limit, after=mark)
            if rows:
                queue.mark = (rows[-1].due_at, rows[-1].recipient_id)
            for row in rows:
                if row.recipient_id not in queue.known:
                    self._append(queue, row)
            reached_end = len(rows) < limit and changes == queue.changes
            queue.drained = reached_end
        finally:
            queue.refilling = False
        if not reached_end and len(queue.ready) * 2 < limit:
            self._want_refill(queue)
        if queue.is_idle:
            await self._sleep_until_due(queue)
        self._ensure_site(queue)

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
        self._forget_sites()

    def _forget(self, queue: ReadyQueue) -> None:
        self._in_memory -= len(queue.ready)
        queue.ready.clear()
        del self._queues[queue.leased.queue_id]
        self._by_key.pop(queue.leased.key, None)
        self._to_refill.pop(queue.leased.queue_id, None)

    def _forget_sites(self) -> None:
        in_use = {queue.site.name for queue in self._queues.values() if queue.site is not None}
        for name in [name for name in self._sites if name not in in_use]:
            if not self._sites[name].has_work:
                del self._sites[name]

    # -- where a queue leads ---------------------------------------------------------------------

    def _ensure_site(self, queue: ReadyQueue) -> None:
        """Offer a queue's work, once its route is found anew when it is unknown or too old."""
        now = self._clock.now()
        if not queue.ready or queue.routing:
            return
        if queue.routed_until is not None and queue.routed_until > now:
            self._offer(queue)
            return
        queue.routing = True
        look_up = asyncio.ensure_future(self._find_route(queue))
        self._look_ups.add(look_up)
        look_up.add_done_callback(self._look_ups.discard)

    async def _find_route(self, queue: ReadyQueue) -> None:
        """Look the domain up beside everything else: a slow name server delays nobody."""
        try:
            route = await self._router.route_for(queue.leased.key)
            former = queue.site
            queue.site, queue.routed_until = self._site(queue.leased.key.domain, route)
            if former is not None and former is not queue.site and queue.in_rotation:
                former.rotation.remove(queue)
                queue.in_rotation = False
        finally:
            queue.routing = False
        self._offer(queue)

    def _site(self, domain: str, route: Route | Failure) -> tuple[Site, datetime]:
        if isinstance(route, Failure):
            name, lifetime = f"unrouted:{domain}", UNROUTED_LIFETIME
        else:
            name, lifetime = route.site, timedelta(seconds=route.valid_for_seconds)
        site = self._sites.get(name)
        if site is None:
            site = Site(name, None, None, self._new_site_state())
            self._sites[name] = site
        site.route, site.failure = (None, route) if isinstance(route, Failure) else (route, None)
        return site, self._clock.now() + lifetime

    def _offer(self, queue: ReadyQueue) -> None:
        """Put a queue with work into its site's rotation."""
        if not queue.ready:
            return
        site = queue.site
        if site is None:
            self._want_refill(queue)
            return
        if not queue.in_rotation:
            queue.in_rotation = True
            site.rotation.append(queue)
        self.on_ready(site)


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


def as_queued(message: NewMessage) -> QueuedMessage:
    """Give what a sender needs of an accepted message."""
    return QueuedMessage(
        message_id=message.message_id,
        customer_id=message.customer_id,
        account_id=message.account_id,
        envelope=message.envelope,
        content=message.content,
        header_message_id=message.header_message_id,
        signing_domain=message.signing_domain,
        accepted_at=message.accepted_at,
        expires_at=message.expires_at,
        failure_notices=message.failure_notices,
        mode=message.mode,
    )
