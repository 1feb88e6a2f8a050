"""What the demo puts around the service: a catch-all receiver, an inbox page, and a customer.

The service is that of production, made from settings of its own: every domain is routed to the catch-all, and
the dialler refuses every other address.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sztafeta.account.api_key import KeyText, Scope, parse_key
from sztafeta.account.member import Member
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import SenderRule
from sztafeta.bootstrap.service import Service
from sztafeta.bootstrap.store import administration
from sztafeta.cli.accounts import new_account
from sztafeta.cli.demo_ports import HOST, DemoPorts, Remembered, Secrets
from sztafeta.cli.keys import keys_of
from sztafeta.config import Settings
from sztafeta.config.printed import toml_file
from sztafeta.inbox.catch_all import CatchAll
from sztafeta.inbox.letterbox import Arrived, Letterbox
from sztafeta.inbox.pages import Hints, InboxPages
from sztafeta.log import Log
from sztafeta.mail.dkim import record_name, record_text
from sztafeta.net.http_listener import HttpListener
from sztafeta.net.listener import Listener, ListenerSpec
from sztafeta.service.api_keys import KeyWish
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.ports import AlreadyThere
from sztafeta.service.sending_domains import new_keys
from sztafeta.store.open import Store

CUSTOMER, LOGIN, DOMAIN = "demo", "1.demo.smtp", "demo.example"
HOSTNAME = "demo.localhost"


class Demo:
    """The service with its surroundings; use it as a context."""

    def __init__(
        self, folder: Path, remembered: Remembered, *, accept_unsafe_storage: bool
    ) -> None:
        self.folder = folder
        self.ports = remembered.ports or DemoPorts()
        self.secrets = remembered.secrets
        self.log_path = folder / "sztafeta.log"
        tree = demo_settings(folder, self.ports, accept_unsafe_storage=accept_unsafe_storage)
        self.settings = Settings.model_validate(tree)
        self.settings_file.write_text(toml_file(tree), encoding="utf-8")
        self.on_arrival: Callable[[Arrived], None] = lambda arrived: None
        """Told when a message is in the inbox."""
        self.on_sms: Callable[[str, str], None] = lambda number, text: None
        """Told of a text message, which no telephone gets."""
        self._arrivals: asyncio.Queue[Arrived] = asyncio.Queue()
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with administration(self.settings) as store:
            await furnish(store, self.secrets, self.settings)
        log = Log(self._open.enter_context(self.log_path.open("a", encoding="utf-8")))
        self._open.callback(log.close)
        target = (HOST, self.ports.catch_all)
        self._service = Service(
            self.settings,
            log=log,
            only=frozenset({target}),
            on_sms=lambda number, text: self.on_sms(number, text),
        )
        await self._open.enter_async_context(self._service)
        letterbox = Letterbox(self.folder / "inbox.sqlite")
        self._open.callback(letterbox.close)
        letterbox.on_arrival = self._arrived
        await self._open_catch_all(letterbox)
        await self._open_inbox(letterbox)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def _open_catch_all(self, letterbox: Letterbox) -> None:
        encryption = self._service.encryption("catch-all")
        size = self.settings.limits.message_size * 2
        catch_all = CatchAll(
            letterbox, hostname=f"mx.{HOSTNAME}", max_size=size, encryption=encryption
        )
        spec = ListenerSpec(name="catch-all", address=HOST, port=self.ports.catch_all)
        listener = Listener(spec, catch_all.converse)
        await listener.open()
        self._open.callback(listener.close)

    async def _open_inbox(self, letterbox: Letterbox) -> None:
        hints = Hints(facts=tuple(self.facts()), commands=tuple(self.commands()))
        pages = InboxPages(letterbox, look_up=self._public_key, hints=hints)
        listener = HttpListener(
            pages.application, address=HOST, port=self.ports.inbox, hosts=frozenset({HOSTNAME})
        )
        await listener.open()
        self._open.push_async_callback(listener.close)

    async def _public_key(self, name: str) -> str | None:
        """Play DNS for the local sending domains (RFC 6376 §3.6.2)."""
        _, _, domain = name.partition("._domainkey.")
        found = await self._service.sending_domain(domain)
        for key in found.keys if found else ():
            if record_name(domain, key) == name:
                return record_text(key)
        return None

    def _arrived(self, arrived: Arrived) -> None:
        self._arrivals.put_nowait(arrived)
        self.on_arrival(arrived)

    async def arrival_of(self, subject: str) -> Arrived:
        """Wait until a message with this subject is in the inbox."""
        while True:
            arrived = await self._arrivals.get()
            if arrived.subject == subject:
                return arrived

    # -- what to say about it ------------------------------------------------------------------

    @property
    def inbox_url(self) -> str:
        """Where the inbox page is."""
        return f"http://{HOST}:{self.ports.inbox}/"

    def facts(self) -> list[tuple[str, str]]:
        """Say what a mail program must be told."""
        ports = self.ports
        return [
            ("Host", HOST),
            ("Ports", f"{ports.smtp} and {ports.submission} (STARTTLS), {ports.submissions} (TLS)"),
            ("Login", LOGIN),
            ("Password", self.secrets.password),
            ("API", api_url(self.ports)),
            ("Live key", self.secrets.live_key),
            ("Test key", self.secrets.test_key),
            ("Panel", panel_url(ports) + "/panel"),
            ("Panel login", CUSTOMER),
            ("Panel password", self.secrets.panel_password),
        ]

    def commands(self) -> list[tuple[str, str]]:
        """Give ready command lines for programs that newcomers have."""
        return command_lines(self.ports, self.secrets)

    @property
    def settings_file(self) -> Path:
        """Where the settings stand, for the other commands' `--config`."""
        return self.folder / "sztafeta.toml"

    def as_value(self) -> dict[str, Any]:
        """Give everything for programs."""
        ports = self.ports
        return {
            "host": HOST,
            "ports": {
                "smtp": ports.smtp,
                "submission": ports.submission,
                "submissions": ports.submissions,
            },
            "login": LOGIN,
            "password": self.secrets.password,
            "api": api_url(ports),
            "live_key": self.secrets.live_key,
            "test_key": self.secrets.test_key,
            "panel": panel_url(ports) + "/panel",
            "panel_login": CUSTOMER,
            "panel_password": self.secrets.panel_password,
            "sending_domain": DOMAIN,
            "inbox": self.inbox_url,
            "send": dict(self.commands()),
            "health": f"http://{HOST}:{ports.operations}/health",
            "data": str(self.folder),
            "settings": str(self.settings_file),
        }


def demo_settings(folder: Path, ports: DemoPorts, *, accept_unsafe_storage: bool) -> dict[str, Any]:
    """Give the settings of the demo: production's, but for ports, folder and route."""
    listeners = [
        {"name": "smtp", "address": HOST, "port": ports.smtp},
        {"name": "submission", "address": HOST, "port": ports.submission},
        {"name": "submissions", "address": HOST, "port": ports.submissions, "tls": "implicit"},
    ]
    return {
        "hostname": HOSTNAME,
        "data_directory": str(folder),
        "accept_unsafe_storage": accept_unsafe_storage,
        "listeners": listeners,
        "routes": [{"domains": ["*"], "host": HOST, "port": ports.catch_all}],
        "http": {"address": HOST, "port": ports.operations},
        "api": {"address": HOST, "port": ports.api},
        "panel": {
            "base_url": panel_url(ports),
            # The demo has a verified domain, and the password that it prints must be enough to look around.
            "require_second_step": False,
            "mail_account": LOGIN,
            "mail_from": f"panel@{DOMAIN}",
            "sms": {"provider": "console"},
        },
        "limits": {"free_space": 0.01},
    }


async def furnish(store: Store, secrets: Secrets, settings: Settings) -> None:
    """Create customer, SMTP account, sending domain and administrator where they are missing."""
    now = datetime.now(UTC)
    with suppress(AlreadyThere):
        await store.accounts.create_customer(CUSTOMER, now=now)
    account = replace(
        new_account(LOGIN, CUSTOMER, settings),
        cleartext_auth=True,
        sender_rule=SenderRule.ANY,
        may_send_bounces=True,
    )
    try:
        await store.accounts.create_smtp_account(account, password=secrets.password, now=now)
    except AlreadyThere:
        await store.accounts.set_password(LOGIN, secrets.password)
    await _make_administrator(store, secrets)
    for text in (secrets.live_key, secrets.test_key):
        await _keep_key(store, parse_key(text))
    if await store.accounts.sending_domain(DOMAIN) is None:
        customers = {one.name: one.customer_id for one in await store.accounts.customers()}
        domain = SendingDomain(domain=DOMAIN, customer_id=customers[CUSTOMER], keys=new_keys(now))
        await store.accounts.add_sending_domain(domain, now=now)


async def _make_administrator(store: Store, secrets: Secrets) -> None:
    """Let a newcomer into the panel; whoever is there from an earlier start keeps their password."""
    if await store.members.credentials(CUSTOMER) is not None:
        return
    customers = {one.name: one.customer_id for one in await store.accounts.customers()}
    member = Member(
        member_id=0,
        customer_id=customers[CUSTOMER],
        customer_name=CUSTOMER,
        account_name=CUSTOMER,
        email=f"{CUSTOMER}@{DOMAIN}",
        name="Demo",
        is_administrator=True,
    )
    password_hash = await Hashing().hash(secrets.panel_password)
    await store.members.create_member(member, password_hash=password_hash, now=datetime.now(UTC))


async def _keep_key(store: Store, text: KeyText) -> None:
    """Make a key of the text that we print, unless an earlier start did."""
    account = await store.accounts.smtp_account(LOGIN)
    if account is not None and await store.api_keys.api_key(text.key_id) is None:
        wish = KeyWish(
            name=f"demo {text.mode.value}",
            mode=text.mode,
            scopes=frozenset({Scope.ADMIN}),
            account=account,
        )
        await keys_of(store).keep(wish, text)


def api_url(ports: DemoPorts) -> str:
    """Say where the API is."""
    return f"http://{HOST}:{ports.api}"


def panel_url(ports: DemoPorts) -> str:
    """Say where the panel is: by a name, because passkeys are bound to one."""
    return f"http://localhost:{ports.api}"


def command_lines(ports: DemoPorts, secrets: Secrets) -> list[tuple[str, str]]:
    """Give ready command lines for swaks and curl, over SMTP and HTTP."""
    sender, recipient = f"shop@{DOMAIN}", "anyone@example.com"
    swaks = [
        *("swaks", "--server", f"{HOST}:{ports.smtp}", "--tls-optional"),
        *("--auth-user", LOGIN, "--auth-password", secrets.password),
        *("--from", sender, "--to", recipient),
    ]
    message = f"From: {sender}\\r\\nTo: {recipient}\\r\\nSubject: Hello\\r\\n\\r\\nHello!\\r\\n"
    curl = [
        *("curl", "--ssl-reqd", "--insecure", "--url", f"smtp://{HOST}:{ports.smtp}"),
        *(
            "--user",
            f"{LOGIN}:{secrets.password}",
            "--mail-from",
            sender,
            "--mail-rcpt",
            recipient,
            "-T",
            "-",
        ),
    ]
    call = {"from": sender, "to": [recipient], "subject": "Hello", "text": "Hello over HTTP!"}
    http = [
        *("curl", "-s", "-H", f"Authorization: Bearer {secrets.live_key}"),
        *("-H", "Content-Type: application/json", f"{api_url(ports)}/v1/messages"),
        *("-d", json.dumps(call)),
    ]
    return [
        ("swaks", shlex.join(swaks)),
        ("curl", f"printf '{message}' | {shlex.join(curl)}"),
        ("HTTP API", shlex.join(http)),
    ]
