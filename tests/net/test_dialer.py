"""The dialler and its connections against a scripted MX on a real socket, on the loop of production."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import trustme
import uvloop
from tests.doubles.parcels import HELLO, SIGNATURE, parcel_to
from tests.doubles.scripted_mx import EHLO, EHLO_BARE, Close, Hang, Reset, Say, ScriptedMx

from sztafeta.delivery.egress import EgressSource
from sztafeta.delivery.route import Hop, Route
from sztafeta.delivery.tls_policy import TlsRequirement
from sztafeta.delivery.verdict import Answer, Failure, FailureKind, Stage
from sztafeta.net.address_wall import AddressWall
from sztafeta.net.connections import SmtpConnection
from sztafeta.net.dialer import SmtpDialer, TlsContexts, system_contexts
from sztafeta.net.timeouts import ClientTimeouts
from sztafeta.service.ports import DialFailure
from sztafeta.smtp.reply import Reply

SOURCE = EgressSource(name="default", ehlo_name="relay.example.com")
EHLO_TLS = EHLO.replace("250 DSN", "250-DSN\r\n250 STARTTLS")
PATIENT = ClientTimeouts()


@pytest.fixture(scope="module")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    return uvloop.EventLoopPolicy()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mx.example.net").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def contexts(authority: trustme.CA) -> TlsContexts:
    verified = ssl.create_default_context()
    authority.configure_trust(verified)
    return TlsContexts(unverified=system_contexts().unverified, verified=verified)


def dialer_to(
    *mxs: ScriptedMx,
    timeouts: ClientTimeouts = PATIENT,
    contexts: TlsContexts | None = None,
    chunking: bool = False,
) -> SmtpDialer:
    return SmtpDialer(wall=AddressWall(), timeouts=timeouts, contexts=contexts, chunking=chunking)


def route_to(*mxs: ScriptedMx, host: str = "mx.example.net") -> Route:
    hops = tuple(
        Hop(host=host, addresses=(mx.address,), port=mx.port, is_configured=True) for mx in mxs
    )
    return Route(site="example.net", hops=hops, valid_for_seconds=300)


async def dial(
    *mxs: ScriptedMx,
    tls: TlsRequirement = TlsRequirement.OPPORTUNISTIC,
    host: str = "mx.example.net",
    timeouts: ClientTimeouts = PATIENT,
    contexts: TlsContexts | None = None,
    chunking: bool = False,
) -> SmtpConnection | DialFailure:
    dialer = dialer_to(*mxs, timeouts=timeouts, contexts=contexts, chunking=chunking)
    return await dialer.dial(route_to(*mxs, host=host), source=SOURCE, tls=tls)


def opened(dialled: SmtpConnection | DialFailure) -> SmtpConnection:
    assert isinstance(dialled, SmtpConnection), dialled
    return dialled


def failed(dialled: SmtpConnection | DialFailure) -> DialFailure:
    assert isinstance(dialled, DialFailure), dialled
    return dialled


def code_of(answer: Answer) -> int:
    assert isinstance(answer.said, Reply), answer
    return answer.said.code


def kind_of(answer: Answer) -> FailureKind:
    assert isinstance(answer.said, Failure), answer
    return answer.said.kind


# -- the good path -------------------------------------------------------------------------------------


async def test_a_message_arrives_byte_for_byte_behind_our_signature() -> None:
    async with ScriptedMx() as mx:
        connection = opened(await dial(mx))
        dialogue = await connection.transact(parcel_to("bob@example.net", "carol@example.net"))
        assert [code_of(answer) for answer in dialogue.answers] == [250, 250]
        assert {answer.stage for answer in dialogue.answers} == {Stage.DOT}
        assert dialogue.reusable
        assert dialogue.transcript == ""
        assert dialogue.dsn_passed
        assert connection.hop == f"mx.example.net[127.0.0.1]:{mx.port}"
        assert mx.ledger[0].content == SIGNATURE + HELLO
        assert mx.ledger[0].recipients == ("bob@example.net", "carol@example.net")


async def test_a_kept_connection_carries_many_messages_without_rset() -> None:
    """C-127: RSET only after a transaction that did not end well."""
    async with ScriptedMx({"DOT": ["250 2.0.0 Ok", "451 4.3.0 Later", "250 2.0.0 Ok"]}) as mx:
        connection = opened(await dial(mx))
        for _ in range(4):
            await connection.transact(parcel_to("bob@example.net"))
        assert connection.transactions == 4
        assert len(mx.sessions) == 1
        assert mx.sessions[0].count("RSET") == 1
        assert [copy.answer[:3] for copy in mx.ledger] == ["250", "451", "250", "250"]


@pytest.mark.parametrize("chunking", [False, True])
async def test_content_of_many_blocks_is_streamed_to_a_hop(chunking: bool) -> None:
    big = HELLO + b"".join(b".%07d is a line of the message\r\n" % n for n in range(40_000))
    async with ScriptedMx() as mx:
        connection = opened(await dial(mx, chunking=chunking))
        dialogue = await connection.transact(parcel_to("bob@example.net", content=big))
        assert code_of(dialogue.answers[0]) == 250
        assert mx.ledger[0].content == SIGNATURE + big


async def test_quit_is_said_and_not_waited_for() -> None:
    """C-128: the result of the last message stands, whatever becomes of QUIT."""
    never = asyncio.Event()
    async with ScriptedMx({"QUIT": Hang(never)}) as mx:
        connection = opened(await dial(mx))
        dialogue = await connection.transact(parcel_to("bob@example.net"))
        await connection.quit()
        assert not connection.is_usable()
        assert code_of(dialogue.answers[0]) == 250
        connection.abort()
        never.set()
        await mx.has_ended(1)
        assert mx.sessions[0].commands[-1] == "QUIT"


# -- hops in order ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("banner", ["554 5.3.2 No service", "521 No mail here", "421 4.3.2 Busy"])
async def test_a_hop_that_greets_with_a_refusal_is_left_for_the_next(banner: str) -> None:
    """R-45, R-46, C-113: 5xx, 521 and 421 banners."""
    async with ScriptedMx({"BANNER": banner}) as grumpy, ScriptedMx() as mx:
        connection = opened(await dial(grumpy, mx))
        assert connection.hop.endswith(f":{mx.port}")


async def test_only_a_refusal_by_all_hops_is_for_good() -> None:
    """R-46, C-113: one temporary answer outweighs any number of permanent ones."""
    no = {"BANNER": "554 5.3.2 No service"}
    async with (
        ScriptedMx(no) as one,
        ScriptedMx({"BANNER": "421 4.3.2 Busy"}) as two,
        ScriptedMx(no) as three,
    ):
        assert code_of(failed(await dial(one, three)).answer) == 554
        failure = failed(await dial(one, two, three))
    assert failure.answer.stage is Stage.BANNER
    assert code_of(failure.answer) == 421
    assert failure.tried == 3
    assert failure.hop == f"mx.example.net[127.0.0.1]:{two.port}"
    assert "S: 421 4.3.2 Busy" in failure.transcript


@pytest.mark.parametrize("ehlo", ["450 4.7.0 Later", "421 4.3.2 Busy", Close(), Reset()])
async def test_a_hop_that_fails_at_ehlo_is_left_for_the_next(ehlo: str | Close | Reset) -> None:
    """R-45, C-110: 4xx and 421 at EHLO lead to the other MX."""
    async with ScriptedMx({"EHLO": ehlo}) as broken, ScriptedMx() as mx:
        assert opened(await dial(broken, mx)).hop.endswith(f":{mx.port}")
        failure = failed(await dial(broken))
        assert failure.answer.stage is Stage.EHLO


@pytest.mark.parametrize("ehlo", ["500 5.5.1 What?", "502 5.5.1 Not implemented"])
async def test_a_hop_without_ehlo_is_greeted_with_helo(ehlo: str) -> None:
    """C-110: and then offers nothing, so that commands go one by one."""
    async with ScriptedMx({"EHLO": ehlo}) as mx:
        connection = opened(await dial(mx))
        dialogue = await connection.transact(parcel_to("bob@example.net"))
        assert code_of(dialogue.answers[0]) == 250
        assert mx.sessions[0].commands[1:3] == [
            "HELO relay.example.com",
            "MAIL FROM:<alice@example.com>",
        ]


async def test_a_refused_connection_leads_to_the_next_address() -> None:
    """C-111: at once, not after five minutes."""
    async with ScriptedMx() as mx:
        async with ScriptedMx() as closed:
            pass
        dialer = dialer_to(mx, closed)
        connection = opened(
            await dialer.dial(route_to(closed, mx), source=SOURCE, tls=TlsRequirement.NONE)
        )
        assert connection.hop.endswith(f":{mx.port}")
        failure = failed(
            await dialer.dial(route_to(closed), source=SOURCE, tls=TlsRequirement.NONE)
        )
        assert failure.answer.stage is Stage.CONNECT
        assert kind_of(failure.answer) is FailureKind.REFUSED


async def test_a_silent_hop_is_left_after_its_timeout() -> None:
    """R-47: the banner's timeout is a setting; here it is over at once."""
    hurried = ClientTimeouts(banner=timedelta(milliseconds=20))
    never = asyncio.Event()
    async with ScriptedMx({"BANNER": Hang(never)}) as silent, ScriptedMx() as mx:
        failure = failed(await dial(silent, timeouts=hurried))
        assert failure.answer.stage is Stage.BANNER
        assert kind_of(failure.answer) is FailureKind.TIMEOUT
        assert opened(await dial(silent, mx, timeouts=ClientTimeouts(banner=timedelta(seconds=1))))
        never.set()


async def test_a_route_without_addresses_is_a_failure_of_the_route() -> None:
    empty = Route(site="example.net", hops=(), valid_for_seconds=1)
    failure = failed(await dialer_to().dial(empty, source=SOURCE, tls=TlsRequirement.NONE))
    assert failure.answer.stage is Stage.ROUTE
    assert failure.tried == 0


async def test_we_call_from_the_address_of_the_egress_source() -> None:
    source = EgressSource(name="two", ehlo_name="two.example.com", ipv4="127.0.0.2")
    async with ScriptedMx() as mx:
        dialled = await dialer_to(mx).dial(
            route_to(mx), source=source, tls=TlsRequirement.OPPORTUNISTIC
        )
        wire = opened(dialled)._transport
        assert wire is not None
        assert wire.get_extra_info("sockname")[0] == "127.0.0.2"
        assert mx.sessions[0].commands[0] == "EHLO two.example.com"


async def test_a_dedicated_source_is_not_left_for_an_address_of_the_other_kind() -> None:
    source = EgressSource(name="six", ehlo_name="six.example.com", ipv6="::1", is_dedicated=True)
    async with ScriptedMx() as mx:
        dialled = await dialer_to(mx).dial(
            route_to(mx), source=source, tls=TlsRequirement.OPPORTUNISTIC
        )
        failure = failed(dialled)
        assert kind_of(failure.answer) is FailureKind.UNREACHABLE
        assert mx.sessions == []


# -- the wall (R-67) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "0.0.0.0", "169.254.169.254", "10.1.2.3"])
async def test_a_forbidden_address_gets_no_packet(address: str) -> None:
    """R-67: whatever port it is."""
    async with ScriptedMx() as mx:
        dialer = SmtpDialer(wall=AddressWall(), timeouts=PATIENT)
        hop = Hop(host="mx.example.net", addresses=(address,), port=mx.port)
        route = Route(site="example.net", hops=(hop,), valid_for_seconds=1)
        failure = failed(await dialer.dial(route, source=SOURCE, tls=TlsRequirement.NONE))
        assert kind_of(failure.answer) is FailureKind.FORBIDDEN_ADDRESS
        assert failure.tried == 0
        assert mx.sessions == []


async def test_a_route_may_name_a_host_whose_address_is_private() -> None:
    """R-67: unless a route says so, by address or by name; in demo mode nothing but the named ones."""
    async with ScriptedMx() as mx:
        hop = Hop(host="smtp.internal", addresses=(mx.address,), port=mx.port, is_configured=True)
        route = Route(site="smtp.internal:25", hops=(hop,), valid_for_seconds=1)
        dialer = SmtpDialer(wall=AddressWall(), timeouts=PATIENT)
        assert opened(await dialer.dial(route, source=SOURCE, tls=TlsRequirement.NONE))
        demo = SmtpDialer(wall=AddressWall(only=[("127.0.0.1", 1)]), timeouts=PATIENT)
        failure = failed(await demo.dial(route, source=SOURCE, tls=TlsRequirement.NONE))
        assert kind_of(failure.answer) is FailureKind.FORBIDDEN_ADDRESS


async def test_a_forbidden_address_is_passed_over_for_the_next_hop() -> None:
    async with ScriptedMx() as mx:
        hops = (Hop(host="bad.example.net", addresses=("10.0.0.1",)), *route_to(mx).hops)
        route = Route(site="example.net", hops=hops, valid_for_seconds=1)
        assert opened(await dialer_to(mx).dial(route, source=SOURCE, tls=TlsRequirement.NONE))


# -- TLS (R-49, C-117, C-118) --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tls", [TlsRequirement.OPPORTUNISTIC, TlsRequirement.ENCRYPTED, TlsRequirement.VERIFIED]
)
async def test_mail_goes_encrypted_and_ehlo_is_said_again(
    tls: TlsRequirement, server_tls: ssl.SSLContext, contexts: TlsContexts
) -> None:
    """C-118: extensions from inside TLS only."""
    inside = "250-mx.example.net\r\n250 SIZE 5000"
    async with ScriptedMx({"EHLO": [EHLO_TLS, inside]}, tls=server_tls) as mx:
        connection = opened(await dial(mx, tls=tls, contexts=contexts))
        assert connection.tls.startswith("TLSv1.3 TLS_")
        assert connection.session.offers.size == 5000
        assert not connection.session.offers.pipelining
        dialogue = await connection.transact(parcel_to("bob@example.net"))
        assert code_of(dialogue.answers[0]) == 250
        assert mx.sessions[0].is_encrypted
        assert mx.sessions[0].count("EHLO") == 2


async def test_big_content_goes_through_tls(
    server_tls: ssl.SSLContext, contexts: TlsContexts
) -> None:
    big = HELLO + b"0123456789 " * 10 + b"\r\n"
    big += big * 8_000
    async with ScriptedMx({"EHLO": EHLO_TLS}, tls=server_tls) as mx:
        connection = opened(await dial(mx, contexts=contexts))
        dialogue = await connection.transact(parcel_to("bob@example.net", content=big))
        assert code_of(dialogue.answers[0]) == 250
        assert mx.ledger[0].content == SIGNATURE + big


async def test_a_certificate_for_another_name_is_enough_unless_it_must_be_verified(
    server_tls: ssl.SSLContext, contexts: TlsContexts
) -> None:
    """R-49: VERIFIED defers, never sends in the clear; OPPORTUNISTIC does not look."""
    async with ScriptedMx({"EHLO": EHLO_TLS}, tls=server_tls) as mx:
        failure = failed(
            await dial(mx, tls=TlsRequirement.VERIFIED, contexts=contexts, host="other.example.net")
        )
        assert failure.answer.stage is Stage.TLS
        assert kind_of(failure.answer) is FailureKind.TLS
        assert len(mx.sessions) == 1
        assert opened(await dial(mx, contexts=contexts, host="other.example.net")).tls


@pytest.mark.parametrize("after", [Say((b"220 go\r\n", b"no TLS here\r\n")), Close(b"220 go\r\n")])
async def test_a_failed_handshake_is_retried_once_in_the_clear(after: Say | Close) -> None:
    """R-49: on a new connection, and only where TLS is a wish."""
    async with ScriptedMx({"EHLO": EHLO_TLS, "STARTTLS": after}) as mx:
        connection = opened(await dial(mx))
        assert connection.tls == ""
        dialogue = await connection.transact(parcel_to("bob@example.net"))
        assert code_of(dialogue.answers[0]) == 250
        assert len(mx.sessions) == 2
        assert mx.sessions[1].count("STARTTLS") == 0


@pytest.mark.parametrize("tls", [TlsRequirement.ENCRYPTED, TlsRequirement.VERIFIED])
async def test_where_encryption_is_demanded_a_failed_handshake_defers(tls: TlsRequirement) -> None:
    """R-49"""
    async with ScriptedMx({"EHLO": EHLO_TLS, "STARTTLS": Close(b"220 go\r\n")}) as mx:
        failure = failed(await dial(mx, tls=tls))
        assert kind_of(failure.answer) is FailureKind.TLS
        assert len(mx.sessions) == 1


async def test_a_handshake_that_hangs_is_given_up() -> None:
    """R-49: after 30 s by default; the setting is short here."""
    hurried = ClientTimeouts(tls=timedelta(milliseconds=30))
    never = asyncio.Event()
    silent = [{"EHLO": EHLO_TLS, "STARTTLS": Say((b"220 go\r\n",)), "\x16": Hang(never)}, {}]
    async with ScriptedMx(sessions=silent) as mx:
        connection = opened(await dial(mx, timeouts=hurried))
        assert connection.tls == ""
        assert len(mx.sessions) == 2
        never.set()


async def test_a_hop_with_old_tls_only_gets_mail_in_the_clear(authority: trustme.CA) -> None:
    """R-49: TLS 1.0 and 1.1 are not spoken (RFC 8996)."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mx.example.net").configure_cert(old)
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1
    async with ScriptedMx({"EHLO": EHLO_TLS}, tls=old) as mx:
        assert opened(await dial(mx)).tls == ""
        assert kind_of(failed(await dial(mx, tls=TlsRequirement.ENCRYPTED)).answer) is (
            FailureKind.TLS
        )


@pytest.mark.parametrize("reply", ["454 4.7.0 TLS not available", "501 5.5.4 No"])
async def test_a_refused_starttls_means_clear_only_where_tls_is_a_wish(reply: str) -> None:
    """C-117: on the same connection."""
    async with ScriptedMx({"EHLO": EHLO_TLS, "STARTTLS": reply}) as mx:
        connection = opened(await dial(mx))
        assert connection.tls == ""
        assert len(mx.sessions) == 1
        failure = failed(await dial(mx, tls=TlsRequirement.ENCRYPTED))
        assert kind_of(failure.answer) is FailureKind.TLS
        assert reply[:3] in failure.answer.said.text


async def test_a_hop_that_offers_no_starttls_is_deferred_where_encryption_is_demanded() -> None:
    """R-49: a stripped STARTTLS is not a reason to send in the clear."""
    async with ScriptedMx() as mx:
        failure = failed(await dial(mx, tls=TlsRequirement.ENCRYPTED))
        assert kind_of(failure.answer) is FailureKind.TLS
        assert mx.sessions[0].count("MAIL") == 0


async def test_what_is_injected_behind_the_220_is_never_obeyed(
    server_tls: ssl.SSLContext, contexts: TlsContexts
) -> None:
    """S-11: and the hop is not asked again in the clear."""
    injected = Say((b"220 go\r\n250-AUTH PLAIN\r\n250 SIZE 1\r\n",))
    async with ScriptedMx({"EHLO": EHLO_TLS, "STARTTLS": injected}) as mx:
        failure = failed(await dial(mx, contexts=contexts))
        assert kind_of(failure.answer) is FailureKind.TLS
        assert "in the clear" in failure.answer.said.text
        assert len(mx.sessions) == 1


async def test_a_421_to_starttls_leads_to_the_next_hop() -> None:
    """R-45"""
    async with (
        ScriptedMx({"EHLO": EHLO_TLS, "STARTTLS": "421 4.3.2 Bye"}) as one,
        ScriptedMx() as mx,
    ):
        assert opened(await dial(one, mx)).hop.endswith(f":{mx.port}")


async def test_tls_is_not_asked_for_on_a_trusted_wire() -> None:
    async with ScriptedMx({"EHLO": EHLO_TLS}) as mx:
        assert opened(await dial(mx, tls=TlsRequirement.NONE))
        assert mx.sessions[0].count("STARTTLS") == 0


async def test_tls_that_dies_in_the_middle_is_a_closed_connection(
    server_tls: ssl.SSLContext, contexts: TlsContexts
) -> None:
    """R-49: deferred, nothing delivered."""
    for step in ("MAIL", "DATA", "DOT"):
        async with ScriptedMx({"EHLO": EHLO_TLS, step: Reset()}, tls=server_tls) as mx:
            connection = opened(await dial(mx, contexts=contexts))
            dialogue = await connection.transact(parcel_to("bob@example.net"))
            assert kind_of(dialogue.answers[0]) is FailureKind.CLOSED
            assert not dialogue.reusable


# -- the connection breaks (R-41, R-44, R-45) ------------------------------------------------------


@pytest.mark.parametrize("action", [Close(), Reset(), Close(b"250 2.0.0 half a rep")])
async def test_a_stored_message_without_an_answer_is_deferred_at_the_dot(
    action: Close | Reset,
) -> None:
    """R-41: the outcome is unknown, so the same bytes are tried again."""
    async with ScriptedMx({"DOT": [action]}) as mx:
        for _ in range(2):
            connection = opened(await dial(mx))
            dialogue = await connection.transact(parcel_to("bob@example.net"))
            assert dialogue.answers[0].stage is Stage.DOT
            assert kind_of(dialogue.answers[0]) is FailureKind.CLOSED
            assert not dialogue.stale
            assert not dialogue.reusable
        assert {copy.phase for copy in mx.ledger} == {"DOT"}
        assert len({copy.sha256 for copy in mx.ledger}) == 1


async def test_a_dot_that_is_never_answered_times_out_at_the_dot() -> None:
    """R-41: times out instead of 250."""
    hurried = ClientTimeouts(dot=timedelta(milliseconds=20))
    never = asyncio.Event()
    async with ScriptedMx({"DOT": Hang(never)}) as mx:
        connection = opened(await dial(mx, timeouts=hurried))
        dialogue = await connection.transact(parcel_to("bob@example.net"))
        assert dialogue.answers[0].stage is Stage.DOT
        assert kind_of(dialogue.answers[0]) is FailureKind.TIMEOUT
        assert not connection.is_usable()
        never.set()


@pytest.mark.parametrize("goodbye", ["421 4.4.2 Idle for too long", Close(), Reset()])
async def test_a_kept_connection_that_has_ended_is_reported_as_stale(
    goodbye: str | Close | Reset,
) -> None:
    """R-45: a 421 or a close between two messages is a reconnect, not an attempt."""
    async with ScriptedMx({"MAIL": ["250 2.1.0 Ok", goodbye]}) as mx:
        connection = opened(await dial(mx))
        assert (await connection.transact(parcel_to("bob@example.net"))).reusable
        dialogue = await connection.transact(parcel_to("bob@example.net"))
        assert dialogue.stale
        assert dialogue.answers == (
            Answer(Stage.MAIL, Failure(FailureKind.CLOSED, "the hop closed the connection")),
        )
        assert len(mx.ledger) == 1


async def test_a_421_to_the_first_message_is_an_attempt() -> None:
    """R-45: only a reused connection can be stale."""
    async with ScriptedMx({"MAIL": "421 4.7.0 Too many connections"}) as mx:
        connection = opened(await dial(mx))
        dialogue = await connection.transact(parcel_to("bob@example.net", "carol@example.net"))
        assert not dialogue.stale
        assert [code_of(answer) for answer in dialogue.answers] == [421, 421]
        assert not dialogue.reusable


async def test_a_close_between_messages_is_seen_before_use() -> None:
    """R-45: `is_usable` says no, and a transaction that comes anyway is stale."""
    async with ScriptedMx({"DOT": Close(b"250 2.0.0 Ok\r\n")}) as mx:
        connection = opened(await dial(mx))
        assert code_of((await connection.transact(parcel_to("b@example.net"))).answers[0]) == 250
        await mx.has_ended(1)
        while connection.is_usable():  # noqa: ASYNC110 - seen in a turn of the loop, not told
            await asyncio.sleep(0)
        assert (await connection.transact(parcel_to("bob@example.net"))).stale


async def test_an_unasked_word_makes_a_connection_unusable() -> None:
    async with ScriptedMx({"DOT": Say((b"250 2.0.0 Ok\r\n421 4.4.2 Bye\r\n",))}) as mx:
        connection = opened(await dial(mx))
        dialogue = await connection.transact(parcel_to("bob@example.net"))
        assert code_of(dialogue.answers[0]) == 250
        assert not dialogue.reusable


async def test_a_canceled_attempt_cuts_the_connection() -> None:
    never = asyncio.Event()
    async with ScriptedMx({"DOT": Hang(never)}) as mx:
        connection = opened(await dial(mx))
        attempt = asyncio.ensure_future(connection.transact(parcel_to("bob@example.net")))
        while not mx.ledger:  # noqa: ASYNC110 - the copy is noted in a turn of the loop
            await asyncio.sleep(0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        assert not connection.is_usable()
        never.set()


@pytest.fixture
async def bare_mx() -> AsyncIterator[ScriptedMx]:
    async with ScriptedMx({"EHLO": EHLO_BARE}) as mx:
        yield mx


async def test_without_pipelining_commands_go_one_by_one(bare_mx: ScriptedMx) -> None:
    """C-115"""
    connection = opened(await dial(bare_mx))
    dialogue = await connection.transact(parcel_to("bob@example.net", "carol@example.net"))
    assert [code_of(answer) for answer in dialogue.answers] == [250, 250]
    assert not dialogue.dsn_passed
