"""The submission face over the real store: what was answered with 250 is on disk, octet for octet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from tests.doubles.submission_house import (
    LOGIN,
    PASSWORD,
    House,
    KeptMail,
    account,
    open_house,
)

from sztafeta.account.sending_domain import SendingDomain
from sztafeta.delivery.queue_id import from_text
from sztafeta.delivery.state import State
from sztafeta.store.open import Store, open_store
from sztafeta.submission.limits import Limits

MESSAGE = b"From: <alice@example.com>\r\nSubject: Hello\r\n\r\nHello, Bob.\r\n"
ACCEPTED = "250 2.0.0 Ok: queued as "


class OnDisk:
    """The store's parts as the one object that a house takes."""

    def __init__(self, store: Store) -> None:
        self.accept, self.has_room = store.messages.accept, store.messages.has_room
        self.accept_all, self.remembered = store.messages.accept_all, store.messages.remembered
        self.suppressions, self.templates = store.suppressions, store.templates
        self.inline_limit = store.bodies.inline_limit
        self.open_spool, self.keep = store.bodies.open_spool, store.bodies.keep
        self.remove = store.bodies.remove
        self.smtp_account = store.accounts.smtp_account
        self.sending_domain = store.accounts.sending_domain


async def open_alices_store(folder: Path) -> Store:
    """Open a store (the tests' disk may be one that forgets) with Alice's account."""
    store = await open_store(None, folder, i_know=True, free_share=0.0)
    now = datetime.now(UTC)
    await store.queues.join("test", now=now)
    owner = await store.accounts.create_customer("alice", now=now)
    await store.accounts.create_smtp_account(account(LOGIN, 0), password=PASSWORD, now=now)
    domain = SendingDomain(domain="example.com", customer_id=owner.customer_id)
    await store.accounts.add_sending_domain(domain, now=now)
    return store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_alices_store(tmp_path)
    yield opened
    await opened.close()


async def content_of(store: Store, reply: str) -> bytes:
    """Read a message back by the queue-id of its reply."""
    message = await store.queues.message(from_text(reply.removeprefix(ACCEPTED)))
    assert message is not None
    return b"".join(message.content.blocks())


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("lines", [1, 100_000])
async def test_what_was_queued_is_read_back_as_it_was(store: Store, lines: int, tls: bool) -> None:
    """C-024, C-070: in its row and in a file of its own."""
    async with open_house(cast(KeptMail, OnDisk(store))) as house:
        peer = await house.client(tls=tls)
        reply = await peer.send(MESSAGE + b"a line of text\r\n" * lines)
        assert reply.startswith(ACCEPTED)
        kept = await content_of(store, reply)
        assert kept.endswith(b"\r\nHello, Bob.\r\n" + b"a line of text\r\n" * lines)
        peer.close()


async def test_fifty_sessions_share_commits_and_each_gets_its_own_message(store: Store) -> None:
    limits = Limits(
        greeting_delay=timedelta(0), connections_per_address=100, unauthenticated_per_address=100
    )
    async with open_house(cast(KeptMail, OnDisk(store)), limits) as house:

        async def session(number: int) -> None:
            peer = await house.client()
            for turn in range(4):
                mine = MESSAGE + b"%d.%d\r\n" % (number, turn)
                reply = await peer.send(mine, "bob@example.net", "carol@example.org")
                assert (await content_of(store, reply)).endswith(b"%d.%d\r\n" % (number, turn))
            peer.close()

        await asyncio.gather(*(session(number) for number in range(50)))
        counts = await store.history.counts()
        assert sum(counts.values()) == 50 * 4 * 2
        assert len(house.told.accepted_ids) == 200


async def test_what_was_refused_leaves_nothing(store: Store, tmp_path: Path) -> None:
    """R-05: not a row, not a file."""
    async with open_house(cast(KeptMail, OnDisk(store))) as house:
        peer = await house.client()
        big = b"x" * 998 + b"\r\n"
        assert (await peer.send(MESSAGE + big * 10_600)).startswith("552 5.3.4 ")
        assert (await peer.send(MESSAGE + big * 100 + b"bare\n" + big)).startswith("550 5.5.2 ")
        assert (await peer.send(b"no header\r\n" + big * 100)).startswith("550 5.6.0 ")
        peer.close()
    assert sum((await store.history.counts()).values()) == 0
    assert [path for path in (tmp_path / "bodies").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("lines", [1, 100_000])
async def test_a_message_with_a_key_is_on_disk_once(store: Store, lines: int) -> None:
    """R-13: also when both come at once."""
    content = b"Idempotency-Key: order-5\r\n" + MESSAGE + b"a line of text\r\n" * lines

    async def send(house: House) -> str:
        peer = await house.client()
        reply = await peer.send(content)
        peer.close()
        return reply

    async with open_house(cast(KeptMail, OnDisk(store))) as house:
        both = await asyncio.gather(send(house), send(house))
        again = await send(house)
        taken = {reply for reply in both if reply.startswith(ACCEPTED)}
        assert taken == {again}
        assert all(reply.startswith((ACCEPTED, "451 4.3.0 ")) for reply in both)
        assert (await content_of(store, again)).endswith(b"a line of text\r\n" * lines)
    assert sum((await store.history.counts()).values()) == 1


async def test_a_suppression_in_the_store_holds_for_the_next_message(store: Store) -> None:
    """In force within a second; the recipient's history says why."""
    async with open_house(cast(KeptMail, OnDisk(store))) as house:
        peer = await house.client()
        await peer.send(MESSAGE)
        await house.office.suppress("bob@example.net")
        house.clock.advance(timedelta(seconds=2))
        reply = await peer.send(MESSAGE)
        peer.close()
        history = await store.history.message_history(from_text(reply.removeprefix(ACCEPTED)))
        assert history is not None
        (recipient,) = history.recipients
        assert recipient.state is State.SUPPRESSED
        assert [event.kind.value for event in recipient.events] == ["rejected"]


async def test_a_password_changed_in_the_store_ends_the_open_session(store: Store) -> None:
    """S-35."""
    async with open_house(cast(KeptMail, OnDisk(store))) as house:
        peer = await house.client()
        assert (await peer.send(MESSAGE)).startswith(ACCEPTED)
        await store.accounts.set_password(LOGIN, "another")
        house.time += 1.1
        assert (await peer.say("MAIL FROM:<alice@example.com>")).startswith("421 4.7.0 ")
        again = await house.connect(tls=True)
        await again.greet()
        assert (await again.log_in()) == "535 5.7.8 Error: authentication failed"
        assert (await again.log_in(password="another")).startswith("235 ")
        again.close()


async def test_a_store_that_broke_promises_nothing_any_more(store: Store) -> None:
    """R-24."""
    async with open_house(cast(KeptMail, OnDisk(store))) as house:
        peer = await house.client()
        store.latch.break_off("a sync failed, says the test")
        assert (await peer.send(MESSAGE)).startswith("451 4.3.0 ")
        assert (await peer.send(MESSAGE + b"x\r\n" * 50_000)).startswith("451 4.3.0 ")
        assert house.told.accepted_ids == []
        peer.close()
