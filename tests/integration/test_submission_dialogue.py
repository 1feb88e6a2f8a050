"""The submission face over real sockets: banner, TLS, logins, senders, recipients, the message."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.doubles.submission_house import (
    ANY_LOGIN,
    HOSTNAME,
    LOGIN,
    PASSWORD,
    SUSPENDED_LOGIN,
    TLS_ONLY_LOGIN,
    KeptMail,
    client_context,
    open_house,
    plain,
)

from sztafeta.service.ports import StorageFull, StoreBroken
from sztafeta.smtp.extensions import ServerProfile
from sztafeta.submission.limits import Limits

MESSAGE = b"From: <alice@example.com>\r\nSubject: Hello\r\n\r\nHello, Bob.\r\n"
ACCEPTED = "250 2.0.0 Ok: queued as "


# -- the banner ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
async def test_the_banner_names_the_host(tls: bool) -> None:
    """C-001."""
    async with open_house() as house:
        peer = await house.connect(tls=tls)
        assert (await peer.hear()).startswith(f"220 {HOSTNAME} ESMTP")
        assert await peer.say("QUIT") == "221 2.0.0 Bye"
        assert await peer.hear_the_end() == b""


@pytest.mark.parametrize("tls", [False, True])
async def test_who_speaks_before_the_banner_is_sent_away(tls: bool) -> None:
    """S-07."""
    async with open_house(limits=Limits(greeting_delay=timedelta(hours=1))) as house:
        peer = await house.connect(tls=tls)
        assert (await peer.say("EHLO client.example.com")).startswith("554 5.5.0 ")
        assert await peer.hear_the_end() == b""
        assert house.notebook.lines[1][:2] == ("refused", "early")


async def test_commands_pipelined_behind_ehlo_are_answered_in_order() -> None:
    """S-08 stands above S-07 once the banner was sent."""
    async with open_house() as house:
        peer = await house.connect()
        await peer.hear()
        assert (await peer.say("EHLO client.example.com\r\nNOOP")).startswith("250-")
        assert await peer.hear() == "250 2.0.0 Ok"
        peer.close()


# -- TLS -----------------------------------------------------------------------------------------


async def test_starttls_then_a_message_and_nothing_said_before_counts() -> None:
    """S-12: the login, too, is forgotten."""
    async with open_house() as house:
        peer = await house.client()
        await peer.start_tls()
        assert (await peer.say("MAIL FROM:<alice@example.com>")).startswith("503 5.5.1 ")
        assert "STARTTLS" not in await peer.say("EHLO client.example.com")
        assert (await peer.say("MAIL FROM:<alice@example.com>")).startswith("530 5.7.0 ")
        assert (await peer.say("STARTTLS")).startswith("503 5.5.1 ")
        assert (await peer.log_in()).startswith("235 ")
        assert (await peer.send(MESSAGE)).startswith(ACCEPTED)
        assert ("logged in", "1", "TLSv1.3 TLS_AES_256_GCM_SHA384") in house.notebook.lines
        peer.close()


async def test_starttls_in_a_transaction_is_out_of_order() -> None:
    """S-12."""
    async with open_house() as house:
        peer = await house.client()
        await peer.say("MAIL FROM:<alice@example.com>")
        assert (await peer.say("STARTTLS")).startswith("503 5.5.1 ")
        peer.close()


async def test_commands_injected_behind_starttls_are_never_obeyed() -> None:
    """S-10: one packet, then TLS."""
    async with open_house() as house:
        peer = await house.connect()
        await peer.greet()
        reply = await peer.say("STARTTLS\r\nMAIL FROM:<evil@example.com>")
        assert reply.startswith("220 2.0.0 ")
        await peer.writer.start_tls(client_context(), server_hostname=HOSTNAME)
        assert (await peer.say("NOOP")) == "250 2.0.0 Ok"
        assert (await peer.say("MAIL FROM:<alice@example.com>")).startswith("503 5.5.1 ")
        peer.close()


async def test_without_a_certificate_starttls_is_454_and_the_session_goes_on() -> None:
    """C-042."""
    async with open_house() as house:
        house.context = None
        peer = await house.connect()
        await peer.greet()
        assert (await peer.say("STARTTLS")).startswith("454 4.7.0 ")
        assert await peer.say("NOOP") == "250 2.0.0 Ok"
        peer.close()


async def test_a_port_that_begins_with_tls_shows_no_banner_to_a_plain_client() -> None:
    """C-043."""
    async with open_house() as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.tls.port)
        writer.write(b"EHLO client.example.com\r\n")
        try:
            heard = await reader.read()
        except ConnectionError:
            heard = b""
        assert b"220" not in heard
        assert house.reception.connections == 0
        writer.close()


async def test_where_tls_is_required_mail_waits_for_it() -> None:
    """C-045."""
    profile = ServerProfile(hostname=HOSTNAME, requires_tls=True)
    async with open_house(profile=profile) as house:
        peer = await house.connect()
        assert "AUTH" not in await peer.greet()
        reply = await peer.say("MAIL FROM:<alice@example.com>")
        assert reply == "530 5.7.0 Must issue STARTTLS first"
        peer.close()


async def test_a_client_that_ends_tls_in_the_middle_of_data_sent_nothing() -> None:
    """S-16."""
    async with open_house() as house:
        peer = await house.client(tls=True)
        await peer.say("MAIL FROM:<alice@example.com>")
        await peer.say("RCPT TO:<bob@example.net>")
        await peer.say("DATA")
        peer.writer.write(MESSAGE)
        peer.writer.close()
        await house.notebook.until("closed", "lost")
        assert house.store.messages == []


# -- logins --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
async def test_auth_plain_and_login_in_all_their_styles(tls: bool) -> None:
    """C-050, C-051, C-054."""
    login, password = b64encode(LOGIN.encode()).decode(), b64encode(PASSWORD.encode()).decode()
    styles = (
        [f"AUTH PLAIN {plain(LOGIN, PASSWORD)}"],
        ["AUTH PLAIN", plain(LOGIN, PASSWORD)],
        ["AUTH LOGIN", login, password],
        [f"AUTH LOGIN {login}", password],
    )
    async with open_house() as house:
        for style in styles:
            peer = await house.connect(tls=tls)
            assert "AUTH PLAIN LOGIN" in await peer.greet()
            replies = [await peer.say(line) for line in style]
            assert replies[-1] == "235 2.7.0 Authentication successful"
            assert all(reply.startswith("334 ") for reply in replies[:-1])
            peer.close()


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (plain(LOGIN, "wrong"), "535 5.7.8 Error: authentication failed"),
        (plain(LOGIN, PASSWORD, TLS_ONLY_LOGIN), "535 5.7.8 Error: authentication failed"),
        (plain(TLS_ONLY_LOGIN, PASSWORD), "538 5.7.11 "),
        (plain("1.charlie.smtp", PASSWORD), "538 5.7.11 "),
        (plain(SUSPENDED_LOGIN, PASSWORD), "525 5.7.13 "),
        ("=", "501 5.5.2 "),
        (plain("", PASSWORD), "501 5.5.2 "),
        ("bm8gbnVs", "501 5.5.2 "),
        ("not-base64!", "501 5.5.2 "),
        ("*", "501 5.7.0 "),
    ],
)
async def test_every_failed_login_has_its_reply(response: str, expected: str) -> None:
    """C-052, C-058, S-33."""
    async with open_house() as house:
        peer = await house.connect()
        await peer.greet()
        assert (await peer.say(f"AUTH PLAIN {response}")).startswith(expected)
        peer.close()


async def test_in_the_clear_unknown_and_forbidden_logins_hear_the_same() -> None:
    """S-13, as the issue has it; and the log says that a password was exposed, by the account's id."""
    async with open_house() as house:
        replies = set()
        for login in (TLS_ONLY_LOGIN, "1.charlie.smtp"):
            for password in (PASSWORD, "wrong"):
                peer = await house.connect()
                await peer.greet()
                replies.add(await peer.log_in(login, password))
                peer.close()
        assert len(replies) == 1
        assert replies.pop().startswith("538 5.7.11 ")
        assert ("login failed", "2", "cleartext") in house.notebook.lines
        peer = await house.connect(tls=True)
        await peer.greet()
        assert (await peer.log_in(TLS_ONLY_LOGIN)).startswith("235 ")
        peer.close()


async def test_an_unknown_login_inside_tls_hears_what_a_wrong_password_hears() -> None:
    """S-31."""
    async with open_house() as house:
        replies = set()
        for login in (LOGIN, "1.charlie.smtp", SUSPENDED_LOGIN):
            peer = await house.connect(tls=True)
            await peer.greet()
            replies.add(await peer.log_in(login, "wrong"))
            peer.close()
        assert replies == {"535 5.7.8 Error: authentication failed"}


async def test_a_store_that_is_down_is_454_and_the_session_may_try_again() -> None:
    """C-056."""
    async with open_house() as house:
        peer = await house.connect()
        await peer.greet()
        house.store.account_failure = OSError("the database is away")
        assert (await peer.log_in()).startswith("454 4.7.0 ")
        house.store.account_failure = None
        assert (await peer.log_in()).startswith("235 ")
        assert list(house.failures()) == ["store"]
        peer.close()


async def test_auth_twice_and_auth_in_a_transaction_are_out_of_order() -> None:
    """C-053."""
    async with open_house() as house:
        peer = await house.client()
        assert (await peer.log_in()).startswith("503 5.5.1 ")
        peer.close()


async def test_an_auth_line_of_12289_octets_is_too_long() -> None:
    """C-055, S-33."""
    async with open_house() as house:
        peer = await house.connect()
        await peer.greet()
        line = "AUTH PLAIN " + "A" * (12289 - len("AUTH PLAIN \r\n"))
        assert (await peer.say(line)).startswith("500 5.5.6 ")
        assert (await peer.log_in()).startswith("235 ")
        peer.close()


# -- who may send --------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
async def test_nobody_sends_without_a_login(tls: bool) -> None:
    """C-060."""
    async with open_house() as house:
        peer = await house.connect(tls=tls)
        await peer.greet()
        reply = await peer.say("MAIL FROM:<alice@example.com>")
        assert reply == "530 5.7.0 Authentication required"
        peer.close()


RELAY_FORMS = [
    "<user%example.net@mx.example.org>",
    "<@mx.example.org:user@example.net>",
    '<"user@example.net">',
    '<"user@example.net"@mx.example.org>',
    '<"user%example.net"@mx.example.org>',
    "<user@example.net@mx.example.org>",
    "<example.net!user>",
    "<example.net!user@mx.example.org>",
    "<user@example.net>",
    "user@example.net",
    "<user@[127.0.0.1]>",
    "<user%example.net@[127.0.0.1]>",
    "<@[127.0.0.1]:user@example.net>",
    "<Postmaster>",
    "<user@localhost.localdomain>",
]


@pytest.mark.parametrize(
    "sender",
    [
        "<>",
        "<charlie@example.org>",
        "<user@mx.example.org>",
        "<alice@example.com>",
        "<postmaster@mx.example.org>",
        "<user@[127.0.0.1]>",
        "<user@localhost.localdomain>",
    ],
)
async def test_no_form_of_address_makes_us_an_open_relay(sender: str) -> None:
    """S-27: from loopback, unauthenticated; C-011: the reply names no user."""
    profile = ServerProfile(hostname=HOSTNAME, max_errors=100)
    async with open_house(profile=profile) as house:
        peer = await house.connect()
        await peer.greet()
        assert (await peer.say("XCLIENT ADDR=192.0.2.7 LOGIN=1.alice.smtp")).startswith("50")
        for recipient in RELAY_FORMS:
            assert (await peer.say(f"MAIL FROM:{sender}")) == "530 5.7.0 Authentication required"
            reply = await peer.say(f"RCPT TO:{recipient}")
            assert reply.startswith(("530 5.7.0 ", "503 5.5.1 ")), reply
            reply = await peer.say("DATA")
            assert reply.startswith(("530 5.7.0 ", "503 5.5.1 ")), reply
        assert house.store.messages == []
        peer.close()


async def test_the_reverse_path_is_of_a_domain_of_the_customers() -> None:
    """C-061: the text names the domain and what to change."""
    async with open_house() as house:
        peer = await house.client()
        reply = await peer.say("MAIL FROM:<alice@example.net>")
        assert reply.startswith("550 5.7.1 example.net is not one of your sending domains")
        for mine in ("alice@example.com", "alice@EXAMPLE.com"):
            assert (await peer.say(f"MAIL FROM:<{mine}>")).startswith("250 ")
            await peer.say("RSET")
        assert (await peer.say("MAIL FROM:<a@sub.example.com>")).startswith("550 5.7.1 ")
        assert (await peer.say("MAIL FROM:<a@[127.0.0.1]>")).startswith("550 5.7.1 ")
        reply = await peer.say("MAIL FROM:<alice@bücher.example> SMTPUTF8")
        assert reply.startswith("250 "), reply
        peer.close()


async def test_the_null_sender_is_for_accounts_that_may_send_bounces() -> None:
    """C-010."""
    async with open_house() as house:
        peer = await house.client()
        assert (await peer.say("MAIL FROM:<>")).startswith("550 5.7.1 ")
        peer.close()
        peer = await house.client(login=ANY_LOGIN)
        assert (await peer.send(MESSAGE, sender="<>")).startswith(ACCEPTED)
        assert house.store.messages[0].envelope.reverse_path is None
        peer.close()


async def test_a_revoked_login_ends_at_the_next_mail() -> None:
    """S-35: suspended, or with another password; within a second."""
    async with open_house() as house:
        former = house.store.accounts[LOGIN]
        for now in (replace(former, enabled=False), replace(former, password_sha256=b"new")):
            house.store.accounts[LOGIN] = former
            peer = await house.client()
            assert (await peer.send(MESSAGE)).startswith(ACCEPTED)
            house.store.accounts[LOGIN] = now
            house.time += 1.1
            assert (await peer.say("MAIL FROM:<alice@example.com>")).startswith("421 4.7.0 ")
            assert await peer.hear_the_end() == b""
            house.time += 1.1


async def test_a_sending_domain_taken_away_counts_at_the_next_mail() -> None:
    async with open_house() as house:
        peer = await house.client()
        account = house.store.accounts[LOGIN]
        house.store.accounts[LOGIN] = replace(account, sending_domains=frozenset())
        house.time += 1.1
        assert (await peer.say("MAIL FROM:<alice@example.com>")).startswith("550 5.7.1 ")
        peer.close()


# -- recipients ----------------------------------------------------------------------------------


async def test_the_same_recipient_twice_is_250_twice_and_delivered_once() -> None:
    """C-017."""
    async with open_house() as house:
        peer = await house.client()
        await peer.send(MESSAGE, "bob@example.net", "bob@EXAMPLE.net", "Bob@example.net")
        taken = [str(one.forward_path.mailbox) for one in house.store.messages[0].recipients]
        assert taken == ["bob@example.net", "Bob@example.net"]
        peer.close()


async def test_recipients_need_a_domain_and_postmaster_is_always_known() -> None:
    """C-062, C-011."""
    async with open_house() as house:
        peer = await house.client()
        await peer.say("MAIL FROM:<alice@example.com>")
        assert (await peer.say("RCPT TO:<user>"))[:9] in ("501 5.1.3", "550 5.1.2")
        assert (await peer.say("RCPT TO:<user@host>"))[:9] in ("501 5.1.3", "550 5.1.2")
        assert (await peer.say("RCPT TO:<Postmaster>")).startswith("250 ")
        peer.close()


async def test_recipients_over_the_accounts_rate_are_told_when_to_try_again() -> None:
    limits = Limits(greeting_delay=timedelta(0), recipients_per_hour=2)
    async with open_house(limits=limits) as house:
        peer = await house.client()
        await peer.say("MAIL FROM:<alice@example.com>")
        assert (await peer.say("RCPT TO:<bob@example.net>")).startswith("250 ")
        assert (await peer.say("RCPT TO:<carol@example.net>")).startswith("250 ")
        reply = await peer.say("RCPT TO:<dave@example.net>")
        assert reply.startswith("451 4.7.1 More than 2 recipients an hour; try again in ")
        assert (await peer.say("DATA")).startswith("354 ")
        peer.writer.write(MESSAGE + b".\r\n")
        assert (await peer.hear()).startswith(ACCEPTED)
        assert len(house.store.messages[0].recipients) == 2
        peer.close()


# -- the message ---------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
async def test_an_accepted_message_is_queued_and_the_reply_names_its_queue_id(tls: bool) -> None:
    """C-024."""
    async with open_house() as house:
        peer = await house.client(tls=tls)
        reply = await peer.send(MESSAGE)
        assert reply.startswith(ACCEPTED)
        message = house.store.messages[0]
        assert house.told.accepted_ids == [message.message_id]
        assert ("accepted", reply.removeprefix(ACCEPTED), "1") in house.notebook.lines
        assert b"".join(message.content.blocks()).endswith(b"\r\n\r\nHello, Bob.\r\n")
        assert message.source["address"] == "127.0.0.1"
        assert message.source["client"] == "client.example.com"
        assert len(message.events) == 1
        peer.close()


async def test_a_whole_pipelined_transaction_in_one_packet_is_answered_in_order() -> None:
    """C-020, S-06: the second transaction passes every check again."""
    async with open_house() as house:
        peer = await house.client()
        one = b"MAIL FROM:<alice@example.com>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"
        two = b"MAIL FROM:<alice@example.net>\r\nRCPT TO:<bob@example.net>\r\nDATA\r\n"
        peer.writer.write(one + MESSAGE + b".\r\n" + two + one + MESSAGE + b".\r\nQUIT\r\n")
        replies = [(await peer.hear())[:9] for _ in range(12)]
        accepted, refused = ["250 2.1.0", "250 2.1.5", "354 End d", "250 2.0.0"], "503 5.5.1"
        assert replies == [*accepted, "550 5.7.1", refused, refused, *accepted, "221 2.0.0"]
        assert await peer.hear_the_end() == b""
        assert len(house.store.messages) == 2


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (StorageFull("full"), "452 4.3.1 "),
        (StoreBroken("a sync failed"), "451 4.3.0 "),
        (RuntimeError("a bug"), "451 4.3.0 "),
    ],
)
async def test_a_commit_that_fails_is_never_250_and_the_session_goes_on(
    failure: Exception, expected: str
) -> None:
    """R-20, R-24; the log has the queue-id."""
    async with open_house() as house:
        peer = await house.client()
        house.store.failure = failure
        assert (await peer.send(MESSAGE)).startswith(expected)
        assert house.told.accepted_ids == []
        house.store.failure = None
        assert (await peer.send(MESSAGE)).startswith(ACCEPTED)
        assert house.notebook.troubles == ([] if isinstance(failure, StorageFull) else [failure])
        peer.close()


async def test_no_room_is_told_at_mail() -> None:
    """R-20."""
    async with open_house() as house:
        peer = await house.client()
        house.store.has_space = False
        assert (await peer.say("MAIL FROM:<alice@example.com>")).startswith("452 4.3.1 ")
        house.store.has_space = True
        assert (await peer.send(MESSAGE)).startswith(ACCEPTED)
        peer.close()


async def test_a_size_declared_over_the_limit_is_refused_and_the_limit_named() -> None:
    """C-030."""
    async with open_house() as house:
        peer = await house.client()
        reply = await peer.say("MAIL FROM:<alice@example.com> SIZE=10485761")
        assert reply.startswith("552 5.3.4 ")
        assert "10485760" in reply
        assert (await peer.say("MAIL FROM:<alice@example.com> SIZE=10485760")).startswith("250 ")
        peer.close()


async def test_a_message_of_ten_megabytes_goes_to_the_disk_as_it_comes() -> None:
    """C-031, S-22: and one octet more is refused, with nothing kept."""
    async with open_house() as house:
        peer = await house.client()
        line = b"x" * 998 + b"\r\n"
        body = line * ((10_485_760 - len(MESSAGE)) // len(line))
        body += b"y" * (10_485_760 - len(MESSAGE) - len(body) - 2) + b"\r\n"
        assert (await peer.send(MESSAGE + body)).startswith(ACCEPTED)
        assert house.store.messages[0].content.size >= 10_485_760
        assert (b"".join(house.store.messages[0].content.blocks())).endswith(body[-2000:])
        assert (await peer.send(MESSAGE + b"z" + body)).startswith("552 5.3.4 ")
        assert len(house.store.messages) == 1
        assert house.store.spools[1].is_discarded
        assert (await peer.send(MESSAGE)).startswith(ACCEPTED)
        peer.close()


@pytest.mark.parametrize("failure", [StorageFull("full"), OSError("the disk")])
async def test_a_spool_that_fails_is_told_after_the_dot(failure: Exception) -> None:
    """R-20, R-24."""
    async with open_house(KeptMail(spool_failure=failure)) as house:
        peer = await house.client()
        expected = "452 4.3.1 " if isinstance(failure, StorageFull) else "451 4.3.0 "
        assert (await peer.send(MESSAGE + b"x\r\n" * 50_000)).startswith(expected)
        assert house.store.messages == []
        assert house.store.spools[0].is_discarded
        assert (await peer.send(MESSAGE)).startswith(ACCEPTED)
        peer.close()


async def test_a_big_message_broken_off_leaves_no_spool() -> None:
    """R-04."""
    async with open_house() as house:
        peer = await house.client()
        await peer.say("MAIL FROM:<alice@example.com>")
        await peer.say("RCPT TO:<bob@example.net>")
        await peer.say("DATA")
        peer.writer.write(MESSAGE + b"x\r\n" * 50_000)
        await peer.writer.drain()
        await house.store.spooling.wait()
        peer.close()
        await house.notebook.until("closed", "lost")
        assert house.store.spools[0].is_discarded
        assert house.store.messages == []


async def test_chunks_become_one_message() -> None:
    """C-034."""
    async with open_house() as house:
        peer = await house.client()
        await peer.say("MAIL FROM:<alice@example.com>")
        await peer.say("RCPT TO:<bob@example.net>")
        first, second = MESSAGE[:30], MESSAGE[30:]
        peer.writer.write(b"BDAT 30\r\n" + first)
        assert (await peer.hear()).startswith("250 ")
        peer.writer.write(b"BDAT %d LAST\r\n" % len(second) + second)
        assert (await peer.hear()).startswith(ACCEPTED)
        assert b"".join(house.store.messages[0].content.blocks()).endswith(b"Hello, Bob.\r\n")
        peer.close()


async def test_a_million_octets_in_chunks_of_one_use_little_memory() -> None:
    """S-22: BDAT abuse; here a small campaign, bounded by the size limit."""
    profile = ServerProfile(hostname=HOSTNAME, max_size=2000)
    async with open_house(profile=profile) as house:
        peer = await house.client()
        await peer.say("MAIL FROM:<alice@example.com>")
        await peer.say("RCPT TO:<bob@example.net>")
        peer.writer.write(b"BDAT 1\r\nx" * 3000 + b"BDAT 0 LAST\r\n")
        replies = [(await peer.hear())[:4] for _ in range(2000)]
        assert set(replies) == {"250 "}
        last = replies[-1]
        for _ in range(1001):
            last = await peer.hear()
            if not last.startswith("250 "):
                break
        assert last.startswith("552 5.3.4 ")
        assert house.store.messages == []
        peer.close()


async def test_smuggled_ends_are_one_transaction_and_nothing_is_stored() -> None:
    """S-01."""
    tails = [
        b"\n.\n",
        b"\n.\r\n",
        b"\r.\r\n",
        b"\r.\r",
        b"\r.\n",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\r\n\0.\r\n",
    ]
    async with open_house() as house:
        peer = await house.client()
        for tail in tails:
            smuggled = MESSAGE + b"a" + tail + b"MAIL FROM:<evil@example.com>\r\n"
            reply = await peer.send(smuggled)
            if tail == b"\r\n\0.\r\n":
                continue  # its line ends are right; the NUL is the content's affair
            assert reply.startswith("550 5.5.2 "), tail
            assert await peer.say("NOOP") == "250 2.0.0 Ok"
        assert len(house.store.messages) <= 1
        peer.close()
