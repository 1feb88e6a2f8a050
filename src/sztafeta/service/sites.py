"""Where ready queues lead: the sites behind their domains, by a route that is found anew when it is too old.

A site knows what it may bear (`delivery/shaping`) and whose turn it is; the senders hear when it has work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sztafeta.delivery.egress import EgressSources
from sztafeta.delivery.route import Route
from sztafeta.delivery.shaping import SiteState
from sztafeta.delivery.verdict import Failure
from sztafeta.service.ports import Clock, QueueKey, QueueRouter
from sztafeta.service.ready_queue import ReadyQueue, Site

UNROUTED_LIFETIME = timedelta(minutes=1)
"""How long a failed look-up stands before the domain is looked up again."""


class Sites:
    """The sites that this node's ready queues lead to."""

    def __init__(
        self,
        *,
        router: QueueRouter,
        sources: EgressSources,
        clock: Clock,
        new_site_state: Callable[[], SiteState],
    ) -> None:
        self._sources = sources
        self._router = router
        self._clock = clock
        self._new_site_state = new_site_state
        self._look_ups: set[asyncio.Future[None]] = set()
        self.by_name: dict[str, Site] = {}
        self.on_ready: Callable[[Site], None] = lambda site: None
        """Told when a site has work; the senders listen."""

    def offer(self, queue: ReadyQueue) -> None:
        """Offer a queue's work to its site, once its route is found when it is unknown or too old."""
        if not queue.ready or queue.routing:
            return
        if queue.routed_until is not None and queue.routed_until > self._clock.now():
            self._rotate(queue)
            return
        queue.routing = True
        look_up = asyncio.ensure_future(self._find_route(queue))
        self._look_ups.add(look_up)
        look_up.add_done_callback(self._look_ups.discard)

    async def _find_route(self, queue: ReadyQueue) -> None:
        """Look the domain up beside everything else: a slow name server delays nobody."""
        started_at = self._clock.now()
        try:
            route = await self._router.route_for(queue.leased.key)
        finally:
            queue.routing = False
        former = queue.site
        queue.site, queue.routed_until = self._site(queue.leased.key, route)
        queue.site.look_up = self._clock.now() - started_at
        if former is not None and former is not queue.site and queue.in_rotation:
            former.rotation.remove(queue)
            queue.in_rotation = False
        self._rotate(queue)

    def _site(self, key: QueueKey, route: Route | Failure) -> tuple[Site, datetime]:
        """Find or make the site of a route and of the queue's source; say until when that stands."""
        if isinstance(route, Failure):
            name, lifetime = f"unrouted:{key.domain}", UNROUTED_LIFETIME
        else:
            name, lifetime = route.site, timedelta(seconds=route.valid_for_seconds)
        source = self._sources.of(key.pool)
        name = source.path(name)
        site = self.by_name.get(name)
        if site is None:
            site = self.by_name[name] = Site(name, source, None, None, self._new_site_state())
        site.route, site.failure = (None, route) if isinstance(route, Failure) else (route, None)
        return site, self._clock.now() + lifetime

    def _rotate(self, queue: ReadyQueue) -> None:
        """Give a queue its place in its site's rotation."""
        site = queue.site
        if site is None or not queue.ready:
            return
        if not queue.in_rotation:
            queue.in_rotation = True
            site.rotation.append(queue)
        self.on_ready(site)

    def forget_unused(self, queues: Iterable[ReadyQueue]) -> None:
        """Forget the sites that none of these queues lead to, but for those that are being left alone."""
        now = self._clock.now()
        in_use = {queue.site.name for queue in queues if queue.site is not None}
        for name, site in list(self.by_name.items()):
            if name not in in_use and not site.has_work and site.state.allowance(now):
                del self.by_name[name]
