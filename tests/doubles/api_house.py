"""The façades on a loopback port, their surroundings in memory: Alice's and Charlie's keys, raw requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.doubles.memory_store import Row
from tests.doubles.native_house import NativeHouse

from sztafeta.account.api_key import Mode, Scope
from sztafeta.api.compat.facade import Facade
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.service.api_keys import KeyWish

ALICE, ALICES_OTHER, CHARLIE = "1.alice.smtp", "2.alice.smtp", "1.charlie.smtp"
EVERYTHING = frozenset(Scope) - {Scope.ADMIN}
BODY_SIZE = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which is JSON whatever its type says."""
        return json.loads(self.body)


class ApiHouse(NativeHouse):
    """An API that speaks foreign dialects, on a port of loopback."""

    def __init__(self, facades: Sequence[Facade]) -> None:
        super().__init__(facades=facades, message_size=BODY_SIZE, body_size=BODY_SIZE)

    async def furnish(self) -> None:
        """Give Alice a second account; the rest is there."""
        account = replace(self.accounts["alice"], account_id=0, login=ALICES_OTHER)
        await self.store.create_smtp_account(account, password="x", now=self.clock.now())

    async def key_text(
        self, login: str = ALICE, *, mode: Mode = Mode.LIVE, scopes: frozenset[Scope] = EVERYTHING
    ) -> str:
        """Make an API key of an account."""
        account = await self.store.smtp_account(login)
        assert account is not None
        wish = KeyWish(name="test", mode=mode, scopes=scopes, account=account)
        return (await self.keys.make(wish)).text

    async def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Send a request as it is written here, letter by letter."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        fields = {"Host": "127.0.0.1", "Connection": "close", **(headers or {})}
        if body:
            fields["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
        answer = await reader.read()
        writer.close()
        return _read(answer)

    def row(self, address: str) -> Row:
        """Give the recipient that has an address."""
        (found,) = (
            row for row in self.store.rows.values() if str(row.new.forward_path.mailbox) == address
        )
        return found

    def settle(self, address: str, state: State, kind: EventKind, **details: str) -> None:
        """Have a recipient come to a state, a minute later."""
        self.clock.advance(timedelta(minutes=1))
        row, now = self.row(address), self.clock.now()
        row.state, row.attempt = state, row.attempt + 1
        row.final_at = now if state.is_final else None
        event = replace(
            row.events[0], event_id=row.events[-1].event_id + 1, kind=kind, at=now, details=details
        )
        row.events.append(event)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[ApiHouse]:
        """Open the port and close it again."""
        async with self:
            await self.furnish()
            yield self


def _read(answer: bytes) -> Answer:
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    return Answer(int(status_line.split(" ")[1]), headers, body)
