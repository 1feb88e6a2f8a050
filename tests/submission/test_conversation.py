"""What a conversation does with its wire: whom it makes wait, and how it ends; without a socket."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.doubles.fake_wire import FakeWire
from tests.doubles.sending_office import SendingOffice
from tests.doubles.submission_house import (
    HOSTNAME,
    LOGIN,
    PASSWORD,
    KeptMail,
    Notebook,
    Told,
    plain,
)

from sztafeta.smtp.extensions import ServerProfile
from sztafeta.submission.conversation import Conversation
from sztafeta.submission.desk import Door
from sztafeta.submission.limits import Limits
from sztafeta.submission.reception import Reception

TRANSACTION = (
    b"MAIL FROM:<alice@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"
    b"From: <alice@example.com>\r\n\r\nHello\r\n.\r\n"
)


class Room:
    """A reception with one conversation on a wire that is no wire."""

    def __init__(self, store: KeptMail | None = None, limits: Limits | None = None) -> None:
        self.store = store or KeptMail()
        self.notebook = Notebook()
        self.now = 0.0
        self.reception = Reception(
            accounts=self.store,
            accept=SendingOffice(self.store, self.store, Told()).submit,
            limits=limits or Limits(),
            journal=self.notebook,
            time=lambda: self.now,
        )
        door = Door(name="test", profile=ServerProfile(hostname=HOSTNAME))
        self.conversation: Conversation = self.reception.converse(door, "192.0.2.7")
        self.wire = FakeWire()
        self.conversation.connection_made(self.wire)

    def greet(self) -> list[bytes]:
        """Let the greeting's delay pass."""
        self.conversation._greet()
        return self.wire.heard()

    def say(self, *lines: bytes) -> list[bytes]:
        """Give octets to the conversation."""
        self.conversation.data_received(b"\r\n".join([*lines, b""]))
        return self.wire.heard()

    async def log_in(self) -> None:
        """Greet and log in."""
        self.greet()
        self.say(b"EHLO client.example.com", b"AUTH PLAIN " + plain(LOGIN, PASSWORD).encode())
        await self.settle()
        assert self.wire.heard()[-1].startswith(b"235 ")

    async def settle(self) -> None:
        """Let tasks that can go on do so."""
        for _ in range(5):
            await asyncio.sleep(0)


async def test_the_banner_waits_for_early_talkers() -> None:
    """S-07."""
    room = Room()
    assert room.wire.heard() == []
    assert room.say(b"EHLO client.example.com")[0].startswith(b"554 5.5.0 ")
    assert room.wire.is_closed


async def test_while_the_commit_is_under_way_one_read_is_taken_and_then_reading_stops() -> None:
    room = Room(KeptMail(gate=asyncio.Event()))
    await room.log_in()
    room.conversation.data_received(TRANSACTION)
    await room.settle()
    assert [line[:3] for line in room.wire.heard()] == [b"250", b"250", b"354"]
    assert not room.wire.is_paused, "a client that waits for its answer costs nothing"
    room.conversation.data_received(TRANSACTION)
    assert room.wire.is_paused
    assert room.wire.heard() == []
    assert room.store.gate is not None
    room.store.gate.set()
    await room.settle()
    assert [line[:3] for line in room.wire.heard()] == [b"250", b"250", b"250", b"354", b"250"]
    assert not room.wire.is_paused
    assert len(room.store.messages) == 2


async def test_a_client_that_does_not_read_is_neither_read_nor_answered() -> None:
    """S-23."""
    room = Room()
    room.greet()
    room.conversation.pause_writing()
    assert room.wire.is_paused
    assert room.say(b"EHLO client.example.com", b"NOOP") == []
    room.conversation.resume_writing()
    assert not room.wire.is_paused
    assert room.wire.heard()[-1] == b"250 2.0.0 Ok"


async def test_a_client_that_does_not_even_read_our_farewell_is_cut_off() -> None:
    """S-25: a choked connection ends at the idle limit."""
    room = Room()
    room.greet()
    room.conversation.pause_writing()
    room.now = 300.0
    room.conversation._watch()
    assert room.wire.is_aborted


async def test_an_idle_client_is_told_so() -> None:
    """C-019."""
    room = Room()
    room.greet()
    room.now = 299.0
    room.conversation._watch()
    assert room.wire.heard() == []
    room.now = 300.0
    room.conversation._watch()
    assert room.wire.heard()[0].startswith(b"421 4.4.2 ")
    assert room.wire.is_closed


async def test_the_time_we_take_for_a_commit_is_not_the_clients() -> None:
    room = Room(KeptMail(gate=asyncio.Event()))
    await room.log_in()
    room.conversation.data_received(TRANSACTION)
    await room.settle()
    room.now = 400.0
    room.conversation._watch()
    assert not room.wire.is_closed


async def test_our_bug_ends_one_session_with_421_and_is_logged_once() -> None:
    room = Room()
    await room.log_in()
    room.store.has_room = None  # type: ignore[assignment,method-assign]
    assert room.say(b"MAIL FROM:<alice@example.com>")[0].startswith(b"421 4.3.0 ")
    assert room.wire.is_closed
    assert room.notebook.lines[-1] == ("trouble", "a session failed", "TypeError")


async def test_what_comes_after_our_farewell_is_not_heard() -> None:
    room = Room()
    room.greet()
    room.say(b"QUIT")
    assert room.wire.is_closed
    assert room.say(b"NOOP") == []


@pytest.mark.parametrize("is_greeted", [True, False])
async def test_shutdown_before_and_after_the_banner(is_greeted: bool) -> None:
    """C-026."""
    room = Room()
    if is_greeted:
        room.greet()
    ended = asyncio.ensure_future(room.reception.shut_down(timedelta(minutes=1)))
    await room.settle()
    assert room.wire.heard()[0].startswith(b"421 4.3.2 ")
    assert room.wire.is_closed
    room.conversation.connection_lost(None)
    assert await ended == 0
    assert room.reception.connections == 0


async def test_starttls_without_encryption_is_454() -> None:
    """C-042."""
    room = Room()
    room.greet()
    assert room.say(b"EHLO client.example.com", b"STARTTLS")[-1].startswith(b"454 4.7.0 ")


async def test_a_login_whose_client_has_gone_is_not_counted() -> None:
    room = Room()
    room.greet()
    room.say(b"EHLO client.example.com", b"AUTH PLAIN " + plain(LOGIN, PASSWORD).encode())
    room.conversation.connection_lost(None)
    await room.settle()
    assert room.reception.connections == 0
    assert not room.reception._desk.doorkeeper._by_account
