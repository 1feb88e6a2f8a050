"""How a crash is staged: load through the front door, a death, a new life, the audit of three books."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.ledger import Audit, Copy, Fate, Offer, Told, audit
from tests.system.client import Message, Refused
from tests.system.history import fates
from tests.system.receiver import Receiver
from tests.system.service import House, Service, sztafeta

SETTLE_SECONDS = 60
RETRY_SOON = '[delivery]\nretries = ["1s"]\njitter = 0.0\n'
"""The ladder of a campaign: nobody waits for two minutes."""


def launched(*arguments: str) -> list[str]:
    """Give the command that starts the service with a trap or a sabotage."""
    return [sys.executable, "-m", "tests.crash.launcher", *arguments]


@dataclass(slots=True)
class Campaign:
    """One house, its receivers, and what was offered so far."""

    house: House
    receivers: dict[str, Receiver]
    """Domain → receiver."""
    offers: list[Offer] = field(default_factory=list)
    in_flight: int = 0
    """Recipients that were on the wire at a crash: each excuses one duplicate."""
    _number: int = 0

    # -- load ------------------------------------------------------------------------------------

    def messages(self, count: int, *, size: int = 1000) -> Iterator[Message]:
        """Make messages with names of their own, their recipients spread over the receivers."""
        domains = list(self.receivers)
        for _ in range(count):
            self._number += 1
            domain = domains[self._number % len(domains)]
            yield Message(
                key=f"<{self._number}@example.com>",
                recipients=(f"customer{self._number}@{domain}",),
                size=size,
            )

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

    async def life(
        self, work: Callable[[Service], object], *, launcher: Sequence[str] | None = None
    ) -> None:
        """Run the service until it is killed by a trap, or by `work` once it returns."""
        async with Service(self.house, launcher or sztafeta()) as service:
            outcome = work(service)
            if asyncio.iscoroutine(outcome):
                await outcome
            service.kill()
            await service.ended()
        self.in_flight += sum(fate.state == "sending" for fate in self.fates())

    async def settle(self) -> None:
        """Give the service a quiet life until nothing is on its way, then let it drain and end."""
        async with Service(self.house) as service:
            await settled(self.house.data)
            service.terminate()
            assert await service.ended() == 0, service.tail()

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

    def acknowledged(self) -> int:
        """How many recipients were promised."""
        return sum(offer.told is Told.YES for offer in self.offers)

    def resets(self) -> int:
        """How often a receiver kept a message and hung up: each is the other side's duplicate."""
        return sum(receiver.resets for receiver in self.receivers.values())


async def settled(data: Path, *, seconds: float = SETTLE_SECONDS) -> None:
    """Wait until every recipient has its final state: another process does it, so we can only look."""
    async with asyncio.timeout(seconds):
        while any(not fate.is_final for fate in fates(data)):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.1)
