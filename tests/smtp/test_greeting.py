"""How a session opens: banner, EHLO or HELO, STARTTLS (C-110, C-117, C-118)."""

from __future__ import annotations

import pytest

from sztafeta.smtp.dialogue import Heard, Step, Trouble, TroubleKind
from sztafeta.smtp.greeting import NOTHING, Greeting, Offers, read_offers
from sztafeta.smtp.reply import Reply, reply

BANNER = reply(220, None, "mx.example.net")
PLAIN = reply(250, None, "mx.example.net", "PIPELINING", "SIZE 1000")
WITH_TLS = reply(250, None, "mx.example.net", "STARTTLS", "8BITMIME")


def greet(*replies: Reply, wants_tls: bool = True) -> tuple[Greeting, list[bytes]]:
    greeting = Greeting("relay.example.com", wants_tls=wants_tls)
    return greeting, [greeting.hear(one) for one in replies]


def test_the_extensions_we_use_are_read() -> None:
    lines = "PIPELINING SIZE~5 8BITMIME SMTPUTF8 DSN CHUNKING STARTTLS ENHANCEDSTATUSCODES HELP"
    words = [word.replace("~", " ") for word in lines.split()]
    assert read_offers(reply(250, None, "mx", *words)) == Offers(
        pipelining=True,
        size=5,
        eight_bit=True,
        smtputf8=True,
        dsn=True,
        chunking=True,
        starttls=True,
        enhanced_status=True,
    )


def test_keywords_come_in_any_case_and_the_first_line_is_no_keyword() -> None:
    assert read_offers(reply(250, None, "PIPELINING", "size 7", "Dsn")) == Offers(size=7, dsn=True)


@pytest.mark.parametrize(
    "size", ["SIZE", "SIZE 0", "SIZE many", "SIZE -1", "SIZE ٣", "SIZE " + "9" * 21]
)
def test_a_size_that_says_nothing_is_no_limit(size: str) -> None:
    """RFC 1870 §4"""
    assert read_offers(reply(250, None, "mx", size)).size is None


def test_a_polite_hop_is_ready_after_ehlo() -> None:
    greeting, said = greet(BANNER, PLAIN)
    assert said == [b"EHLO relay.example.com\r\n", b""]
    assert greeting.is_over
    assert greeting.offers == Offers(pipelining=True, size=1000)


@pytest.mark.parametrize("code", [500, 502, 550, 554])
def test_a_refused_ehlo_is_followed_by_helo(code: int) -> None:
    """C-110: RFC 5321 §3.2; HELO offers nothing."""
    greeting, said = greet(BANNER, reply(code, None, "What?"), reply(250, None, "mx"))
    assert said == [b"EHLO relay.example.com\r\n", b"HELO relay.example.com\r\n", b""]
    assert greeting.offers == NOTHING


@pytest.mark.parametrize("code", [450, 421, 554])
def test_a_refused_banner_is_what_the_hop_said(code: int) -> None:
    """R-45, R-46"""
    no = reply(code, None, "No")
    greeting, said = greet(no)
    assert said == [b""]
    assert greeting.heard == Heard(Step.BANNER, no)


@pytest.mark.parametrize("code", [450, 421])
def test_a_temporary_refusal_of_ehlo_leads_nowhere_here(code: int) -> None:
    """C-110: 4xx and 421 → other MX."""
    no = reply(code, None, "Later")
    greeting, _ = greet(BANNER, no)
    assert greeting.heard == Heard(Step.EHLO, no)


def test_a_refused_helo_is_the_answer() -> None:
    no = reply(550, None, "No")
    greeting, _ = greet(BANNER, reply(502, None, "What?"), no)
    assert greeting.heard == Heard(Step.EHLO, no)


@pytest.mark.parametrize("code", [199, 354])
def test_a_code_out_of_place_is_a_temporary_fault_of_the_protocol(code: int) -> None:
    """C-131"""
    for before in ([], [BANNER]):
        greeting, _ = greet(*before, reply(code, None, "Go"))
        assert greeting.heard is not None
        said = greeting.heard.said
        assert isinstance(said, Trouble)
        assert said.kind is TroubleKind.PROTOCOL


def test_starttls_is_asked_for_and_ehlo_said_again() -> None:
    """C-118"""
    greeting, said = greet(BANNER, WITH_TLS, reply(220, None, "Go"))
    assert said[-2:] == [b"STARTTLS\r\n", b""]
    assert greeting.wants_handshake
    assert not greeting.is_over
    assert greeting.after_tls() == b"EHLO relay.example.com\r\n"
    assert greeting.hear(reply(250, None, "mx", "STARTTLS", "DSN")) == b""
    assert greeting.offers == Offers(starttls=True, dsn=True)


def test_a_refused_starttls_leaves_the_offers_of_the_clear() -> None:
    """C-117: whether to go on is decided by who dialled."""
    no = reply(454, None, "Not now")
    greeting, _ = greet(BANNER, WITH_TLS, no)
    assert greeting.offers == Offers(starttls=True, eight_bit=True)
    assert greeting.tls_refusal == no


def test_tls_is_not_asked_for_when_not_wanted_or_not_offered() -> None:
    assert greet(BANNER, WITH_TLS, wants_tls=False)[0].is_over
    assert greet(BANNER, PLAIN)[0].is_over


def test_a_lost_wire_ends_the_greeting_where_it_stands() -> None:
    closed = Trouble(TroubleKind.CLOSED, "gone")
    greeting, _ = greet(BANNER)
    greeting.lose(closed)
    assert greeting.heard == Heard(Step.EHLO, closed)
    greeting.lose(Trouble(TroubleKind.TIMEOUT, "late"))
    assert greeting.heard == Heard(Step.EHLO, closed)
