"""Limits of the submission face over real sockets: connections, time, memory, secrets, and its end."""

from __future__ import annotations

import asyncio
import resource
from datetime import timedelta

from tests.doubles.submission_house import (
    HOSTNAME,
    LOGIN,
    PASSWORD,
    KeptMail,
    account,
    open_house,
)

from sztafeta.smtp.extensions import ServerProfile
from sztafeta.submission.limits import Limits

MESSAGE = b"From: <alice@example.com>\r\nSubject: Hello\r\n\r\nHello, Bob.\r\n"
AT_ONCE = timedelta(0)
LONG = timedelta(minutes=1)


# -- connections ---------------------------------------------------------------------------------


async def test_strangers_from_one_address_are_refused_in_the_banner() -> None:
    """S-25, S-26."""
    limits = Limits(greeting_delay=AT_ONCE, unauthenticated_per_address=2)
    async with open_house(limits=limits) as house:
        inside = [await house.connect() for _ in range(2)]
        for peer in inside:
            await peer.greet()
        refused = await house.connect()
        assert (await refused.hear()).startswith("421 4.7.0 2 of 2 connections without a login")
        assert await refused.hear_the_end() == b""
        assert (await inside[0].log_in()).startswith("235 ")
        welcome = await house.connect()
        assert (await welcome.hear()).startswith("220 ")
        inside[1].close()
        await house.notebook.until("closed")
        another = await house.connect()
        assert (await another.hear()).startswith("220 ")
        for peer in (inside[0], welcome, another):
            peer.close()


async def test_an_account_has_fifty_connections_and_the_next_is_told_so() -> None:
    limits = Limits(greeting_delay=AT_ONCE, connections_per_address=100)
    async with open_house(limits=limits) as house:
        inside = [await house.client() for _ in range(50)]
        peer = await house.connect()
        await peer.greet()
        reply = await peer.log_in()
        assert reply == "421 4.7.0 50 of 50 connections in use for this account"
        assert await peer.hear_the_end() == b""
        inside.pop().close()
        await house.notebook.until("closed", "lost")
        inside.append(await house.client())
        for peer in inside:
            peer.close()


async def test_a_connection_carries_so_many_messages() -> None:
    limits = Limits(greeting_delay=AT_ONCE, messages_per_connection=2)
    async with open_house(limits=limits) as house:
        peer = await house.client()
        for _ in range(2):
            assert (await peer.send(MESSAGE)).startswith("250 ")
        assert (await peer.say("MAIL FROM:<alice@example.com>")).startswith("421 4.7.0 ")
        assert await peer.hear_the_end() == b""


async def test_failed_logins_of_one_address_make_it_wait() -> None:
    """S-30."""
    limits = Limits(greeting_delay=AT_ONCE, login_failures_per_minute=2)
    async with open_house(limits=limits) as house:
        peer = await house.connect(tls=True)
        await peer.greet()
        for number in range(2):
            assert (await peer.log_in(f"{number}.charlie.smtp")).startswith("535 5.7.8 ")
        assert (await peer.log_in()).startswith("454 4.7.0 Too many failed logins")
        house.time += 61
        assert (await peer.log_in()).startswith("235 ")
        peer.close()


# -- time ----------------------------------------------------------------------------------------


async def test_an_idle_client_is_told_421_and_closed() -> None:
    """C-019."""
    limits = Limits(greeting_delay=AT_ONCE, idle=timedelta(milliseconds=20))
    async with open_house(limits=limits) as house:
        peer = await house.connect()
        await peer.hear()
        assert (await peer.hear()).startswith("421 4.4.2 ")
        assert await peer.hear_the_end() == b""


async def test_octets_that_make_no_command_do_not_keep_a_connection() -> None:
    """S-25: slowloris."""
    limits = Limits(greeting_delay=AT_ONCE, idle=timedelta(milliseconds=50))
    async with open_house(limits=limits) as house:
        peer = await house.connect()
        await peer.hear()
        ended = asyncio.ensure_future(peer.hear())
        while not ended.done():
            peer.writer.write(b"x")
            await asyncio.wait([ended], timeout=0.01)
        assert (await ended).startswith("421 4.4.2 ")
        peer.close()


async def test_content_that_dribbles_is_cut_off_and_nothing_is_kept() -> None:
    """S-25: 500 octets a second."""
    limits = Limits(greeting_delay=AT_ONCE, slow_after=timedelta(milliseconds=30))
    async with open_house(limits=limits) as house:
        peer = await house.client()
        await peer.say("MAIL FROM:<alice@example.com>")
        await peer.say("RCPT TO:<bob@example.net>")
        await peer.say("DATA")
        ended = asyncio.ensure_future(peer.hear())
        while not ended.done():
            peer.writer.write(b"x")
            await asyncio.wait([ended], timeout=0.01)
        assert (await ended).startswith("421 4.4.2 ")
        assert house.store.messages == []
        peer.close()


async def test_a_client_that_waits_for_our_commit_is_not_idle() -> None:
    limits = Limits(greeting_delay=AT_ONCE, idle=timedelta(milliseconds=20))
    async with open_house(KeptMail(gate=asyncio.Event()), limits=limits) as house:
        peer = await house.client()
        answer = asyncio.ensure_future(peer.send(MESSAGE))
        done, _ = await asyncio.wait([answer], timeout=0.1)
        assert not done
        assert house.store.gate is not None
        house.store.gate.set()
        assert (await answer).startswith("250 2.0.0 ")
        peer.close()


# -- memory --------------------------------------------------------------------------------------


async def test_a_flood_of_commands_is_answered_one_by_one_in_little_memory() -> None:
    """S-23: replies that nobody reads yet do not pile up, because we stop reading commands."""
    profile = ServerProfile(hostname=HOSTNAME, max_junk=1_000_000)
    async with open_house(profile=profile) as house:
        peer = await house.connect()
        await peer.greet()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peer.writer.write(b"NOOP\r\n" * 100_000)
        for _ in range(100_000):
            assert await peer.reader.readline() == b"250 2.0.0 Ok\r\n"
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
        peer.close()


async def test_thousands_of_messages_in_one_go_are_all_taken() -> None:
    async with open_house() as house:
        peer = await house.client()
        transaction = b"MAIL FROM:<alice@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"
        peer.writer.write((transaction + MESSAGE + b".\r\n") * 2000)
        for _ in range(2000):
            assert [(await peer.hear())[:3] for _ in range(4)] == ["250", "250", "354", "250"]
        assert len(house.store.messages) == 2000
        peer.close()


# -- the end -------------------------------------------------------------------------------------


async def test_on_shutdown_an_idle_client_is_told_421_at_once() -> None:
    """C-026, R-14."""
    async with open_house() as house:
        peers = [await house.client(), await house.client(tls=True), await house.connect()]
        await peers[2].hear()
        ended = asyncio.ensure_future(house.reception.shut_down(LONG))
        for peer in peers:
            assert (await peer.hear()).startswith("421 4.3.2 ")
            assert await peer.hear_the_end() == b""
            peer.close()
        assert await ended == 0


async def test_on_shutdown_a_message_under_way_is_finished_first() -> None:
    """C-026, R-14."""
    async with open_house() as house:
        peer = await house.client()
        await peer.say("MAIL FROM:<alice@example.com>")
        await peer.say("RCPT TO:<bob@example.net>")
        await peer.say("DATA")
        ended = asyncio.ensure_future(house.reception.shut_down(LONG))
        await asyncio.sleep(0)
        peer.writer.write(MESSAGE + b".\r\n")
        assert (await peer.hear()).startswith("250 2.0.0 Ok: queued as ")
        assert (await peer.hear()).startswith("421 4.3.2 ")
        assert await ended == 0
        assert len(house.store.messages) == 1
        peer.close()


async def test_on_shutdown_a_commit_under_way_is_answered_first() -> None:
    async with open_house(KeptMail(gate=asyncio.Event())) as house:
        peer = await house.client()
        answer = asyncio.ensure_future(peer.send(MESSAGE))
        await asyncio.wait([answer], timeout=0.05)
        ended = asyncio.ensure_future(house.reception.shut_down(LONG))
        await asyncio.sleep(0)
        assert house.store.gate is not None
        house.store.gate.set()
        assert (await answer).startswith("250 2.0.0 ")
        assert (await peer.hear()).startswith("421 4.3.2 ")
        assert await ended == 0
        peer.close()


async def test_on_shutdown_whoever_is_not_done_by_the_deadline_is_cut_off() -> None:
    """R-14: exit in time, whatever clients do; what was not promised is not kept."""
    async with open_house() as house:
        peer = await house.client()
        await peer.say("MAIL FROM:<alice@example.com>")
        await peer.say("RCPT TO:<bob@example.net>")
        await peer.say("DATA")
        assert await house.reception.shut_down(timedelta(milliseconds=20)) == 1
        assert await peer.hear_the_end() == b""
        assert house.store.messages == []


async def test_a_client_that_leaves_during_the_commit_loses_nothing() -> None:
    """R-02: the message is in the store once, although nobody heard the 250."""
    async with open_house(KeptMail(gate=asyncio.Event())) as house:
        peer = await house.client()
        answer = asyncio.ensure_future(peer.send(MESSAGE))
        await asyncio.wait([answer], timeout=0.05)
        answer.cancel()
        peer.close()
        await house.notebook.until("closed", "lost")
        assert house.store.gate is not None
        house.store.gate.set()
        await house.notebook.until("accepted")
        assert len(house.store.messages) == 1
        assert len(house.told.accepted_ids) == 1


# -- secrets -------------------------------------------------------------------------------------


async def test_a_password_typed_into_the_wrong_field_reaches_no_journal() -> None:
    """S-37: as user name, as client name, in the wrong command; and no address or content either."""
    secret = "hunter2-hunter2-hunter2"
    async with open_house(KeptMail()) as house:
        for tls in (False, True):
            peer = await house.connect(tls=tls)
            await peer.greet(secret)
            await peer.say(f"AUTH PLAIN {secret}")
            await peer.log_in(login=secret, password=secret)
            await peer.say(f"MAIL FROM:<{secret}@example.com>")
            await peer.log_in(LOGIN, PASSWORD)
            house.store.failure = RuntimeError("a bug")
            await peer.send(MESSAGE, sender=f"<{secret}@example.com>")
            house.store.failure = None
            await peer.send(MESSAGE)
            await peer.say(secret)
            peer.close()
        written = repr(house.notebook.lines) + repr(house.notebook.troubles)
        for hidden in (secret, PASSWORD, "@example", "Hello"):
            assert hidden not in written


async def test_hundreds_of_clients_that_dribble_do_not_hinder_the_one_that_does_not() -> None:
    """S-25: from other addresses; here loopback's own."""
    limits = Limits(
        greeting_delay=AT_ONCE, connections_per_address=1000, unauthenticated_per_address=1000
    )
    store = KeptMail(accounts={LOGIN: account(LOGIN, 1, max_connections=10)})
    async with open_house(store, limits) as house:
        dribblers = [await house.connect() for _ in range(400)]
        for peer in dribblers:
            peer.writer.write(b"E")
        peer = await house.client()
        for _ in range(100):
            assert (await peer.send(MESSAGE)).startswith("250 ")
        for dribbler in dribblers:
            dribbler.close()
        peer.close()
