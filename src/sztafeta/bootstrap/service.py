"""One node, opened and drained: a page of constructors that knows everybody and decides nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from sztafeta.account.sending_domain import SendingDomain
from sztafeta.api.operations import Check, Operations
from sztafeta.bootstrap import values
from sztafeta.bootstrap.egress import egress_sources
from sztafeta.bootstrap.http_api import api_keys, http_api
from sztafeta.bootstrap.store import opened_store
from sztafeta.bootstrap.verbs import Verbs, open_verbs
from sztafeta.config import Settings
from sztafeta.config.settings import Listener as ListenerSetting
from sztafeta.config.settings import TlsMode
from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.retry import RetryPlan
from sztafeta.delivery.shaping import SiteState
from sztafeta.log import Log
from sztafeta.metrics import CONTENT_TYPE, Metrics
from sztafeta.net.address_wall import Target
from sztafeta.net.certificates import Certificates
from sztafeta.net.clock import SystemClock
from sztafeta.net.http_listener import HttpListener
from sztafeta.net.listener import Listener
from sztafeta.net.open_files import FIX, Connections, fitting, raise_limit
from sztafeta.net.tls_wire import Encryption, HandshakeLimits
from sztafeta.observer import Observer
from sztafeta.renderer.processes import Renderer
from sztafeta.service.deliver import Deliver
from sztafeta.service.notices import StatusNotices
from sztafeta.service.people.throttle import KNOWN_FOR
from sztafeta.service.ports import StoreBusy
from sztafeta.service.record import Record
from sztafeta.service.rehearsing import RehearsalDialer, RehearsalRouter
from sztafeta.service.schedule import Schedule
from sztafeta.service.sign import Sign
from sztafeta.service.smtp_logins import SmtpLogins
from sztafeta.service.statistics.rolling import Rolling
from sztafeta.service.template_uses import TemplateUses
from sztafeta.submission.desk import Door
from sztafeta.submission.reception import Reception
from sztafeta.workers.domain_watch import DomainWatch
from sztafeta.workers.housekeeper import Housekeeper
from sztafeta.workers.roller import Roller
from sztafeta.workers.scheduler import Scheduler
from sztafeta.workers.senders import Senders
from sztafeta.workers.signers import Signers

CATCH_ALL: Final = "catch-all"
"""The demo's receiver shows our certificate, too."""
WARN_EVERY: Final = timedelta(hours=1)
NOTE_LOGINS_EVERY: Final = timedelta(seconds=10)
FORGET_LOGINS_EVERY: Final = timedelta(minutes=30)
BROKEN_DRAIN: Final = timedelta(seconds=1)
"""With a broken store nothing can be finished; say goodbye and end (R-24)."""

LAST_RECORDS: Final = timedelta(seconds=2)
"""How long the last outcomes may take to be written at least: with the drain, within 30 s (R-14)."""


class Service:
    """One node: listeners, queue, senders and the operator's port; use it as a context."""

    def __init__(
        self,
        settings: Settings,
        *,
        log: Log | None = None,
        only: frozenset[Target] | None = None,
        on_sms: Callable[[str, str], None] | None = None,
    ) -> None:
        """`only` are the addresses that may be dialled at all (the demo's catch-all).

        `on_sms` shows text messages that the settings send to the console; the log does unless given.
        """
        self._settings = settings
        self._only = only
        self._log = log or values.open_log(settings)
        self._tell_sms = on_sms or self._log_sms
        self._metrics = Metrics()
        self._observer = Observer(self._log, self._metrics)
        self._clock = SystemClock()
        self._stack = AsyncExitStack()
        self._broken = asyncio.Event()
        self._is_stopping = False
        self._drained_by = 0.0
        """The loop's time at which the drain's patience ends."""
        self.ports: dict[str, int] = {}
        """The ports that are open, by listener; `http` is the operator's."""

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drain: ports close at once, sessions and deliveries may finish, nothing promised is lost."""
        self._log.events.info("stopping")
        await self._stack.aclose()
        self._log.events.info("stopped")
        self._log.close()

    async def broken(self) -> str:
        """Wait until nothing can be promised any more, and say why (R-24); end the process then."""
        await self._broken.wait()
        return self._store.broken or ""

    def reload(self) -> None:
        """Read the certificate anew."""
        self._certificates.reload()

    async def sending_domain(self, domain: str) -> SendingDomain | None:
        """Find a sending domain with its keys."""
        return await self._store.accounts.sending_domain(domain)

    # -- opened in this order, closed in the reverse ---------------------------------------------

    async def _open(self) -> None:
        self._connections = self._fit_connections()
        await self._open_store()
        self._logins = SmtpLogins(store=self._store.logins, clock=self._clock)
        self._keys = api_keys(self._store, self._clock)
        self._open_certificates()
        self._open_delivery()
        await self._open_operations()
        verbs = await self._open_verbs()
        self._keep_running(self._note_uses(verbs.template_uses))
        self._keep_running(self._forget_uses(verbs.template_uses))
        if self._only is None:  # the demo asks nobody outside
            self._start_domain_watch(verbs)
        reception = self._open_reception(verbs)
        self._stack.push_async_callback(self._drain, reception)
        for one in self._settings.listeners:
            await self._open_listener(one, reception)
        if self._settings.api.enabled:
            await self._open_api(verbs)
        self._log.events.info("started", node=self._node_name, **self.ports)

    def _fit_connections(self) -> Connections:
        """Say how many connections there may be, and that they are fewer than the settings have it."""
        wanted = Connections(self._settings.limits.connections, self._settings.delivery.connections)
        files = raise_limit()
        fits = fitting(wanted, files)
        if fits != wanted:
            self._observer.note(
                f"the system lets this process open {files} files: {fits.incoming} connections in"
                f" and {fits.outgoing} out at once, not {wanted.incoming} and {wanted.outgoing};"
                f" {FIX}"
            )
        return fits

    async def _open_store(self) -> None:
        self._store = await opened_store(self._settings, serves=True, on_broken=self._store_broke)
        self._stack.push_async_callback(self._store.close)
        self._node_name = self._settings.node_name or self._settings.hostname
        number = await self._store.queues.join(self._node_name, now=self._clock.now())
        self._ids = IdSource(number)
        if self._store.warnings:
            self._keep_running(self._warn())

    def _open_certificates(self) -> None:
        names = [one.name for one in self._settings.listeners]
        self._certificates = Certificates(
            values.certificate_files(self._settings, self._clock),
            [*names, CATCH_ALL],
            clock=self._clock,
            on_trouble=self._observer.note,
        )
        self._certificates.reload()
        self._keep_running(self._certificates.watch())

    def encryption(self, listener: str) -> Encryption:
        """Give the TLS of one listener."""
        limits = self._settings.limits
        return Encryption(
            partial(self._certificates.context, listener),
            HandshakeLimits(
                seconds=limits.tls_handshake.total_seconds(),
                in_flight=limits.tls_handshakes,
                in_flight_per_address=limits.unauthenticated_per_address,
            ),
            on_failure=self._observer.unheard(listener),
        )

    def _open_delivery(self) -> None:
        """Schedule, senders and the record that they write."""
        settings, queues = self._settings, self._store.queues
        limits = values.site_limits(settings)
        self._schedule = Schedule(
            store=queues,
            router=RehearsalRouter(values.router(settings, self._clock)),
            sources=egress_sources(settings),
            clock=self._clock,
            new_site_state=lambda: SiteState(limits),
            limits=values.schedule_limits(settings),
        )
        record = self._record()
        deliver = Deliver(
            store=queues,
            schedule=self._schedule,
            dialer=RehearsalDialer(values.dialer(settings, self._only)),
            sign=self._sign(),
            record=record,
            clock=self._clock,
        )
        self._senders = Senders(
            schedule=self._schedule,
            deliver=deliver,
            clock=self._clock,
            limits=limits,
            max_connections=self._connections.outgoing,
            on_trouble=self._observer.trouble,
        )
        self._stack.push_async_callback(self._finish, record)
        self._keep_running(self._warn_of_lost_sources())
        self._start_scheduler()
        self._start_housekeeper(deliver)
        self._start_roller()

    def _record(self) -> Record:
        settings = self._settings
        return Record(
            store=self._store.queues,
            schedule=self._schedule,
            clock=self._clock,
            ids=self._ids,
            plan=RetryPlan(waits=settings.delivery.retries, jitter=settings.delivery.jitter),
            notices=StatusNotices(hostname=settings.hostname, ids=self._ids),
            draw=random.random,  # jitter: nobody gains by guessing it
            on_attempt=self._observer.attempted,
            on_trouble=self._observer.trouble,
        )

    def _sign(self) -> Sign:
        signers = Signers(self._settings.delivery.signing_threads)
        self._stack.callback(signers.stop)
        return Sign(accounts=self._store.accounts, hands=signers, clock=self._clock)

    def _start_scheduler(self) -> None:
        scheduler = Scheduler(
            store=self._store.queues,
            schedule=self._schedule,
            clock=self._clock,
            on_trouble=self._observer.trouble,
        )
        self._keep_until_stopped(scheduler.run(), scheduler.stop)

    def _start_housekeeper(self, deliver: Deliver) -> None:
        housekeeper = Housekeeper(
            queues=self._store.queues,
            house=self._store.housekeeping,
            schedule=self._schedule,
            deliver=deliver,
            clock=self._clock,
            keep_messages=self._settings.retention.messages,
            on_trouble=self._observer.trouble,
        )
        self._keep_until_stopped(housekeeper.run(), housekeeper.stop)

    def _start_roller(self) -> None:
        rolling = Rolling(
            store=self._store.rolling,
            clock=self._clock,
            zone=ZoneInfo(self._settings.panel.time_zone),
            patience=self._settings.limits.accept,
        )
        roller = Roller(rolling=rolling, clock=self._clock, on_trouble=self._observer.trouble)
        self._keep_until_stopped(roller.run(), roller.stop)

    async def _open_verbs(self) -> Verbs:
        renderer = await self._stack.enter_async_context(Renderer())
        return open_verbs(
            self._settings,
            self._store,
            schedule=self._schedule,
            windows=self._schedule,
            renderer=renderer,
            ids=self._ids,
            clock=self._clock,
            tell=self._observer.domain_changed,
        )

    def _start_domain_watch(self, verbs: Verbs) -> None:
        watch = DomainWatch(
            records=verbs.domain_records,
            checks=self._store.record_checks,
            clock=self._clock,
            on_trouble=self._observer.trouble,
        )
        self._keep_running(watch.run())

    def _open_reception(self, verbs: Verbs) -> Reception:
        return Reception(
            accounts=self._store.accounts,
            accept=verbs.submit,
            limits=values.limits(self._settings, self._connections.incoming),
            journal=self._observer,
            logins=self._logins,
            now=self._clock.now,
        )

    async def _open_listener(self, one: ListenerSetting, reception: Reception) -> None:
        encryption = self.encryption(one.name)
        is_starttls = one.tls is TlsMode.STARTTLS
        door = Door(
            name=one.name,
            profile=values.profile(one, self._settings),
            encryption=encryption if is_starttls else None,
        )
        listener = Listener(
            values.listener_spec(one),
            partial(reception.converse, door),
            encryption=encryption,
            on_refused=self._observer.unheard(one.name),
        )
        await listener.open()
        self._stack.callback(listener.close)
        self.ports[one.name] = listener.port

    async def _open_operations(self) -> None:
        http = self._settings.http
        application = Operations(
            checks=self._checks, exposition=self._exposition, content_type=CONTENT_TYPE
        ).application
        hosts = frozenset({self._settings.hostname})
        listener = HttpListener(application, address=http.address, port=http.port, hosts=hosts)
        await listener.open()
        self._stack.push_async_callback(listener.close)
        self.ports["http"] = listener.port

    async def _open_api(self, verbs: Verbs) -> None:
        listener = http_api(
            self._settings,
            self._store,
            verbs,
            keys=self._keys,
            logins=self._logins,
            ids=self._ids,
            clock=self._clock,
            on_trouble=self._observer.request_failed,
            on_sms=self._tell_sms,
            is_demo=self._only is not None,
        )
        self._keep_running(self._forget_logins())
        await listener.open()
        self._stack.push_async_callback(listener.close)
        self.ports["api"] = listener.port

    def _log_sms(self, number: str, text: str) -> None:
        self._log.events.info("sms", number=number, text=text)

    # -- while it runs ---------------------------------------------------------------------------

    def _keep_until_stopped(
        self, work: Coroutine[Any, Any, None], stop: Callable[[], None]
    ) -> None:
        """Run a worker beside everything else; when we close, tell it to stop and let it finish."""
        task = asyncio.ensure_future(work)

        async def end() -> None:
            stop()
            await task

        self._stack.push_async_callback(end)

    def _keep_running(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a loop beside everything else until we close."""
        task = asyncio.ensure_future(work)
        self._stack.callback(task.cancel)

    async def _note_uses(self, template_uses: TemplateUses) -> None:
        """Write down now and then who logged in, and what was used; a crash takes no mail."""
        while True:
            await asyncio.sleep(NOTE_LOGINS_EVERY.total_seconds())
            try:
                await self._keys.note_uses()
                await self._logins.write()
                await template_uses.write()
            except StoreBusy as busy:
                self._observer.trouble("logins and uses were not noted", busy)

    async def _forget_logins(self) -> None:
        """Forget now and then what logins leave behind and nobody needs: old sessions, links, counts."""
        panel = self._settings.panel
        while True:
            await asyncio.sleep(FORGET_LOGINS_EVERY.total_seconds())
            now = self._clock.now()
            try:
                await self._store.sessions.forget_sessions(
                    created_before=now - panel.session_lifetime,
                    seen_before=now - panel.session_idle,
                )
                await self._store.tickets.forget_tickets(now=now)
                await self._store.tallies.forget_tallies(before=now - KNOWN_FOR)
            except StoreBusy as busy:
                self._observer.trouble("old sessions were not forgotten", busy)

    async def _forget_uses(self, template_uses: TemplateUses) -> None:
        """Forget now and then how often keys and templates were used long ago."""
        while True:
            await asyncio.sleep(FORGET_LOGINS_EVERY.total_seconds())
            try:
                await self._keys.forget_calls()
                await template_uses.forget()
            except StoreBusy as busy:
                self._observer.trouble("old uses were not forgotten", busy)

    async def _warn(self) -> None:
        """Say every hour what the operator accepted (R-19)."""
        while True:
            for warning in self._store.warnings:
                self._observer.note(warning)
            await asyncio.sleep(WARN_EVERY.total_seconds())

    async def _warn_of_lost_sources(self) -> None:
        """Say every hour which accounts chose a source that the settings no longer give their customer."""
        while True:
            try:
                await self._name_lost_sources()
            except StoreBusy as busy:
                self._observer.trouble("the accounts' sources were not looked at", busy)
            await asyncio.sleep(WARN_EVERY.total_seconds())

    async def _name_lost_sources(self) -> None:
        dedicated = egress_sources(self._settings).dedicated
        for one in await self._store.accounts.smtp_accounts():
            if one.dedicated_pool and one.dedicated_pool not in dedicated:
                self._observer.note(
                    f"{one.login} has chosen the source {one.egress}, which is not in the settings: "
                    "its mail leaves from the shared address"
                )

    def _store_broke(self, reason: str) -> None:
        self._metrics.store_broken.set(1)
        self._log.events.critical("the store is broken; the process ends", reason=reason)
        self._broken.set()

    async def _drain(self, reception: Reception) -> None:
        """Let sessions and deliveries finish beside each other; the ports are closed already."""
        self._is_stopping = True
        patience = BROKEN_DRAIN if self._broken.is_set() else self._settings.drain
        self._drained_by = asyncio.get_running_loop().time() + patience.total_seconds()
        await asyncio.gather(
            reception.shut_down(patience), self._senders.stop(patience=patience.total_seconds())
        )

    async def _finish(self, record: Record) -> None:
        """Have the last outcomes written, even when the drain took all its time."""
        left = self._drained_by - asyncio.get_running_loop().time()
        await record.finish(patience=max(left, LAST_RECORDS.total_seconds()))

    def _checks(self) -> Sequence[Check]:
        broken, limits = self._store.broken, self._settings.limits
        has_room = self._store.messages.has_room(limits.message_size)
        room = (
            "there is room for mail"
            if has_room
            else "full: mail is answered 452 until there is room"
        )
        stopping = "stopping: mail is taken elsewhere" if self._is_stopping else "taking mail"
        return (
            Check(name="running", is_good=not self._is_stopping, text=stopping),
            Check(name="store", is_good=broken is None, text=broken or "commits are durable"),
            Check(name="disk", is_good=has_room, text=room),
        )

    async def _exposition(self) -> bytes:
        live = await self._store.history.live_counts()
        self._metrics.look(
            live=live,
            outbound=self._senders.connections,
            ready=self._schedule.depth,
            lines_dropped=self._log.dropped,
        )
        return self._metrics.exposition()
