"""The panel on a real SQLite store, with a clock that tests set.

Alice owns, Bob is a member, Charlie is a stranger.

Requests go through the whole application without a socket; a browser's ways are kept: cookies are remembered,
forms come from our own pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from shutil import copytree
from types import TracebackType
from typing import Any, Self

import httpx2
from tests.doubles.curly_renderer import CurlyRenderer
from tests.doubles.manual_clock import ManualClock

from sztafeta.account.member import Area, Member, Right
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.bootstrap.panel import panel
from sztafeta.bootstrap.store import migrate_store, opened_store
from sztafeta.bootstrap.verbs import open_verbs
from sztafeta.config import Settings
from sztafeta.delivery.queue_id import IdSource
from sztafeta.panel.door import SESSION_COOKIE
from sztafeta.service.api_keys import ApiKeys
from sztafeta.service.people.hashing import Hashing
from sztafeta.service.people.sessions import Sessions
from sztafeta.service.ports import AuditEntry, AuditQuery, NewMessage, Renderer
from sztafeta.service.smtp_logins import SmtpLogins

BASE_URL = "https://panel.example.org"
OUR_OWN = {"Sec-Fetch-Site": "same-origin", "Origin": BASE_URL}


class Nowhere:
    """Takes over accepted mail and lets it lie."""

    def accepted(self, message: NewMessage, queue_ids: Mapping[str, int]) -> None:
        """Do nothing with it."""


@dataclass(frozen=True, slots=True)
class Page:
    """What came back."""

    status: int
    headers: httpx2.Headers
    text: str
    content: bytes

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("location", "")

    @property
    def words(self) -> str:
        """What a person reads: text without tags, white space made one blank."""
        without = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", self.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", without))).strip()


@dataclass(slots=True)
class Browser:
    """One person's browser."""

    client: httpx2.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: {"Accept-Language": "en"})

    async def get(self, path: str, **headers: str) -> Page:
        """Open a page; redirects are not followed."""
        return await self._ask("GET", path, headers)

    async def post(self, path: str, form: Mapping[str, Any] | None = None, **more: Any) -> Page:
        """Send a form from one of our own pages; `headers` and `files` may be given."""
        headers = OUR_OWN | more.pop("headers", {})
        return await self._ask("POST", path, headers, data=dict(form or {}), **more)

    async def follow(self, page: Page) -> Page:
        """Go where a redirect leads."""
        assert page.status == 303, page.words
        return await self.get(page.location)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> Page:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = self.headers | ({"Cookie": cookie} if cookie else {}) | dict(headers)
        answer = await self.client.request(method, path, headers=sent, **more)
        for line in answer.headers.get_list("set-cookie"):
            self._remember(line)
        return Page(answer.status_code, answer.headers, answer.text, answer.content)

    def _remember(self, line: str) -> None:
        pair, _, attributes = line.partition(";")
        name, _, value = pair.partition("=")
        if "max-age=0" in attributes.lower():
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value.strip('"')


class PanelHouse:
    """The panel and what stands behind it; use it as a context."""

    def __init__(
        self, template: Path, folder: Path, renderer: Renderer | None = None, **settings: Any
    ) -> None:
        """`template` is a furnished data folder; `settings` replace those of the house."""
        copytree(template, folder)
        self.settings = settings_of(folder, **settings)
        self.clock = ManualClock()
        self.troubles: list[Exception] = []
        self.sms: list[tuple[str, str]] = []
        self._renderer = renderer or CurlyRenderer()
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.store = await opened_store(self.settings, serves=False)
        self._open.push_async_callback(self.store.close)
        self.ids = IdSource(1)
        self.verbs = open_verbs(
            self.settings,
            self.store,
            schedule=Nowhere(),
            renderer=self._renderer,
            ids=self.ids,
            clock=self.clock,
        )
        self.logins = SmtpLogins(store=self.store.logins, clock=self.clock)
        self.panel = panel(
            self.settings,
            self.store,
            self.verbs,
            keys=ApiKeys(store=self.store.api_keys, clock=self.clock, time=lambda: 0.0),
            logins=self.logins,
            hashing=Hashing(),
            clock=self.clock,
            base_url=BASE_URL,
            on_trouble=lambda where, trouble: self.troubles.append(trouble),
            on_sms=lambda number, text: self.sms.append((number, text)),
        )
        transport = httpx2.ASGITransport(app=self.panel.application, raise_app_exceptions=False)
        self._client = httpx2.AsyncClient(transport=transport, base_url=BASE_URL)
        self._open.push_async_callback(self._client.aclose)
        self.sessions: Sessions = self.panel.desk.sessions
        self.alice, self.bob, self.charlie = [
            await self.move_in(name, customer) for name, customer in PEOPLE
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()
        if error is None and self.troubles:
            raise self.troubles[0]

    async def move_in(self, name: str, customer: str) -> Member:
        """Make somebody a member of a customer; all but Bob are administrators."""
        customers = {one.name: one for one in await self.store.accounts.customers()}
        member = Member(
            member_id=0,
            customer_id=customers[customer].customer_id,
            customer_name=customer,
            email=f"{name}@{customer}.example",
            name=name.title(),
            is_administrator=name != "bob",
            language="en",
        )
        return await self.store.members.create_member(
            member, password_hash="", now=self.clock.now()
        )

    async def grant(self, member: Member, rights: Mapping[Area, Right]) -> Member:
        """Give a member other rights."""
        changed = replace(member, rights=dict(rights))
        await self.store.members.change_member(changed)
        return changed

    async def audit(self, member: Member) -> Sequence[AuditEntry]:
        """Give the audit log of a member's customer, the newest entry first."""
        return await self.panel.desk.audit.entries(member.customer_id, AuditQuery(), limit=100)

    def stranger(self) -> Browser:
        """Give the browser of somebody who has not logged in."""
        return Browser(self._client)

    async def browser(self, member: Member) -> Browser:
        """Give the browser of a member who has logged in."""
        token = await self.sessions.open(
            member.member_id, address="127.0.0.1", user_agent="Test browser"
        )
        return Browser(self._client, {SESSION_COOKIE: token})


PEOPLE: Sequence[tuple[str, str]] = (("alice", "shop"), ("bob", "shop"), ("charlie", "other"))


def settings_of(folder: Path, **more: Any) -> Settings:
    """Give the settings of a house; no second step is required in it unless a test says so."""
    panel = {"require_second_step": False} | more.pop("panel", {})
    tree = {
        "hostname": "panel.example.org",
        "data_directory": str(folder),
        "accept_unsafe_storage": True,
        "limits": {"free_space": 0.01},
        "api": {"base_url": BASE_URL},
    }
    return Settings.model_validate(tree | {"panel": panel} | more)


def account_of(customer: str, number: int = 1) -> SmtpAccount:
    """Give an SMTP account to make."""
    return SmtpAccount(
        account_id=0,
        customer_id=0,
        customer_name=customer,
        login=f"{number}.{customer}.smtp",
        password_sha256=b"",
    )


async def furnish(folder: Path) -> None:
    """Make a data folder with two customers, once a test session."""
    settings = settings_of(folder)
    await migrate_store(settings)
    store = await opened_store(settings, serves=False)
    for name in ("shop", "other"):
        now = ManualClock().now()
        await store.accounts.create_customer(name, now=now)
        await store.accounts.create_smtp_account(
            account_of(name), password="the password of the SMTP account", now=now
        )
    await store.close()
