"""Replies from the wire: tolerant, bounded, and the same however they are split (R-42, S-52)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.smtp.reply import Reply, encode_reply, reply
from sztafeta.smtp.reply_parser import (
    MAX_CONTINUATIONS,
    MAX_LINE,
    MAX_TEXT,
    ReplyFault,
    ReplyParser,
    shortened,
)


def parse(octets: bytes) -> list[Reply | str]:
    """Give all replies; a fault ends the list as its sentence."""
    return parse_pieces([octets])


def parse_pieces(pieces: list[bytes]) -> list[Reply | str]:
    parser = ReplyParser()
    found: list[Reply | str] = []
    try:
        for piece in pieces:
            parser.feed(piece)
            while (one := parser.take()) is not None:
                found.append(one)
    except ReplyFault as fault:
        found.append(str(fault))
    return found


def only(octets: bytes) -> Reply:
    (one,) = parse(octets)
    assert isinstance(one, Reply), one
    return one


def fault_of(octets: bytes) -> str:
    (one,) = parse(octets)
    assert isinstance(one, str), one
    return one


# -- what is accepted -----------------------------------------------------------------------


def test_code_status_and_text_are_three_fields() -> None:
    assert only(b"250 2.1.5 Recipient ok\r\n") == reply(250, "2.1.5", "Recipient ok")


def test_replies_come_one_by_one_in_their_order() -> None:
    assert parse(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 Go\r\n") == [
        reply(250, "2.1.0", "Ok"),
        reply(250, "2.1.5", "Ok"),
        reply(354, None, "Go"),
    ]


def test_a_line_said_twice_gives_the_same_reply_twice() -> None:
    assert parse(b"250 2.1.0 Ok\r\n" * 40) == [reply(250, "2.1.0", "Ok")] * 40


def test_a_reply_in_three_packets_is_one_reply() -> None:
    """R-42"""
    assert parse_pieces([b"25", b"0-2.0.0 one\r\n250 2.0", b".0 two\r", b"\n"]) == [
        reply(250, "2.0.0", "one", "two")
    ]


def test_a_reply_without_its_end_is_not_complete() -> None:
    """R-42: 250 without CRLF, then close."""
    assert parse(b"250 2.0.0 Ok") == []
    assert parse(b"250-2.0.0 Ok\r\n") == []


@pytest.mark.parametrize("octets", [b"250 ok\n", b"250 ok\r\n"])
def test_a_bare_lf_ends_a_line_of_a_reply(octets: bytes) -> None:
    """R-42"""
    assert only(octets) == reply(250, None, "ok")


@pytest.mark.parametrize("octets", [b"250\r\n", b"250 \r\n", b"250\n"])
def test_a_reply_may_have_no_text(octets: bytes) -> None:
    """RFC 5321 §4.2: a client takes a code alone."""
    assert only(octets) == reply(250, None, "")


def test_a_hundred_continuation_lines_are_taken() -> None:
    """R-42"""
    whole = only(b"250-x\r\n" * MAX_CONTINUATIONS + b"250 end\r\n")
    assert whole.code == 250
    assert len(whole.lines) == MAX_CONTINUATIONS + 1


def test_a_line_of_ten_thousand_octets_is_taken_and_its_text_is_cut() -> None:
    """R-42"""
    taken = only(b"250 2.0.0 " + b"x" * (MAX_LINE - 12) + b"\r\n")
    assert taken.code == 250
    assert str(taken.status) == "2.0.0"
    assert set(taken.text) == {"x"}
    assert len(taken.text) <= MAX_TEXT


def test_an_endless_line_costs_no_memory_and_ends_at_last() -> None:
    parser = ReplyParser()
    parser.feed(b"250 ok ")
    for _ in range(100):
        parser.feed(b"x" * 9_000)
        assert parser.take() is None
        assert len(parser._data) <= MAX_LINE + 9_000
    assert parser.has_unread
    parser.feed(b"\r\n550 no\r\n")
    first, second = parser.take(), parser.take()
    assert first is not None
    assert (first.code, len(first.text)) == (250, MAX_TEXT)
    assert second == reply(550, None, "no")
    assert not parser.has_unread


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"250 nul\x00here\r\n", r"nul\x00here"),
        (b"250 Dzi\xc4\x99ki\r\n", r"Dzi\xc4\x99ki"),
        (b"550 \x1b[31mred\x1b[0m\r\n", r"\x1b[31mred\x1b[0m"),
        (b"550 a\rb\r\n", r"a\x0db"),
        (b"550 \xe2\x80\xaeevil\r\n", r"\xe2\x80\xaeevil"),
        (b"550 <b>no</b>\r\n", "<b>no</b>"),
    ],
)
def test_text_is_kept_as_printable_ascii(octets: bytes, text: str) -> None:
    """R-42, S-52: NUL, 8-bit, ANSI, bidi; the code stands, because it is plain."""
    assert only(octets).text == text


# -- what is a fault ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "octets",
    [
        b"2 50 ok\r\n",
        b"ok\r\n",
        b"\r\n",
        b"\n",
        b"25\r\n",
        b"2500 ok\r\n",
        b"250_ok\r\n",
        b"099 ok\r\n",
        b"600 ok\r\n",
        b"\x00250 ok\r\n",
        b"\xb2\xb5\xb0 ok\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
    ],
)
def test_what_has_no_code_is_a_fault(octets: bytes) -> None:
    """R-42: and a fault is temporary."""
    assert "not a reply" in fault_of(octets)
    assert fault_of(octets).isprintable()


def test_a_reply_of_two_codes_is_a_fault() -> None:
    assert fault_of(b"250-ok\r\n550 no\r\n") == "a reply of two codes: 250 and 550"


def test_more_than_a_hundred_continuation_lines_are_a_fault() -> None:
    """R-42"""
    assert "continuation" in fault_of(b"250-x\r\n" * (MAX_CONTINUATIONS + 1))


# -- S-52: the enhanced status ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "status", "text"),
    [
        (b"550 5.1.1 no such user\r\n", "5.1.1", "no such user"),
        (b"550 5.7.509 policy\r\n", "5.7.509", "policy"),
        (b"550 5.1.1\r\n", "5.1.1", ""),
        (b"550 5.7 half a status\r\n", None, "5.7 half a status"),
        (b"550 5.7. half a status\r\n", None, "5.7. half a status"),
        (b"550 5.1.1.1 more\r\n", None, "5.1.1.1 more"),
        (b"550 5.1.1234 long\r\n", None, "5.1.1234 long"),
        (b"550 4.1.1 of another class\r\n", None, "4.1.1 of another class"),
        (b"250 5.0.0 of another class\r\n", None, "5.0.0 of another class"),
        (b"354 3.0.0 no such class\r\n", None, "3.0.0 no such class"),
        (b"550 5.1.1no space\r\n", None, "5.1.1no space"),
        (b"550  5.1.1 late\r\n", None, " 5.1.1 late"),
        (b"450-4.2.1 one\r\n450 4.2.1 two\r\n", "4.2.1", "one two"),
        (b"450-one\r\n450 4.2.1 two\r\n", "4.2.1", "one two"),
    ],
)
def test_a_status_is_read_only_when_well_formed_and_of_the_replys_class(
    octets: bytes, status: str | None, text: str
) -> None:
    """S-52"""
    taken = only(octets)
    assert taken.text == text
    assert (None if taken.status is None else str(taken.status)) == status


# -- properties ---------------------------------------------------------------------------------------

REPLIES = st.builds(
    lambda code, subject, detail, has_status, texts: reply(
        code, f"{code // 100}.{subject}.{detail}" if has_status else None, *texts
    ),
    st.sampled_from([250, 251, 354, 421, 450, 452, 500, 550, 554]),
    st.integers(0, 99),
    st.integers(0, 999),
    st.booleans(),
    st.lists(st.text("abcdef -<>@", max_size=30), min_size=1, max_size=4),
).filter(lambda one: one.code != 354 or one.status is None)


@given(st.lists(REPLIES, max_size=6))
def test_parsing_what_was_written_gives_it_back(replies: list[Reply]) -> None:
    """parse ∘ format is the identity."""
    assert parse(b"".join(map(encode_reply, replies))) == replies


@given(
    st.lists(
        st.one_of(
            st.builds(encode_reply, REPLIES),
            st.binary(max_size=40),
            st.sampled_from([b"250-a\n", b"250 b\r", b"\n", b"250 " + b"y" * 12_000 + b"\r\n"]),
        ),
        max_size=8,
    ).map(b"".join),
    st.data(),
)
def test_any_split_of_the_octets_gives_the_same_replies(octets: bytes, data: st.DataObject) -> None:
    """R-42: and nothing but a reply or a fault ever comes out."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=8)))
    pieces = [
        octets[start:end] for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True)
    ]
    assert parse_pieces(pieces) == parse(octets)


@given(st.lists(st.one_of(st.builds(encode_reply, REPLIES), st.binary(max_size=20)), max_size=5))
def test_one_octet_at_a_time_gives_the_same_replies(parts: list[bytes]) -> None:
    """R-47: the tarpit's dribble."""
    octets = b"".join(parts)
    dribble = [octets[place : place + 1] for place in range(len(octets))]
    assert parse_pieces(dribble) == parse(octets)


# -- histories ------------------------------------------------------------------------------------------


def test_a_long_reply_is_shortened_for_the_history() -> None:
    """R-42: text cut at 512."""
    long = reply(550, "5.7.1", *["x" * 300] * 5)
    short = shortened(long)
    assert sum(map(len, short.lines)) == MAX_TEXT
    assert (short.code, str(short.status)) == (550, "5.7.1")
    assert shortened(short) is short
    one_long_line = reply(550, None, "y" * 400, "z" * 400)
    assert sum(map(len, shortened(one_long_line).lines)) == MAX_TEXT
