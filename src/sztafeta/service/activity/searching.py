"""SEARCH: what a member asks of the list of mail, within the SMTP accounts that the member's rights reach."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

from sztafeta.account.activity import ActivityQuery, instant
from sztafeta.account.api_key import Mode
from sztafeta.account.member import Member
from sztafeta.delivery.queue_id import from_text
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.service.ports import (
    AccountAdministration,
    ActivityFilter,
    ActivityPage,
    ActivityRow,
    ActivityStore,
    Clock,
    Mark,
)

PREFIX: Final = "msg_"
PAGE: Final = 50
STRIDE: Final = 500
"""Rows read at once for exports and bulk actions."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many were found."""

    number: int
    is_more: bool
    """It was not counted to the end."""


class Searching:
    """Finds mail; one instance serves all pages."""

    def __init__(
        self,
        *,
        store: ActivityStore,
        administration: AccountAdministration,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        """`zone` is that of the wall clock in queries."""
        self._store = store
        self._administration = administration
        self._clock = clock
        self._zone = zone

    async def page(
        self, member: Member, query: ActivityQuery, *, limit: int = PAGE, before: Mark | None = None
    ) -> ActivityPage:
        """List recipients, the newest first."""
        wanted = await self.filter_for(member, query)
        return await self._store.page(wanted, limit=limit, before=before)

    async def walk(self, member: Member, query: ActivityQuery) -> AsyncIterator[ActivityRow]:
        """Give all that a query means, the newest first; they are read as they are taken."""
        wanted = await self.filter_for(member, query)
        mark: Mark | None = None
        while True:
            page = await self._store.page(wanted, limit=STRIDE, before=mark)
            for row in page.rows:
                yield row
            if page.older is None:
                return
            mark = page.older

    async def newest(
        self, member: Member, query: ActivityQuery, limit: int
    ) -> tuple[list[ActivityRow], bool]:
        """Give the newest that a query means, at most so many, and say whether there are more."""
        rows: list[ActivityRow] = []
        async for row in self.walk(member, query):
            if len(rows) == limit:
                return rows, True
            rows.append(row)
        return rows, False

    async def which(
        self, member: Member, query: ActivityQuery, recipient_ids: Collection[int]
    ) -> frozenset[int]:
        """Say which of these recipients a query means."""
        if not recipient_ids:
            return frozenset()
        return await self._store.which(await self.filter_for(member, query), recipient_ids)

    async def mark(self, member: Member) -> int:
        """Name the last event, so that what comes after it is news."""
        return await self._store.newest_event(member.customer_id, Mode.LIVE)

    async def filter_for(self, member: Member, query: ActivityQuery) -> ActivityFilter:
        """Turn a question into what the store answers."""
        now = self._clock.now()
        wanted = ActivityFilter(
            customer_id=member.customer_id,
            account_ids=await self._accounts(member, query.account),
            domain=query.domain,
            sender_part=query.sender,
            subject_part=query.subject,
            tag=query.tag,
            metadata=query.metadata,
            statuses=frozenset(query.statuses),
            bounce_classes=frozenset(one for one in query.bounce_class.split(",") if one),
            provider=query.provider,
            since=instant(query.since, now, self._zone),
            until=instant(query.until, now, self._zone),
        )
        return _with_identity(_with_words(_with_address(wanted, query.to), query), query.identity)

    async def _accounts(self, member: Member, login: str) -> frozenset[int] | None:
        """Say whose mail is meant: that of the accounts reached, and of them of the one named."""
        reached = None if member.is_administrator else member.smtp_accounts
        if not login:
            return reached
        accounts = await self._administration.smtp_accounts(member.customer_name)
        named = {one.account_id for one in accounts if one.login == login.lower()}
        return frozenset(one for one in named if member.reaches(one))


def read_identity(text: str) -> int | None:
    """Read a message's id as people write it; None: it is no such id."""
    try:
        return from_text(text.strip().lower().removeprefix(PREFIX))
    except ValueError:
        return None


def read_address(text: str) -> Mailbox | None:
    """Read a whole address; None: it is a part of one, or none."""
    try:
        return parse_mailbox(text.strip().removeprefix("<").removesuffix(">"))
    except AddressFault:
        return None


def _with_address(wanted: ActivityFilter, to: str) -> ActivityFilter:
    mailbox = read_address(to) if to else None
    return replace(wanted, mailbox=mailbox, address_part="" if mailbox else to)


def _with_words(wanted: ActivityFilter, query: ActivityQuery) -> ActivityFilter:
    """Take a single word that is a whole address for the recipient: that search has an index."""
    if len(query.words) == 1 and not query.to and (mailbox := read_address(query.words[0])):
        return replace(wanted, mailbox=mailbox)
    return replace(wanted, words=query.words)


def _with_identity(wanted: ActivityFilter, identity: str) -> ActivityFilter:
    if not identity:
        return wanted
    message_id = read_identity(identity)
    if message_id is not None:
        return replace(wanted, message_id=message_id)
    return replace(wanted, header_message_id=identity.strip().strip("<>"))
