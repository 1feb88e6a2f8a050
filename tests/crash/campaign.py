"""How a crash is staged: load through the front door, a death, a new life, the audit of three books."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from tests.crash.ledger import Audit, Copy, Fate, Name, Offer, Told, audit
from tests.crash.warm_start import WarmStart
from tests.system.client import Message, Refused
from tests.system.history import fates
from tests.system.receiver import Receiver
from tests.system.service import House, Service

PATIENCE_SECONDS = 90
"""How long a busy machine may take to come to what a test waits for."""
RETRY_SOON = """[delivery]
retries = ["250ms"]
jitter = 0.0
first_backoff = "250ms"
longest_backoff = "250ms"
"""
"""The ladder of a campaign: nobody waits for two minutes, nor fifteen after three silent endings (R-41)."""


@dataclass(slots=True)
class Campaign:
    """One house, its receivers, and what was offered so far."""

    house: House
    receivers: dict[str, Receiver]
    """Domain → receiver."""
    warm: WarmStart
    offered: list[Message] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    """What each client was told."""
    in_flight: Counter[Name] = field(default_factory=Counter)
    """How often a recipient was on the wire at a crash: each time excuses one copy more."""
    _number: int = 0

    # -- load ------------------------------------------------------------------------------------

    def messages(self, count: int, *, size: int = 1000) -> Iterator[Message]:
        """Make messages with names of their own, their recipients spread over the receivers."""
        domains = list(self.receivers)
        for _ in range(count):
            self._number += 1
            domain = domains[self._number % len(domains)]
            message = Message(
                key=f"<{self._number}@example.com>",
                recipients=(f"customer{self._number}@{domain}",),
                size=size,
            )
            self.offered.append(message)
            yield message

    async def offer(self, messages: Iterator[Message], *, sessions: int = 4) -> None:
        """Send from several sessions until all is offered or the service is gone."""
        await asyncio.gather(*(self._session(messages) for _ in range(sessions)))

    async def _session(self, messages: Iterator[Message]) -> None:
        try:
            async with self.house.client() as client:
                for message in messages:
                    told = await client.send(message)
                    self.offers += message.offers(told)
                    if told is Told.NOTHING:
                        return
        except (ConnectionError, asyncio.IncompleteReadError, Refused):
            return  # it died before we could log in: nothing was offered

    # -- lives -----------------------------------------------------------------------------------

    def service(self, *options: str) -> Service:
        """Give a life of the service, with a trap, a sabotage or a sick disk (tests/crash/launcher.py)."""
        return Service(self.house, self.warm.launcher(*options))

    def service_beside(self, *options: str) -> Service:
        """Give another process on the same data, with ports of its own."""
        folder = self.house.folder.with_name("beside")
        folder.mkdir()
        (folder / "data").symlink_to(self.house.data)
        house = House(
            folder=folder,
            password=self.house.password,
            routes=self.house.routes,
            settings=self.house.settings,
        )
        house.write_settings()
        return Service(house, self.warm.launcher(*options))

    async def life(self, work: Callable[[Service], Awaitable[None]], *options: str) -> None:
        """Run the service until it is killed by a trap, or by us once `work` is done."""
        async with self.service(*options) as service:
            await work(service)
            service.kill()
            await service.ended()
        self.in_flight.update(fate.name for fate in self.fates() if fate.state == "sending")

    async def settle(self) -> None:
        """Give the service a quiet life until nothing is on its way, then let it drain and end."""
        async with self.service() as service:
            await until(self.is_settled)
            service.terminate()
            assert await service.ended() == 0, service.tail()

    def is_settled(self) -> bool:
        """Say whether every recipient has its final state."""
        return all(fate.is_final for fate in self.fates())

    # -- books -----------------------------------------------------------------------------------

    def fates(self) -> list[Fate]:
        """What the service's history says."""
        return fates(self.house.data)

    def copies(self) -> list[Copy]:
        """What the receivers wrote down."""
        return [
            Copy(
                key=received.key,
                recipient=recipient,
                body_sha256=received.sha256,
                accepted=received.accepted,
            )
            for receiver in self.receivers.values()
            for received in receiver.got
            for recipient in received.recipients
        ]

    def audit(self) -> Audit:
        """Compare the books."""
        return audit(self.offers, self.copies(), self.fates())

    def violations(self) -> dict[str, list[str]]:
        """Give what no fault excuses: neither a crash nor a receiver that kept a message and hung up."""
        return self.audit().violations(self.in_flight + self.resets())

    def resets(self) -> Counter[Name]:
        """Count how often a receiver kept a message and hung up: each is the other side's duplicate."""
        found: Counter[Name] = Counter()
        for receiver in self.receivers.values():
            for received in receiver.hung_up_on:
                found.update((received.key, recipient) for recipient in received.recipients)
        return found

    def acknowledged(self) -> int:
        """How many recipients were promised."""
        return sum(offer.told is Told.YES for offer in self.offers)

    def unanswered(self) -> set[str]:
        """Name the messages whose client heard nothing."""
        return {offer.key for offer in self.offers if offer.told is Told.NOTHING}


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is true of another process: it sends no news, so we can only look."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.02)
