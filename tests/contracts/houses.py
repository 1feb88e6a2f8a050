"""A store of each kind behind the same face, so that one contract suite is run on all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from tests.contracts.letters import Writer
from tests.doubles.memory_store import MemoryQueues, MemoryStore

from sztafeta.service.ports import (
    AccountAdministration,
    AccountStore,
    ApiKeyStore,
    Bodies,
    FeedStore,
    HistoryStore,
    Housekeeping,
    LeasedQueue,
    MessageStore,
    NewMessage,
    QueueAdministration,
    QueueStore,
    SandboxStore,
    SuppressionStore,
    TemplateStore,
)
from sztafeta.store.messages import Arrivals, Messages
from sztafeta.store.node import Node
from sztafeta.store.open import Store, open_store
from sztafeta.store.queue_ids import QueueIds
from sztafeta.store.queues import Queues
from sztafeta.store.schema import node
from sztafeta.store.statements import Steps
from sztafeta.store.units import Other


class Accounts(AccountStore, AccountAdministration, Protocol):
    """Both sides of the accounts."""


@dataclass(frozen=True, slots=True)
class NodeHouse:
    """One node: what it accepts and what it delivers."""

    messages: MessageStore
    queues: QueueStore


class House(Protocol):
    """A store with one node that has joined; more may be opened."""

    writer: Writer
    first: NodeHouse
    bodies: Bodies
    accounts: Accounts
    api_keys: ApiKeyStore
    templates: TemplateStore
    suppressions: SuppressionStore
    feed: FeedStore
    history: HistoryStore
    administration: QueueAdministration
    housekeeping: Housekeeping
    sandbox: SandboxStore

    async def another_node(self) -> NodeHouse:
        """Give another node on the same store, not joined yet."""

    async def let_leases_run_out(self) -> None:
        """Have the leases of all nodes that joined so far end."""

    async def damage_body(self, message: NewMessage) -> None:
        """Change one octet of a message's small body behind the store's back."""

    async def close(self) -> None:
        """Let go of everything."""


class MemoryHouse:
    """The double."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.store = MemoryStore()
        queues = MemoryQueues(self.store)
        self.first = NodeHouse(queues, queues)
        self.bodies = self.store.bodies
        self.accounts = self.history = self.administration = self.housekeeping = self.store
        self.api_keys, self.templates = self.store.api_keys, self.store.templates
        self.suppressions, self.feed = self.store.suppressions, self.store.feed
        self.sandbox = self.store

    async def another_node(self) -> NodeHouse:
        queues = MemoryQueues(self.store)
        return NodeHouse(queues, queues)

    async def let_leases_run_out(self) -> None:
        for row in self.store.nodes.values():
            row.lease_until = self.writer.now - timedelta(seconds=1)

    async def damage_body(self, message: NewMessage) -> None:
        _, digest = self.store.letters[message.message_id]
        self.store.letters[message.message_id] = (message, digest[::-1])

    async def close(self) -> None:
        return None


class StoreHouse:
    """The real thing, on SQLite or PostgreSQL."""

    def __init__(self, writer: Writer, store: Store) -> None:
        self.writer = writer
        self.store = store
        self.first = NodeHouse(store.messages, store.queues)
        self.bodies = store.bodies
        self.accounts = store.accounts
        self.api_keys, self.templates = store.api_keys, store.templates
        self.suppressions, self.feed = store.suppressions, store.feed
        self.history = store.history
        self.administration = store.administration
        self.housekeeping = store.housekeeping
        self.sandbox = store.sandbox

    async def another_node(self) -> NodeHouse:
        database, bodies = self.store.database, self.store.bodies
        other = Node(database)
        arrivals = Arrivals(
            queue_ids=QueueIds(database),
            bodies=bodies,
            node=other,
            files_are_shared=not database.dialect.has_many_writers,
        )
        return NodeHouse(
            Messages(database, arrivals, has_room=lambda size: True),
            Queues(database, node=other, arrivals=arrivals, bodies=bodies),
        )

    async def let_leases_run_out(self) -> None:
        await self._run(sa.update(node).values(lease_until=0))

    async def damage_body(self, message: NewMessage) -> None:
        from sztafeta.store.schema import body

        octets = b"".join(message.content.blocks())
        torn = octets[:-1] + bytes([octets[-1] ^ 1])
        await self._run(
            sa.update(body).where(body.c.message_id == message.message_id).values(content=torn)
        )

    async def _run(self, statement: sa.Executable) -> None:
        def steps() -> Steps[None]:
            yield self.store.database.dialect.once(statement)

        await self.store.database.write(Other(steps))

    async def close(self) -> None:
        await self.store.close()


async def sqlite_house(writer: Writer, folder: Path) -> StoreHouse:
    """Open a store on a fresh file."""
    return StoreHouse(writer, await open_store(None, folder, i_know=True, free_share=0.0))


async def postgresql_house(writer: Writer, folder: Path, url: str) -> StoreHouse:
    """Open a store on a fresh PostgreSQL database."""
    return StoreHouse(writer, await open_store(url, folder, i_know=True, free_share=0.0))


async def joined(house: House, name: str = "first") -> House:
    """Have the first node join."""
    await house.first.queues.join(name, now=house.writer.now)
    return house


async def leased(house: House) -> Sequence[LeasedQueue]:
    """Have the first node take what is due."""
    return await house.first.queues.lease(now=house.writer.now, limit=100)


async def accepted(house: House, message: NewMessage) -> Mapping[str, int]:
    """Have the first node take a message."""
    return await house.first.messages.accept(message)
