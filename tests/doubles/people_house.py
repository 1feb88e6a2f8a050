"""A panel whose operator has set who writes its letters and who sends its text messages."""

from __future__ import annotations

import email
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import Any, Self

from tests.doubles.panel_house import PanelHouse

from sztafeta.account.api_key import Mode
from sztafeta.account.member import Member
from sztafeta.account.sending_domain import SendingDomain
from sztafeta.account.smtp_account import SenderRule
from sztafeta.bootstrap.people import new_smtp_account
from sztafeta.panel.people.desk import PeopleVerbs
from sztafeta.service.people.log_in import Client
from sztafeta.service.ports import MessageQuery
from sztafeta.service.sending.call import Caller

OPERATOR = "operator"
PANEL: Mapping[str, Any] = {
    "mail_account": f"1.{OPERATOR}.smtp",
    "mail_from": "panel@example.org",
    "sms": {"provider": "console"},
}
"""Settings of a panel that writes letters and text messages."""
PASSWORD = "zielony tramwaj pod mostem"
CLIENT = Client(address="127.0.0.1", user_agent="Test browser")
ELSEWHERE = Client(address="198.51.100.7", user_agent="Elsewhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLetter:
    """A letter of the panel, as it lies in the operator's history."""

    to: str
    subject: str
    text: str
    html: str

    @property
    def link(self) -> str:
        """The path of its first link."""
        found = re.search(r"https://panel\.example\.org(/\S+)", self.text)
        assert found, self.text
        return found[1]


class PeopleHouse(PanelHouse):
    """Alice, Bob and Charlie have passwords; letters and text messages can be read."""

    def __init__(self, template: Path, folder: Path, **settings: Any) -> None:
        super().__init__(template, folder, **({"panel": PANEL} | settings))

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._open.push_async_callback(self.people.beside.finished)
        now = self.clock.now()
        await self.store.accounts.create_customer(OPERATOR, now=now)
        account = replace(
            new_smtp_account(self.settings, f"1.{OPERATOR}.smtp", OPERATOR),
            sender_rule=SenderRule.ANY,
        )
        self.account = await self.store.accounts.create_smtp_account(
            account, password="operators-own", now=now
        )
        for member in (self.alice, self.bob, self.charlie):
            await self.set_password(member, PASSWORD)
        return self

    @property
    def people(self) -> PeopleVerbs:
        """What is tested."""
        return self.panel.desk.people

    async def set_password(self, member: Member, password: str, **more: bool) -> None:
        """Give a member a password."""
        hashed = await self.people.passwords._hashing.hash(password)
        must_change = more.get("must_change", False)
        await self.store.members.set_password(
            member.member_id, hashed, must_change=must_change, now=self.clock.now()
        )

    async def verify_domain(self, member: Member) -> None:
        """Give a member's customer a verified domain, now."""
        domain = SendingDomain(
            domain=f"{member.customer_name}.example", customer_id=member.customer_id
        )
        await self.store.accounts.add_sending_domain(domain, now=self.clock.now())

    async def letters(self) -> list[ReadLetter]:
        """Read all letters, the oldest first."""
        await self.people.beside.finished()
        caller = Caller(account=self.account, mode=Mode.LIVE, key_id="", address="")
        query = MessageQuery(customer_id=self.account.customer_id, mode=Mode.LIVE)
        found = []
        for one in reversed(await self.verbs.messages.list(caller, query, limit=100)):
            content = await self.verbs.messages.source(caller, one.message_id)
            found.append(_read(b"".join(content.blocks())))  # type: ignore[union-attr]
        return found

    def tick_to(self, second: int) -> None:
        """Set the clock to a second of this minute."""
        now = self.clock.now()
        self.clock.advance(datetime(*now.timetuple()[:5], second, tzinfo=UTC) - now)


def _read(octets: bytes) -> ReadLetter:
    message = email.message_from_bytes(octets, policy=policy.default)
    text, html = message.get_body(["plain"]), message.get_body(["html"])
    assert text is not None
    assert html is not None
    return ReadLetter(
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=text.get_content(),
        html=html.get_content(),
    )
