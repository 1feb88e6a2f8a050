"""A submission service in one test: real listeners on loopback ports of their own, a store in memory.

`open_house()` gives a `House` with Alice's accounts; `House.connect()` gives a `Peer` that speaks SMTP line
by line and knows nothing of our own protocol code.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache, partial
from hashlib import sha256

import trustme
from tests.doubles.manual_clock import ManualClock
from tests.doubles.memory_columns import MemorySuppressions, MemoryTemplates
from tests.doubles.sending_office import HOSTNAME, SendingOffice

from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import SenderRule, SmtpAccount
from sztafeta.net.listener import Listener, ListenerSpec
from sztafeta.net.tls_wire import Encryption, HandshakeLimits
from sztafeta.service.accept import Accepted
from sztafeta.service.composing import Composer
from sztafeta.service.incoming import InlineContent
from sztafeta.service.ports import AlreadyRemembered, Content, NewMessage, Remembered, Spool
from sztafeta.smtp.extensions import ServerProfile
from sztafeta.smtp.reply import Reply
from sztafeta.submission.desk import Door
from sztafeta.submission.journal import Client
from sztafeta.submission.limits import Limits
from sztafeta.submission.reception import Reception

LOGIN, PASSWORD = "1.alice.smtp", "correct horse battery staple"
TLS_ONLY_LOGIN = "1.bob.smtp"
"""May not log in without TLS; same password."""
SUSPENDED_LOGIN = "2.alice.smtp"
ANY_LOGIN = "3.alice.smtp"
"""May use any sender, and the null sender."""


def account(login: str, number: int, **changes: object) -> SmtpAccount:
    """Make one of Alice's SMTP accounts."""
    made = SmtpAccount(
        account_id=number,
        customer_id=1,
        customer_name="alice",
        login=login,
        password_sha256=sha256(PASSWORD.encode()).digest(),
        cleartext_auth=True,
        sending_domains=frozenset({"example.com", "xn--bcher-kva.example"}),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def alices_accounts() -> dict[str, SmtpAccount]:
    """Give the accounts that every house begins with."""
    made = (
        account(LOGIN, 1),
        account(TLS_ONLY_LOGIN, 2, cleartext_auth=False),
        account(SUSPENDED_LOGIN, 3, enabled=False),
        account(ANY_LOGIN, 4, sender_rule=SenderRule.ANY, may_send_bounces=True),
    )
    return {one.login: one for one in made}


class KeptSpool:
    """A big body in memory; counts as kept only when `keep` was called."""

    def __init__(self, failure: Exception | None) -> None:
        self.data = bytearray()
        self.is_discarded = False
        self._failure = failure

    def write(self, data: bytes) -> None:
        """Append, or fail as the test wants."""
        if self._failure is not None:
            raise self._failure
        self.data += data

    def discard(self) -> None:
        """Forget the octets."""
        self.is_discarded = True


@dataclass
class KeptMail:
    """The store's accept side, the accounts and the bodies, as far as a submission needs them."""

    accounts: dict[str, SmtpAccount] = field(default_factory=alices_accounts)
    messages: list[NewMessage] = field(default_factory=list)
    spools: list[KeptSpool] = field(default_factory=list)
    has_space: bool = True
    failure: Exception | None = None
    """Raised by every commit."""
    account_failure: Exception | None = None
    spool_failure: Exception | None = None
    gate: asyncio.Event | asyncio.Barrier | None = None
    """Commits wait for it."""
    at_the_gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a commit waits."""
    spooling: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a big body has begun."""
    look_ups: int = 0
    suppressions: MemorySuppressions = field(default_factory=MemorySuppressions)
    templates: MemoryTemplates = field(default_factory=MemoryTemplates)
    answers: dict[tuple[int, str, str], Remembered] = field(default_factory=dict)
    inline_limit: int = 64 * 1024

    async def accept(self, message: NewMessage) -> Mapping[str, int]:
        """Keep a message."""
        return await self.accept_all([message])

    async def accept_all(
        self, messages: Sequence[NewMessage], *, remembered: Remembered | None = None
    ) -> Mapping[str, int]:
        """Keep messages and an answer, all or none."""
        if self.gate is not None:
            self.at_the_gate.set()
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        if remembered is not None:
            name = (remembered.customer_id, remembered.endpoint, remembered.key)
            if name in self.answers:
                raise AlreadyRemembered(self.answers[name])
            self.answers[name] = remembered
        self.messages += messages
        recipients = [recipient for message in messages for recipient in message.recipients]
        domains = dict.fromkeys(one.forward_path.mailbox.domain for one in recipients)
        return {domain: number for number, domain in enumerate(domains, 1)}

    async def remembered(self, customer_id: int, endpoint: str, key: str) -> Remembered | None:
        """Find a kept answer."""
        return self.answers.get((customer_id, endpoint, key))

    def has_room(self, size: int) -> bool:
        """Say what the test wants."""
        return self.has_space

    async def smtp_account(self, login: str) -> SmtpAccount | None:
        """Find an account."""
        self.look_ups += 1
        if self.account_failure is not None:
            raise self.account_failure
        return self.accounts.get(login)

    async def sending_domain(self, domain: str) -> SendingDomain | None:
        """Know none."""
        return None

    def open_spool(self, message_id: int) -> Spool:
        """Begin a big body."""
        self.spools.append(KeptSpool(self.spool_failure))
        self.spooling.set()
        return self.spools[-1]

    async def keep(self, spool: Spool) -> Content:
        """Keep a big body."""
        assert isinstance(spool, KeptSpool)
        assert not spool.is_discarded
        return InlineContent(bytes(spool.data))

    def remove(self, message_id: int) -> None:
        """Remove a big body."""
        for spool in self.spools:
            spool.discard()


@dataclass
class Notebook:
    """A journal that can be read, and waited for."""

    lines: list[tuple[str, ...]] = field(default_factory=list)
    troubles: list[BaseException] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def _write(self, *words: str) -> None:
        self.lines.append(words)
        self._news.set()

    async def until(self, *words: str, times: int = 1) -> None:
        """Wait until so many lines begin with these words."""
        while sum(line[: len(words)] == words for line in self.lines) < times:
            self._news.clear()
            await self._news.wait()

    def opened(self, client: Client) -> None:
        """Write it down."""
        self._write("opened", client.listener, client.address)

    def refused(self, client: Client, limit: str, reply: Reply) -> None:
        """Write it down."""
        self._write("refused", limit, reply.text)

    def closed(self, client: Client, reason: str, messages: int) -> None:
        """Write it down."""
        self._write("closed", reason, str(messages))

    def logged_in(self, client: Client, account: SmtpAccount, tls: str) -> None:
        """Write it down."""
        self._write("logged in", str(account.account_id), tls)

    def login_failed(self, client: Client, account: SmtpAccount | None, reason: str) -> None:
        """Write it down."""
        number = "" if account is None else str(account.account_id)
        self._write("login failed", number, reason)

    def accepted(self, account: SmtpAccount, accepted: Accepted) -> None:
        """Write it down."""
        self._write("accepted", accepted.queue_id, str(accepted.recipients))

    def rejected(self, account: SmtpAccount, stage: str, reply: Reply, code: str) -> None:
        """Write it down."""
        self._write("rejected", stage, code)

    def trouble(self, what: str, why: BaseException, message_id: int | None) -> None:
        """Write it down."""
        self._write("trouble", what, type(why).__name__)
        self.troubles.append(why)


class Told:
    """Stands in for the schedule: remembers what it was told."""

    def __init__(self) -> None:
        self.accepted_ids: list[int] = []

    def accepted(self, message: NewMessage, queue_ids: Mapping[str, int]) -> None:
        """Remember."""
        for recipient in message.recipients:
            assert recipient.forward_path.mailbox.domain in queue_ids
        self.accepted_ids.append(message.message_id)


@cache
def authority() -> trustme.CA:
    """Give the authority that signs for the house."""
    return trustme.CA()


@cache
def server_context() -> ssl.SSLContext:
    """Give the house's own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(HOSTNAME).configure_cert(context)
    return context


@cache
def client_context() -> ssl.SSLContext:
    """Trust the house."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


class Peer:
    """An SMTP client of the plainest kind."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def hear(self) -> str:
        """Read one reply; several lines are joined by line feeds, without CRLF."""
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            line = await self.reader.readline()
            if not line:
                raise EOFError(lines)
            assert line.endswith(b"\r\n"), line
            lines.append(line.decode().removesuffix("\r\n"))
        return "\n".join(lines)

    async def say(self, line: str | bytes) -> str:
        """Send one line and read its reply."""
        octets = line.encode() if isinstance(line, str) else line
        self.writer.write(octets + b"\r\n")
        return await self.hear()

    async def greet(self, name: str = "client.example.com") -> str:
        """Read the banner and say EHLO."""
        await self.hear()
        return await self.say(f"EHLO {name}")

    async def log_in(self, login: str = LOGIN, password: str = PASSWORD) -> str:
        """Say AUTH PLAIN."""
        return await self.say("AUTH PLAIN " + plain(login, password))

    async def send(
        self, content: bytes, *recipients: str, sender: str = "<alice@example.com>"
    ) -> str:
        """Hold a mail transaction; give the reply to the final dot."""
        assert (await self.say(f"MAIL FROM:{sender}")).startswith("250 ")
        for recipient in recipients or ("bob@example.net",):
            assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250 ")
        assert (await self.say("DATA")).startswith("354 ")
        self.writer.write(content + b".\r\n")
        return await self.hear()

    async def start_tls(self) -> None:
        """Say STARTTLS and shake hands."""
        assert (await self.say("STARTTLS")).startswith("220 2.0.0 ")
        await self.writer.start_tls(client_context(), server_hostname=HOSTNAME)

    async def hear_the_end(self) -> bytes:
        """Read until the connection is closed; a reset is an end too."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""

    def close(self) -> None:
        """Close."""
        self.writer.close()


def plain(login: str, password: str, authorization: str = "") -> str:
    """Give the initial response of AUTH PLAIN (RFC 4616 §2)."""
    return b64encode(f"{authorization}\0{login}\0{password}".encode()).decode()


class House:
    """Listeners, reception and store."""

    def __init__(
        self, store: KeptMail, limits: Limits, profile: ServerProfile, composer: Composer
    ) -> None:
        self.store, self.limits, self.profile = store, limits, profile
        self.notebook, self.told = Notebook(), Told()
        self.clock = ManualClock()
        self.context: ssl.SSLContext | None = server_context()
        self.time = 0.0
        """What the reception's steady clock shows, on top of the loop's."""
        loop = asyncio.get_running_loop()
        self.office = SendingOffice(store, store, self.told, composer=composer, clock=self.clock)
        self.reception = Reception(
            accounts=store,
            accept=self.office.submit,
            limits=limits,
            journal=self.notebook,
            time=lambda: loop.time() + self.time,
        )
        encryption = Encryption(lambda: self.context, HandshakeLimits())
        self.plain = self._listener("plain", "starttls", profile, encryption)
        self.tls = self._listener("tls", "implicit", profile, encryption)

    def _listener(
        self, name: str, tls: str, profile: ServerProfile, encryption: Encryption
    ) -> Listener:
        door = Door(name=name, profile=profile, encryption=encryption)
        spec = ListenerSpec(name=name, address="127.0.0.1", port=0, tls=tls)  # type: ignore[arg-type]
        return Listener(spec, partial(self.reception.converse, door), encryption=encryption)

    async def connect(self, *, tls: bool = False) -> Peer:
        """Connect to the port that offers STARTTLS, or to the one that begins with TLS."""
        port = self.tls.port if tls else self.plain.port
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            port,
            limit=1 << 24,
            ssl=client_context() if tls else None,
            server_hostname=HOSTNAME if tls else None,
        )
        return Peer(reader, writer)

    async def client(self, *, tls: bool = False, login: str = LOGIN) -> Peer:
        """Connect, say EHLO and log in."""
        peer = await self.connect(tls=tls)
        await peer.greet()
        assert await peer.log_in(login) == "235 2.7.0 Authentication successful"
        return peer

    def failures(self) -> Iterator[str]:
        """Give the reasons of failed logins."""
        return (line[2] for line in self.notebook.lines if line[0] == "login failed")


@asynccontextmanager
async def open_house(
    store: KeptMail | None = None,
    limits: Limits | None = None,
    profile: ServerProfile | None = None,
    composer: Composer | None = None,
) -> AsyncIterator[House]:
    """Open the ports for the time of a test."""
    house = House(
        store or KeptMail(),
        limits or Limits(greeting_delay=timedelta(0)),
        profile or ServerProfile(hostname=HOSTNAME),
        composer or Composer(HOSTNAME),
    )
    await house.plain.open()
    await house.tls.open()
    try:
        yield house
    finally:
        house.plain.close()
        house.tls.close()
        await house.reception.shut_down(timedelta(0))
