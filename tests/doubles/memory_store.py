"""The store in memory: the same ports, the same contract suite, no disk (style §8.5).

`MemoryStore` is the database, `MemoryQueues` one node on it; several nodes may share one store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from tests.doubles.memory_columns import MemoryApiKeys, MemorySuppressions, MemoryTemplates
from tests.doubles.memory_feed import MemoryFeed

from sztafeta.account.api_key import Mode
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import FormerPassword, SmtpAccount
from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.state import State
from sztafeta.event import Event, EventKind
from sztafeta.service.ports import (
    AlreadyRemembered,
    AlreadyThere,
    Attempt,
    BodyDamaged,
    Claim,
    Content,
    Customer,
    DueRecipient,
    LeasedQueue,
    MessageHistory,
    MessageSummary,
    NewMessage,
    NewRecipient,
    NotThere,
    QueuedMessage,
    QueueKey,
    QueueOverview,
    RecipientHistory,
    Remembered,
    Selection,
    Settlement,
    Spool,
)

LEASE = timedelta(seconds=30)


@dataclass(slots=True)
class MemoryContent:
    """Content that a test may damage."""

    octets: bytes

    @property
    def size(self) -> int:
        return len(self.octets)

    def blocks(self) -> Iterator[bytes]:
        yield self.octets


class MemorySpool:
    """A body that grows in memory."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.parts.append(bytes(data))

    def discard(self) -> None:
        self.parts.clear()


class MemoryBodies:
    """Big bodies in memory."""

    inline_limit = 64 * 1024

    def open_spool(self, message_id: int) -> MemorySpool:
        return MemorySpool()

    async def keep(self, spool: Spool) -> Content:
        assert isinstance(spool, MemorySpool)
        return MemoryContent(b"".join(spool.parts))

    def remove(self, message_id: int) -> None:
        return None


@dataclass(slots=True)
class Row:
    """One recipient."""

    new: NewRecipient
    message: NewMessage
    queue_id: int
    state: State
    due_at: datetime
    attempt: int = 0
    epoch: int = 0
    final_at: datetime | None = None
    events: list[Event] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def is_live(self) -> bool:
        return not self.state.is_final


@dataclass(slots=True)
class Queue:
    """One ready queue."""

    queue_id: int
    key: QueueKey
    node: int | None = None
    epoch: int = 0
    next_due: datetime | None = None

    def poke(self, now: datetime) -> None:
        self.next_due = now if self.next_due is None else min(self.next_due, now)


@dataclass(slots=True)
class NodeRow:
    """One node."""

    number: int
    name: str
    lease_until: datetime


class MemoryStore:
    """Everything that the nodes share; also MessageStore, HistoryStore and both administrations."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.letters: dict[int, tuple[NewMessage, bytes]] = {}
        self.ready: dict[int, Queue] = {}
        self.nodes: dict[str, NodeRow] = {}
        self.room = True
        self.bodies = MemoryBodies()
        self._ids = IdSource(255)
        self._customers: dict[str, Customer] = {}
        self._accounts: dict[str, SmtpAccount] = {}
        self._domains: dict[str, SendingDomain] = {}
        self._answers: dict[tuple[int, str, str], Remembered] = {}
        self.api_keys = MemoryApiKeys(self)
        self.templates = MemoryTemplates()
        self.suppressions = MemorySuppressions()
        self.feed = MemoryFeed(self)

    # -- MessageStore -----------------------------------------------------------------------------

    async def accept(self, message: NewMessage) -> Mapping[str, int]:
        return self.keep_all([message], None, node=0)

    async def accept_all(
        self, messages: Sequence[NewMessage], *, remembered: Remembered | None = None
    ) -> Mapping[str, int]:
        return self.keep_all(messages, remembered, node=0)

    async def remembered(self, customer_id: int, endpoint: str, key: str) -> Remembered | None:
        return self._answers.get((customer_id, endpoint, key))

    def keep_all(
        self, messages: Sequence[NewMessage], remembered: Remembered | None, *, node: int
    ) -> dict[str, int]:
        """Take what a customer sends, and count it; all or none."""
        if any(message.message_id in self.letters for message in messages):
            raise ValueError("this message is here already")
        if remembered is not None:
            self._remember(remembered, [message.accepted_at for message in messages])
        queue_ids = {}
        for message in messages:
            queue_ids |= self.keep(message, node=node)
            self.feed.count(message)
        return queue_ids

    def _remember(self, answer: Remembered, accepted_at: Sequence[datetime]) -> None:
        key = (answer.customer_id, answer.endpoint, answer.key)
        present = self._answers.get(key)
        if present is not None and not any(present.until <= at for at in accepted_at):
            raise AlreadyRemembered(present)
        self._answers[key] = answer

    def keep(self, message: NewMessage, *, node: int) -> dict[str, int]:
        digest = sha256(b"".join(message.content.blocks())).digest()
        if message.message_id in self.letters:
            raise ValueError("this message is here already")
        self.letters[message.message_id] = (message, digest)
        queue_ids = {}
        for new in message.recipients:
            domain, due_at = new.forward_path.mailbox.domain, new.due_at or message.accepted_at
            queue = self._queue(message.customer_id, domain, message.pool)
            queue_ids[domain] = queue.queue_id
            if queue.node != node:
                queue.poke(due_at)
            final_at = message.accepted_at if new.state.is_final else None
            self.rows[new.recipient_id] = Row(
                new, message, queue.queue_id, new.state, due_at, final_at=final_at
            )
        self.note(message.events)
        return queue_ids

    def has_room(self, size: int) -> bool:
        return self.room

    def note(self, events: Sequence[Event]) -> None:
        for event in events:
            self.rows[event.recipient_id].events.append(event)

    def _queue(self, customer_id: int, domain: str, pool: str) -> Queue:
        key = QueueKey(customer_id=customer_id, domain=domain, pool=pool)
        for queue in self.ready.values():
            if queue.key == key:
                return queue
        queue = Queue(len(self.ready) + 1, key)
        self.ready[queue.queue_id] = queue
        return queue

    def live(self, queue_id: int, state: State) -> list[Row]:
        rows = [r for r in self.rows.values() if r.queue_id == queue_id and r.state is state]
        return sorted(rows, key=lambda row: (row.due_at, row.new.recipient_id))

    # -- HistoryStore -----------------------------------------------------------------------------

    async def messages(
        self, *, limit: int, before: int | None = None, customer_id: int | None = None
    ) -> Sequence[MessageSummary]:
        found = [
            self._summary(message)
            for message_id, (message, _) in sorted(self.letters.items(), reverse=True)
            if (before is None or message_id < before)
            and customer_id in (None, message.customer_id)
        ]
        return found[:limit]

    async def message_history(self, message_id: int) -> MessageHistory | None:
        entry = self.letters.get(message_id)
        if entry is None:
            return None
        message = entry[0]
        return MessageHistory(
            summary=self._summary(message),
            envelope=replace(message.envelope, forward_paths=()),
            signing_domain=message.signing_domain,
            expires_at=message.expires_at,
            source=message.source,
            recipients=self.timelines(message_id),
        )

    def timelines(self, message_id: int) -> tuple[RecipientHistory, ...]:
        return tuple(_timeline(row) for row in self.recipients_of(message_id))

    async def counts(self) -> Mapping[State, int]:
        return dict(Counter(row.state for row in self.rows.values()))

    async def live_counts(self) -> Mapping[State, int]:
        return dict(Counter(row.state for row in self.rows.values() if row.is_live))

    def recipients_of(self, message_id: int) -> list[Row]:
        rows = [row for row in self.rows.values() if row.message.message_id == message_id]
        return sorted(rows, key=lambda row: row.new.recipient_id)

    def _summary(self, message: NewMessage) -> MessageSummary:
        return MessageSummary(
            message_id=message.message_id,
            customer_id=message.customer_id,
            account_id=message.account_id,
            reverse_path=message.envelope.reverse_path,
            header_message_id=message.header_message_id,
            subject=message.subject,
            size=message.content.size,
            accepted_at=message.accepted_at,
            states=dict(Counter(row.state for row in self.recipients_of(message.message_id))),
        )

    # -- QueueAdministration ----------------------------------------------------------------------

    async def overview(
        self, *, limit: int, customer_id: int | None = None, domain: str | None = None
    ) -> Sequence[QueueOverview]:
        wanted = Selection(customer_id=customer_id, domain=domain)
        found = [self._overview(queue, wanted) for queue in self.ready.values()]
        live = [one for one in found if one is not None]
        live.sort(key=lambda one: (-(one.queued + one.sending + one.held), one.queue_id))
        return live[:limit]

    def _overview(self, queue: Queue, wanted: Selection) -> QueueOverview | None:
        rows = [r for r in self._selected(wanted) if r.queue_id == queue.queue_id and r.is_live]
        if not rows:
            return None
        states = Counter(row.state for row in rows)
        due = [row.due_at for row in rows if row.state is State.QUEUED]
        return QueueOverview(
            queue_id=queue.queue_id,
            key=queue.key,
            customer_name=next(
                (
                    c.name
                    for c in self._customers.values()
                    if c.customer_id == queue.key.customer_id
                ),
                "",
            ),
            node=next((n.name for n in self.nodes.values() if n.number == queue.node), None),
            queued=states[State.QUEUED],
            sending=states[State.SENDING],
            held=states[State.HELD],
            oldest_accepted_at=min(row.message.accepted_at for row in rows),
            next_due=min(due, default=None),
        )

    async def hold(self, selection: Selection, *, now: datetime, reason: str = "") -> int:
        return self._change(selection, now, (State.QUEUED,), State.HELD, EventKind.HELD, reason)

    async def release(self, selection: Selection, *, now: datetime) -> int:
        return self._change(selection, now, (State.HELD,), State.QUEUED, EventKind.RELEASED, "")

    async def cancel(self, selection: Selection, *, now: datetime, reason: str = "") -> int:
        before = (State.QUEUED, State.HELD)
        return self._change(selection, now, before, State.CANCELED, EventKind.CANCELED, reason)

    async def retry(self, selection: Selection, *, now: datetime) -> int:
        return self._change(selection, now, (State.QUEUED,), State.QUEUED, None, "")

    async def reschedule(self, customer_id: int, message_id: int, due_at: datetime) -> int:
        selection = Selection(customer_id=customer_id, message_id=message_id)
        rows = [
            row
            for row in self._selected(selection)
            if (row.state, row.attempt) == (State.QUEUED, 0)
        ]
        for row in rows:
            row.due_at = due_at
            self.ready[row.queue_id].poke(due_at)
        return len(rows)

    def _selected(self, selection: Selection) -> list[Row]:
        return [
            row
            for row in self.rows.values()
            if selection.message_id in (None, row.message.message_id)
            and selection.customer_id in (None, row.message.customer_id)
            and selection.domain in (None, row.new.forward_path.mailbox.domain)
            and (selection.recipient_ids is None or row.new.recipient_id in selection.recipient_ids)
        ]

    def _change(
        self,
        selection: Selection,
        now: datetime,
        before: tuple[State, ...],
        after: State,
        kind: EventKind | None,
        reason: str,
    ) -> int:
        rows = [row for row in self._selected(selection) if row.state in before]
        for row in rows:
            row.state = after
            row.due_at = now if after is State.QUEUED else row.due_at
            row.final_at = now if after.is_final else None
            self.ready[row.queue_id].poke(now)
            if kind is not None:
                row.events.append(self._event(row, kind, now, {"reason": reason} if reason else {}))
        return len(rows)

    def _event(self, row: Row, kind: EventKind, now: datetime, details: dict[str, str]) -> Event:
        return Event(
            event_id=self._ids.next(now),
            recipient_id=row.new.recipient_id,
            message_id=row.message.message_id,
            kind=kind,
            at=now,
            details=details,
        )

    # -- Housekeeping -----------------------------------------------------------------------------

    async def prune(self, before: datetime, limit: int) -> int:
        old = [
            message_id
            for message_id, (message, _) in sorted(self.letters.items())
            if message.accepted_at < before
            and not any(r.is_live for r in self.recipients_of(message_id))
        ][:limit]
        for message_id in old:
            for row in self.recipients_of(message_id):
                del self.rows[row.new.recipient_id]
            del self.letters[message_id]
        return len(old)

    async def throw_away(self, customer_id: int, message_ids: Collection[int]) -> int:
        own = [
            message_id
            for message_id in message_ids
            if (letter := self.letters.get(message_id)) is not None
            and (letter[0].customer_id, letter[0].mode) == (customer_id, Mode.TEST)
            and not any(row.is_live for row in self.recipients_of(message_id))
        ]
        for message_id in own:
            for row in self.recipients_of(message_id):
                del self.rows[row.new.recipient_id]
            del self.letters[message_id]
        return len(own)

    async def forget_answers(self, now: datetime) -> int:
        over = [key for key, answer in self._answers.items() if answer.until <= now]
        for key in over:
            del self._answers[key]
        return len(over)

    async def sweep_bodies(self, before: datetime) -> int:
        return 0

    # -- AccountStore and AccountAdministration ---------------------------------------------------

    async def smtp_account(self, login: str) -> SmtpAccount | None:
        account = self._accounts.get(login)
        return None if account is None else self._seen(account)

    async def sending_domain(self, domain: str) -> SendingDomain | None:
        return self._domains.get(domain)

    async def create_customer(self, name: str, *, now: datetime) -> Customer:
        if name in self._customers:
            raise AlreadyThere(f"customer {name!r} is taken already")
        number = len(self._customers) + 1
        customer = Customer(customer_id=number, name=name, enabled=True, created_at=now)
        self._customers[name] = customer
        return customer

    async def customers(self) -> Sequence[Customer]:
        return sorted(self._customers.values(), key=lambda customer: customer.name)

    async def enable_customer(self, name: str, *, enabled: bool) -> None:
        self._customers[name] = replace(self._customer(name), enabled=enabled)

    async def create_smtp_account(
        self, account: SmtpAccount, *, password: str, now: datetime
    ) -> SmtpAccount:
        owner = self._customer(account.customer_name)
        if account.login in self._accounts:
            raise AlreadyThere(f"login {account.login!r} is taken already")
        created = replace(
            account,
            account_id=len(self._accounts) + 1,
            customer_id=owner.customer_id,
            password_sha256=sha256(password.encode()).digest(),
        )
        self._accounts[account.login] = created
        return self._seen(created)

    async def change_smtp_account(self, account: SmtpAccount) -> None:
        present = self._login(account.login)
        self._accounts[account.login] = replace(
            account,
            password_sha256=present.password_sha256,
            former_password=present.former_password,
        )

    async def set_password(
        self, login: str, password: str, former: FormerPassword | None = None
    ) -> None:
        hashed = sha256(password.encode()).digest()
        self._accounts[login] = replace(
            self._login(login), password_sha256=hashed, former_password=former
        )

    async def end_former_password(self, login: str, *, now: datetime) -> None:
        account = self._login(login)
        former = account.former_password
        if former is not None:
            former = replace(former, works_until=now)
        self._accounts[login] = replace(account, former_password=former)

    async def delete_smtp_account(self, login: str) -> None:
        self._login(login)
        del self._accounts[login]

    async def smtp_accounts(self, customer_name: str | None = None) -> Sequence[SmtpAccount]:
        accounts = [self._accounts[login] for login in sorted(self._accounts)]
        return [self._seen(a) for a in accounts if customer_name in (None, a.customer_name)]

    async def add_sending_domain(self, domain: SendingDomain, *, now: datetime) -> None:
        if all(one.customer_id != domain.customer_id for one in self._customers.values()):
            raise NotThere(f"there is no customer number {domain.customer_id}")
        present = self._domains.get(domain.domain)
        is_own = present is not None and present.customer_id == domain.customer_id
        if present is not None and (present.is_verified or (is_own and not domain.is_verified)):
            raise AlreadyThere(f"sending domain {domain.domain!r} is taken already")
        self._domains[domain.domain] = domain

    async def change_sending_domain(self, domain: SendingDomain, *, now: datetime) -> None:
        present = self._domains.get(domain.domain)
        if present is None or present.customer_id != domain.customer_id:
            raise NotThere(f"there is no sending domain {domain.domain!r} of this customer")
        self._domains[domain.domain] = replace(
            domain, is_verified=domain.is_verified or present.is_verified
        )

    async def remove_sending_domain(self, domain: str) -> None:
        if self._domains.pop(domain, None) is None:
            raise NotThere(f"there is no sending domain {domain!r}")

    async def sending_domains(self, customer_id: int | None = None) -> Sequence[SendingDomain]:
        domains = [self._domains[name] for name in sorted(self._domains)]
        return [one for one in domains if customer_id in (None, one.customer_id)]

    def login_of(self, account_id: int) -> str:
        """Name an account; empty when it is gone."""
        found = (a.login for a in self._accounts.values() if a.account_id == account_id)
        return next(found, "")

    def _customer(self, name: str) -> Customer:
        if name not in self._customers:
            raise NotThere(f"there is no customer {name!r}")
        return self._customers[name]

    def _login(self, login: str) -> SmtpAccount:
        if login not in self._accounts:
            raise NotThere(f"there is no login {login!r}")
        return self._accounts[login]

    def _seen(self, account: SmtpAccount) -> SmtpAccount:
        owner = self._customers[account.customer_name]
        domains = [
            d.domain
            for d in self._domains.values()
            if d.customer_id == owner.customer_id and d.is_verified
        ]
        enabled = account.enabled and owner.enabled
        return replace(account, enabled=enabled, sending_domains=frozenset(domains))


class MemoryQueues:
    """One node on a memory store; implements `QueueStore`, and `MessageStore` for its own accepts."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.number = 0
        self.name = ""

    async def accept(self, message: NewMessage) -> Mapping[str, int]:
        return self.store.keep_all([message], None, node=self.number)

    async def accept_all(
        self, messages: Sequence[NewMessage], *, remembered: Remembered | None = None
    ) -> Mapping[str, int]:
        return self.store.keep_all(messages, remembered, node=self.number)

    async def remembered(self, customer_id: int, endpoint: str, key: str) -> Remembered | None:
        return await self.store.remembered(customer_id, endpoint, key)

    def has_room(self, size: int) -> bool:
        return self.store.has_room(size)

    # -- leases -----------------------------------------------------------------------------------

    async def join(self, node_name: str, *, now: datetime) -> int:
        nodes = self.store.nodes
        node = nodes.setdefault(node_name, NodeRow(len(nodes) + 1, node_name, now))
        self.number, self.name = node.number, node_name
        node.lease_until = now + LEASE
        self._free(node.number, now)
        return node.number

    async def heartbeat(self, *, now: datetime) -> None:
        self.store.nodes[self.name].lease_until = now + LEASE

    async def lease(self, *, now: datetime, limit: int) -> Sequence[LeasedQueue]:
        self._free_dead(now)
        ready = [
            (queue.next_due, queue.queue_id)
            for queue in self.store.ready.values()
            if queue.next_due is not None
            and queue.next_due <= now
            and queue.node in (None, self.number)
        ]
        return [
            self._take(self.store.ready[queue_id], now) for _, queue_id in sorted(ready)[:limit]
        ]

    async def lease_named(
        self, keys: Sequence[QueueKey], *, now: datetime
    ) -> Sequence[LeasedQueue]:
        self._free_dead(now)
        found = [queue for queue in self.store.ready.values() if queue.key in keys]
        return [self._take(queue, now) for queue in found if queue.node in (None, self.number)]

    async def release(self, queues: Sequence[LeasedQueue], *, now: datetime) -> None:
        for lease in queues:
            queue = self.store.ready[lease.queue_id]
            if (queue.node, queue.epoch) != (self.number, lease.epoch):
                continue
            queue.node = None
            waiting = self.store.live(queue.queue_id, State.QUEUED)
            queue.next_due = waiting[0].due_at if waiting else None
            if self.store.live(queue.queue_id, State.SENDING):
                queue.next_due = now

    def _free_dead(self, now: datetime) -> None:
        for node in self.store.nodes.values():
            if node.lease_until < now and node.number != self.number:
                self._free(node.number, now)

    def _free(self, number: int, now: datetime) -> None:
        for queue in self.store.ready.values():
            if queue.node == number:
                queue.node, queue.next_due = None, now

    def _take(self, queue: Queue, now: datetime) -> LeasedQueue:
        queue.next_due = None
        if queue.node is None:
            queue.node, queue.epoch = self.number, queue.epoch + 1
            for row in self.store.live(queue.queue_id, State.SENDING):
                row.attempts.append(_unknown(row, now))
                row.state, row.due_at = State.QUEUED, now
        return LeasedQueue(queue_id=queue.queue_id, key=queue.key, epoch=queue.epoch)

    # -- what is due ------------------------------------------------------------------------------

    async def due(
        self, queue: LeasedQueue, *, now: datetime, limit: int, after: tuple[datetime, int] | None
    ) -> Sequence[DueRecipient]:
        rows = [
            row
            for row in self.store.live(queue.queue_id, State.QUEUED)
            if row.due_at <= now and (after is None or (row.due_at, row.new.recipient_id) > after)
        ]
        return [_due(row) for row in rows[:limit]]

    async def next_due(self, queue: LeasedQueue) -> datetime | None:
        rows = self.store.live(queue.queue_id, State.QUEUED)
        return rows[0].due_at if rows else None

    async def expired(
        self, queue: LeasedQueue, *, now: datetime, limit: int
    ) -> Sequence[DueRecipient]:
        rows = self.store.live(queue.queue_id, State.QUEUED)
        return [_due(row) for row in rows if row.message.expires_at <= now][:limit]

    async def messages(self, message_ids: Sequence[int]) -> Sequence[QueuedMessage]:
        found = []
        for message_id in message_ids:
            with suppress(BodyDamaged):
                found.append(await self.message(message_id))
        return [one for one in found if one is not None and one.content.size <= 64 * 1024]

    async def message(self, message_id: int) -> QueuedMessage | None:
        entry = self.store.letters.get(message_id)
        if entry is None:
            return None
        message, digest = entry
        if sha256(b"".join(message.content.blocks())).digest() != digest:
            raise BodyDamaged("the body does not match its SHA-256")
        return QueuedMessage(
            message_id=message_id,
            customer_id=message.customer_id,
            account_id=message.account_id,
            envelope=replace(message.envelope, forward_paths=()),
            content=message.content,
            header_message_id=message.header_message_id,
            signing_domain=message.signing_domain,
            accepted_at=message.accepted_at,
            expires_at=message.expires_at,
            failure_notices=message.failure_notices,
            mode=message.mode,
        )

    # -- what is written --------------------------------------------------------------------------

    async def claim(self, claims: Sequence[Claim], *, now: datetime) -> frozenset[int]:
        return frozenset(claim.recipient_id for claim in claims if self._claim(claim, now))

    def _claim(self, claim: Claim, now: datetime) -> bool:
        row, queue = self.store.rows.get(claim.recipient_id), self.store.ready.get(claim.queue_id)
        if row is None or queue is None or queue.epoch != claim.epoch:
            return False
        seen = (row.state, row.queue_id, row.attempt)
        if seen != (State.QUEUED, claim.queue_id, claim.attempt - 1):
            return False
        row.state, row.attempt, row.epoch, row.due_at = (
            State.SENDING,
            claim.attempt,
            claim.epoch,
            now,
        )
        return True

    async def settle(self, settlements: Sequence[Settlement], *, now: datetime) -> frozenset[int]:
        return frozenset(one.recipient_id for one in settlements if self._settle(one, now))

    def _settle(self, settlement: Settlement, now: datetime) -> bool:
        row = self.store.rows.get(settlement.recipient_id)
        if row is None or (row.state, row.epoch) != (State.SENDING, settlement.epoch):
            return False
        row.state = settlement.state
        row.due_at = settlement.due_at or now
        row.final_at = now if settlement.state.is_final else None
        if settlement.attempt is not None:
            row.attempts.append(settlement.attempt)
        self.store.note(settlement.events)
        for notice in settlement.notices:
            self.store.keep(notice, node=self.number)
        return True


def _due(row: Row) -> DueRecipient:
    return DueRecipient(
        recipient_id=row.new.recipient_id,
        message_id=row.message.message_id,
        queue_id=row.queue_id,
        forward_path=row.new.forward_path,
        attempt=row.attempt,
        due_at=row.due_at,
        accepted_at=row.message.accepted_at,
        expires_at=row.message.expires_at,
    )


def _timeline(row: Row) -> RecipientHistory:
    return RecipientHistory(
        recipient_id=row.new.recipient_id,
        forward_path=row.new.forward_path,
        state=row.state,
        attempt=row.attempt,
        due_at=None if row.state.is_final else row.due_at,
        expires_at=row.message.expires_at,
        final_at=row.final_at,
        events=tuple(row.events),
        attempts=tuple(row.attempts),
    )


def _unknown(row: Row, now: datetime) -> Attempt:
    return Attempt(
        number=row.attempt,
        started_at=row.due_at,
        ended_at=now,
        outcome="unknown",
        stage="",
        hop="",
        reply_code=None,
        reply_status="",
        reply_text="",
        tls="",
        transcript="",
        rule="",
    )
