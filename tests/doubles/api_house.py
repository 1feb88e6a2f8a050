"""The HTTP API on a loopback port, its surroundings in memory: Alice's and Charlie's keys, raw requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.doubles.manual_clock import ManualClock
from tests.doubles.memory_store import MemoryQueues, MemoryStore, Row
from tests.doubles.sending_office import HOSTNAME, SendingOffice
from tests.doubles.submission_house import Told

from sztafeta.account.api_key import Mode, Scope
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.application import HttpApi
from sztafeta.api.body import Bodies
from sztafeta.api.compat.facade import Facade
from sztafeta.api.desk import ApiLimits, Desk
from sztafeta.delivery.queue_id import IdSource
from sztafeta.delivery.state import State
from sztafeta.event import EventKind
from sztafeta.net.http_listener import HttpListener
from sztafeta.service.api_keys import ApiKeys, KeyWish
from sztafeta.service.messages import Messages
from sztafeta.service.templates import Templates

ALICE, ALICES_OTHER, CHARLIE = "1.alice.smtp", "2.alice.smtp", "1.charlie.smtp"
DOMAINS = {"alice": "example.com", "charlie": "example.org"}
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


class ApiHouse:
    """An API that answers on a port of loopback."""

    def __init__(self, facades: Sequence[Facade]) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore()
        queues = MemoryQueues(self.store)
        self.office = SendingOffice(self.store, self.store.bodies, Told(), clock=self.clock)
        self.troubles: list[Exception] = []
        ids = IdSource(node=2)
        self.keys = ApiKeys(store=self.store.api_keys, clock=self.clock, time=lambda: 0.0)
        self.desk = Desk(
            keys=self.keys,
            accounts=self.store,
            account_administration=self.store,
            suppressions=self.store.suppressions,
            feed=self.store.feed,
            bodies=Bodies(BODY_SIZE),
            limits=ApiLimits(message_size=BODY_SIZE, body_size=BODY_SIZE),
            sending=self.office.sending,
            messages=Messages(
                feed=self.store.feed,
                queues=queues,
                administration=self.store,
                accept=self.office.accept,
                ids=ids,
                clock=self.clock,
            ),
            templates=Templates(
                store=self.store.templates,
                renderer=self.office.renderer,
                ids=ids,
                clock=self.clock,
            ),
            clock=self.clock,
            hostname=HOSTNAME,
            base_url="https://api.example.org",
        )
        application = HttpApi(self.desk, ids=ids, on_trouble=self._note, facades=facades)
        self._listener = HttpListener(
            application.application, address="127.0.0.1", port=0, hosts=frozenset()
        )

    def _note(self, request_id: str, why: Exception) -> None:
        self.troubles.append(why)

    async def furnish(self) -> None:
        """Create both customers with their accounts and domains."""
        for name, domain in DOMAINS.items():
            owner = await self.store.create_customer(name, now=self.clock.now())
            await self.store.add_sending_domain(
                SendingDomain(domain=domain, customer_id=owner.customer_id), now=self.clock.now()
            )
        for login in (ALICE, ALICES_OTHER, CHARLIE):
            account = SmtpAccount(
                account_id=0,
                customer_id=0,
                customer_name=login.split(".")[1],
                login=login,
                password_sha256=b"",
            )
            await self.store.create_smtp_account(account, password="x", now=self.clock.now())

    async def key(
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
        reader, writer = await asyncio.open_connection("127.0.0.1", self._listener.port)
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
        await self.furnish()
        await self._listener.open()
        yield self
        await self._listener.close()


def _read(answer: bytes) -> Answer:
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    return Answer(int(status_line.split(" ")[1]), headers, body)
