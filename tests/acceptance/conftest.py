"""One furnished house, a running service and a witness that receives for every test with foreign programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.system.receiver import Received, Receiver
from tests.system.service import House, Service, house_template, move_in

DESTINATION = "example.net"


@dataclass(slots=True)
class Running:
    """A service that relays to a witness."""

    house: House
    service: Service
    witness: Receiver

    async def arrival(self) -> Received:
        """Give the first message that the witness accepts."""
        await self.witness.wait_for(1)
        return self.witness.accepted[0]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Furnish one house for all."""
    return house_template(tmp_path_factory.getbasetemp() / "house")


@pytest.fixture
async def running(template: Path, tmp_path: Path) -> AsyncIterator[Running]:
    """Start a service whose mail for example.net goes to the witness."""
    async with Receiver() as witness:
        routes = {DESTINATION: witness.port}
        house = move_in(template, tmp_path / "house", routes=routes)
        async with Service(house) as service:
            yield Running(house, service, witness)
