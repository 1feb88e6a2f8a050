"""Two nodes, one PostgreSQL database: the mail of either is delivered once, also when one dies or freezes."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
from tests.crash.ledger import Copy, Fate, Name, Offer, Told, audit
from tests.doubles.postgres import PostgreSQL
from tests.system.client import Message
from tests.system.history import fates_at
from tests.system.receiver import Phase, Received, Receiver
from tests.system.service import Service, cold_run, furnish, move_in

DOMAIN = "receiver.example.net"
SETTLE_SECONDS = 40
RETRY_SOON = '[delivery]\nretries = ["1s"]\njitter = 0.0\n'
LEASE_RUNS_OUT = "UPDATE node SET lease_until = 0 WHERE name = $1"
"""What time does in half a minute, to a node that has no heartbeat."""


@dataclass(slots=True)
class Pair:
    """The two nodes, their receiver and the three books."""

    url: str
    receiver: Receiver
    nodes: Sequence[Service]
    offers: list[Offer] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def offer(self, node: Service, count: int, *, told: Told = Told.YES) -> None:
        """Send messages through one node."""
        async with node.house.client() as client:
            for _ in range(count):
                number = next(self.numbers)
                message = Message(
                    key=f"<{number}@example.com>", recipients=(f"customer{number}@{DOMAIN}",)
                )
                assert await client.send(message) is told
                self.offers += message.offers(told)

    async def outlive(self, node: Service) -> None:
        """Let the lease of a node that does nothing any more run out."""
        database = await asyncpg.connect(self.url)
        await database.execute(LEASE_RUNS_OUT, node.house.node_name)
        await database.close()

    async def fates(self) -> list[Fate]:
        """What the nodes' common history says."""
        return await fates_at(self.url)

    async def until(self, condition: Callable[[list[Fate]], bool]) -> list[Fate]:
        """Look until something is true of the history: other processes write it, so we can only look."""
        async with asyncio.timeout(SETTLE_SECONDS):
            while not condition(found := await self.fates()):
                pass
            return found

    async def settled(self) -> list[Fate]:
        """Wait until every recipient has its final state."""
        return await self.until(lambda fates: all(fate.is_final for fate in fates))

    def copies(self) -> list[Copy]:
        """What the receiver wrote down."""
        return [
            Copy(key=one.key, recipient=recipient, body_sha256=one.sha256, accepted=one.accepted)
            for one in self.receiver.got
            for recipient in one.recipients
        ]

    async def in_flight(self) -> Counter[Name]:
        """Name what is being sent: a node that ends now excuses one copy more of each."""
        return Counter(fate.name for fate in await self.fates() if fate.state == "sending")

    async def violations(self, excused: Mapping[Name, int] | None = None) -> dict[str, list[str]]:
        """Compare the books."""
        return audit(self.offers, self.copies(), await self.fates()).violations(excused)


@pytest.fixture(scope="module")
def template(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Furnish one house and its database for all."""
    folder, url = tmp_path_factory.mktemp("nodes") / "house", postgresql.new_database()
    furnish(folder, cold_run, database_url=url)
    return folder, url


@pytest.fixture
async def pair(
    postgresql: PostgreSQL, template: tuple[Path, str], tmp_path: Path
) -> AsyncIterator[Pair]:
    """Start two nodes on a database of their own."""
    folder, furnished = template
    url = postgresql.new_database(like=furnished)
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(Receiver())
        nodes = []
        for name in ("one", "two"):
            house = move_in(
                folder,
                tmp_path / name,
                routes={DOMAIN: receiver.port},
                settings=RETRY_SOON,
                database_url=url,
                node_name=name,
            )
            nodes.append(Service(house))
        await asyncio.gather(*(stack.enter_async_context(node) for node in nodes))
        yield Pair(url, receiver, nodes)


async def test_mail_accepted_by_either_node_is_delivered_once(pair: Pair) -> None:
    await asyncio.gather(*(pair.offer(node, 30) for node in pair.nodes))
    fates = await pair.settled()
    assert Counter(fate.state for fate in fates) == {"delivered": 60}
    for node in pair.nodes:
        node.terminate()
        assert await node.ended() == 0, node.tail()
    assert await pair.violations() == {}


async def test_the_mail_of_a_killed_node_is_delivered_by_the_other(pair: Pair) -> None:
    """R-07 with many nodes: what it had claimed, what it had deferred and what it had just taken."""
    first, second = pair.nodes
    pair.receiver.dot = lambda received: "451 4.3.2 not now"
    await pair.offer(first, 20)
    await pair.until(lambda fates: all(fate.attempts > 0 for fate in fates))
    first.kill()
    await first.ended()
    in_flight = await pair.in_flight()
    pair.receiver.dot = lambda received: "250 2.0.0 kept"
    await pair.offer(second, 5)
    await pair.outlive(first)
    fates = await pair.settled()
    assert Counter(fate.state for fate in fates) == {"delivered": 25}
    assert await pair.violations(in_flight) == {}


async def test_a_frozen_node_that_wakes_changes_nothing_that_the_other_did(pair: Pair) -> None:
    """R-32: it is stopped with a message at the receiver's final dot, and goes on when all is done."""
    first, second = pair.nodes
    frozen = asyncio.Event()

    def freeze(phase: Phase, received: Received | None) -> None:
        if phase is Phase.DOT and not frozen.is_set():
            first.send_signal(signal.SIGSTOP)
            frozen.set()

    pair.receiver.on_phase = freeze
    await pair.offer(first, 1)
    await frozen.wait()
    in_flight = await pair.in_flight()
    await pair.outlive(first)
    await pair.offer(second, 5)
    fates = await pair.settled()
    first.send_signal(signal.SIGCONT)
    await pair.offer(first, 1)
    first.terminate()
    assert await first.ended() == 0, first.tail()
    assert (await pair.settled())[: len(fates)] == fates
    assert await pair.violations(in_flight) == {}
    assert len(pair.receiver.accepted) == 8, "the one in flight came twice"
