"""The HTTP API on a real loopback port, with its surroundings in memory and a clock that tests set.

Alice and Charlie are customers of one installation; Alice's mail may come from `example.com`, Charlie's from
`example.org`.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPMessage, HTTPResponse
from ipaddress import IPv4Network
from typing import Any, Final

from tests.doubles.memory_columns import MemoryAudit
from tests.service.test_rehearsing import Line

from sztafeta.account.api_key import Mode, Scope
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.application import HttpApi
from sztafeta.api.body import Bodies
from sztafeta.api.compat.facade import Facade
from sztafeta.api.desk import ApiLimits, Desk
from sztafeta.delivery.certificate.signing_key import SigningKey
from sztafeta.delivery.egress import EgressSource, EgressSources, dedicated_pool
from sztafeta.delivery.queue_id import IdSource
from sztafeta.net.http_listener import HttpListener
from sztafeta.service.api_keys import ApiKeys, KeyWish, MadeKey
from sztafeta.service.certify import KEYS_PATH, Certify
from sztafeta.service.messages import Messages
from sztafeta.service.people.audit import AuditLog
from sztafeta.service.ports import TextAnswer
from sztafeta.service.remembering import Remembering
from sztafeta.service.sandbox import Sandbox
from sztafeta.service.sending_domains import SendingDomains
from sztafeta.service.smtp_accounts import SmtpAccounts
from sztafeta.service.templates import Templates

BASE_URL: Final = "https://api.example.org"
MESSAGE_SIZE: Final = 10_000_000
BODY_SIZE: Final = 15_000_000
SOURCES: Final = EgressSources(
    shared=EgressSource(name="default", ehlo_name="mx.example.org"),
    dedicated={
        dedicated_pool(customer, name): EgressSource(
            name=name, ehlo_name="mx.example.org", is_dedicated=True
        )
        for customer, name in (("alice", "alice-1"), ("charlie", "charlie-1"))
    },
)
DOMAINS: Final = {"alice": "example.com", "charlie": "example.org"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    content: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """A problem's code."""
        assert self.headers["content-type"] == "application/problem+json", self.content
        return str(self.json["code"])

    @property
    def faults(self) -> dict[str, str]:
        """Where a problem's faults stand, and their codes."""
        return {one["pointer"]: one["code"] for one in self.json["errors"]}


class Dns:
    """TXT records, as a test publishes them."""

    def __init__(self) -> None:
        self.records: dict[str, TextAnswer] = {}

    async def texts(self, name: str) -> TextAnswer:
        """Look a name up."""
        return self.records.get(name, TextAnswer())

    def publish(self, records: Iterable[Mapping[str, str]]) -> None:
        """Put records where they belong."""
        for one in records:
            self.records[one["name"]] = TextAnswer(texts=(one["value"],))


class PanelPasswords(set[tuple[int, str]]):
    """Who logs in to the panel with what: a customer's number and a password."""

    async def include(self, customer_id: int, password: str) -> bool:
        """Look one up."""
        return (customer_id, password) in self


class NativeHouse:
    """The API and what stands behind it; use it as a context."""

    def __init__(
        self,
        *,
        facades: Sequence[Facade] = (),
        message_size: int = MESSAGE_SIZE,
        body_size: int = BODY_SIZE,
    ) -> None:
        self.line = Line()
        self.store, self.office = self.line.store, self.line.office
        self.clock = self.line.clock
        self.meanwhile: list[Callable[[], Awaitable[object]]] = []
        """What happens while somebody waits, one thing a pause."""
        self.seconds = 0.0
        """The steady clock."""
        self.troubles: list[Exception] = []
        self.dns = Dns()
        self.panel_passwords = PanelPasswords()
        self.accounts: dict[str, SmtpAccount] = {}
        self._ids = IdSource(7)
        self.audit = MemoryAudit()
        self.keys = self.another_nodes_keys()
        self.desk = self._desk(message_size, body_size)
        self.api = HttpApi(self.desk, ids=self._ids, on_trouble=self._trouble, facades=facades)

    def another_nodes_keys(self) -> ApiKeys:
        """Give the verb as another node has it, with a memory of its own."""
        return ApiKeys(store=self.store.api_keys, clock=self.clock, time=lambda: self.seconds)

    def _desk(self, message_size: int, body_size: int) -> Desk:
        return Desk(
            audit=AuditLog(store=self.audit, clock=self.clock),
            keys=self.keys,
            accounts=self.store,
            account_administration=self.store,
            smtp_accounts=SmtpAccounts(
                administration=self.store,
                accounts=self.store,
                panel_passwords=self.panel_passwords,
                sources=SOURCES,
                clock=self.clock,
            ),
            suppressions=self.store.suppressions,
            feed=self.store.feed,
            domains=SendingDomains(administration=self.store, texts=self.dns, clock=self.clock),
            bodies=Bodies(body_size, in_memory=10_000),
            limits=ApiLimits(message_size=message_size, body_size=body_size),
            sending=self.office.sending,
            messages=Messages(
                feed=self.store.feed,
                queues=self.line.queues,
                administration=self.store,
                accept=self.office.accept,
                remembering=Remembering(self.store, clock=self.clock),
                ids=self._ids,
                clock=self.clock,
            ),
            certify=Certify(
                queues=self.line.queues,
                key=SigningKey(b"7" * 32),
                issuer="mx.example.org",
                keys_url=BASE_URL + KEYS_PATH,
            ),
            sandbox=Sandbox(
                feed=self.store.feed,
                queues=self.line.queues,
                administration=self.store,
                store=self.store,
                accept=self.office.accept,
                ids=self._ids,
                clock=self.clock,
                pause=self.pause,
            ),
            templates=Templates(
                store=self.store.templates,
                renderer=self.office.renderer,
                ids=self._ids,
                clock=self.clock,
            ),
            clock=self.clock,
            hostname="mx.example.org",
            base_url=BASE_URL,
        )

    def _trouble(self, request_id: str, trouble: Exception) -> None:
        self.troubles.append(trouble)

    async def __aenter__(self) -> NativeHouse:
        for customer in DOMAINS:
            await self._furnish(customer)
        self._listener = HttpListener(
            self.api.application,
            address="127.0.0.1",
            port=0,
            hosts=frozenset(),
            misdirected=self.api.misdirected,
        )
        await self._listener.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._listener.close()

    async def _furnish(self, customer: str) -> None:
        now = self.clock.now()
        owner = await self.store.create_customer(customer, now=now)
        account = SmtpAccount(
            account_id=0,
            customer_id=owner.customer_id,
            customer_name=customer,
            login=f"1.{customer}.smtp",
            password_sha256=b"",
        )
        await self.store.create_smtp_account(account, password="secret", now=now)
        domain = SendingDomain(domain=DOMAINS[customer], customer_id=owner.customer_id)
        await self.store.add_sending_domain(domain, now=now)
        found = await self.store.smtp_account(account.login)
        assert found is not None
        self.accounts[customer] = found

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    # -- calling ---------------------------------------------------------------------------------

    async def pause(self, seconds: float) -> None:
        """Let time go by for whoever waits, and what tests planned for that happen."""
        self.clock.advance(timedelta(seconds=seconds))
        if self.meanwhile:
            await self.meanwhile.pop(0)()

    async def key(
        self,
        *scopes: Scope,
        of: str = "alice",
        mode: Mode = Mode.LIVE,
        networks: Iterable[str] = (),
        expires_at: datetime | None = None,
    ) -> MadeKey:
        """Make a key; without scopes it may do everything."""
        return await self.keys.make(
            KeyWish(
                name="shop",
                mode=mode,
                scopes=frozenset(scopes or {Scope.ADMIN}),
                account=self.accounts[of],
                allowed_networks=tuple(IPv4Network(one) for one in networks),
                expires_at=expires_at,
            )
        )

    async def call(
        self,
        method: str,
        path: str,
        json_body: Any = None,
        *,
        key: str = "",
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one call over a connection of its own."""
        fields = {"Host": "127.0.0.1", "Connection": "close", **(headers or {})}
        if key:
            fields["Authorization"] = f"Bearer {key}"
        if json_body is not None:
            content = json.dumps(json_body).encode()
            fields.setdefault("Content-Type", "application/json")
        if content is not None:
            fields.setdefault("Content-Length", str(len(content)))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + (content or b"")
        return read_answer(await self.wire(request), method)

    async def wire(self, octets: bytes) -> bytes:
        """Send octets as they are, and give all that comes back."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._listener.port)
        try:
            writer.write(octets)
            answer = await reader.read()
        finally:
            writer.close()
        return answer


class Caller:
    """Somebody with a key, who calls."""

    def __init__(self, house: NativeHouse, made: MadeKey) -> None:
        self.house = house
        self.made = made

    async def __call__(self, method: str, path: str, json_body: Any = None, **how: Any) -> Answer:
        """Make a call with the key."""
        return await self.house.call(method, path, json_body, key=self.made.text, **how)

    async def send(self, *to: str, **changes: Any) -> Answer:
        """Send a small message."""
        return await self("POST", "/v1/messages", a_message(*to, **changes))

    async def sent(self, *to: str, **changes: Any) -> str:
        """Send a small message that must be accepted; give its first message's id."""
        answer = await self.send(*to, **changes)
        assert answer.status == 202, answer.content
        return str(answer.json["messages"][0]["id"])


def a_message(*to: str, **changes: Any) -> dict[str, Any]:
    """Write a call that sends; what is None in the changes is left out."""
    call = {
        "from": "Alice <alice@example.com>",
        "to": list(to) or ["bob@example.net"],
        "subject": "Hello",
        "text": "Hi Bob",
    }
    if "from_" in changes:
        changes["from"] = changes.pop("from_")
    return {name: value for name, value in (call | changes).items() if value is not None}


class _Octets:
    """What `HTTPResponse` takes for a socket."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._octets)


def read_answer(octets: bytes, method: str) -> Answer:
    """Read an answer off the wire (RFC 9112 §6)."""
    response = HTTPResponse(_Octets(octets), method=method)  # type: ignore[arg-type]
    response.begin()
    return Answer(response.status, response.headers, response.read())
