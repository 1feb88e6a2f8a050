"""A scene: the service as a process, the receivers it sends to, and the author who is told of failures."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.crash.ledger import Told
from tests.system import history
from tests.system.client import Message
from tests.system.receiver import Receiver
from tests.system.service import House, Service

PATIENCE = 60


@dataclass(slots=True)
class Scene:
    """One service under way."""

    house: House
    service: Service
    author: Receiver
    """Takes the mail for example.com, where all authors live: the notices."""
    numbers: int = field(default=0)

    async def send(self, *recipients: str, mail: str = "", rcpt: str = "", **more: Any) -> str:
        """Send one message through the front door; give its Message-ID."""
        self.numbers += 1
        message = Message(
            key=f"<{self.numbers}@example.com>",
            recipients=recipients,
            mail_parameters=mail,
            rcpt_parameters=rcpt,
            **more,
        )
        async with self.house.client() as client:
            assert await client.send(message) is Told.YES
        return message.key

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until the books say so: another process writes them, so we can only look."""
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(holds):
                assert self.service.is_running, self.service.tail()

    async def settled(self) -> None:
        """Wait until every recipient has its final state."""
        await self.until(lambda: history.unsettled(self.house.data) == 0)

    async def tried(self, times: int) -> None:
        """Wait until so many attempts were made."""
        await self.until(lambda: len(self.attempts) >= times)

    @property
    def events(self) -> Counter[str]:
        """What happened, counted by kind."""
        return history.events(self.house.data)

    @property
    def attempts(self) -> list[tuple[str, int, str, str]]:
        """Every try: recipient, number, outcome, rule."""
        return history.attempts(self.house.data)

    @property
    def states(self) -> dict[str, str]:
        """Recipient → state."""
        return {fate.recipient: fate.state for fate in history.fates(self.house.data)}

    async def notice(self) -> str:
        """Give the one notice that the author got."""
        await self.author.wait_for(1)
        (notice,) = self.author.accepted
        return notice.raw.decode()

    async def get(self, path: str) -> str:
        """Ask the operator's port."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.house.http_port)
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        answer = (await reader.read()).decode()
        writer.close()
        return answer.partition("\r\n\r\n")[2]

    async def command(self, *arguments: str) -> Any:
        """Run the command line beside the service; give its JSON."""
        return json.loads(await asyncio.to_thread(self.house.command, *arguments, "--json"))
