"""Encoded words, read for people (RFC 2047)."""

from __future__ import annotations

from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.encoded_word import (
    SHOWN,
    DoubtfulWord,
    decode_clear_words,
    decode_words,
    display_text,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"=?utf-8?B?WmHFvMOzxYLEhw==?=", "Zażółć"),
        (b"=?UTF-8?b?WmHFvMOzxYLEhw?=", "Zażółć"),
        (b"=?iso-8859-2?Q?=AF=F3=B3w_i_inne?=", "Żółw i inne"),
        (b"=?utf-8*pl?q?a?=", "a"),
        (b"a =?utf-8?q?b?= =?utf-8?q?c?= d", "a bc d"),
        (b"=?utf-8?q?=C5?= =?utf-8?q?=BC?=", "ż"),
        (b"=?utf-8?q?a?=\t=?us-ascii?q?b?=", "ab"),
        (b"=?nonsense?Q?a?=", "a"),
        (b"=?utf-8?B?broken", "=?utf-8?B?broken"),
        (b"=?utf-8?B?A?=", "A"),
        ("Zażółć".encode(), "Zażółć"),
        (b"\xff", "\ufffd"),
        (b"a\x1b[31mb", "a [31mb"),
        (b"a\xe2\x80\xaeb", "a b"),
        (b"=?utf-8?q?a=0D=0Ab?=", "a  b"),
        (b"x" * 500, "x" * SHOWN),
        (b"", ""),
    ],
)
def test_a_value_is_shown_whatever_it_is(value: bytes, shown: str) -> None:
    assert display_text(value) == shown


@given(st.binary(max_size=80) | st.text("=?utf-8qbQB_40 \t-*", max_size=80).map(str.encode))
def test_any_octets_are_shown_as_one_short_printable_line(value: bytes) -> None:
    """R-68, S-53."""
    shown = display_text(value)
    assert len(shown) <= SHOWN
    assert shown.isprintable()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60).filter(str.strip))
def test_what_the_standard_library_encodes_is_decoded(text: str) -> None:
    """C-145: words of at most 75 characters, never split inside a character."""
    encoded = Header(text, "utf-8").encode(linesep="\r\n").replace("\r\n", "")
    assert decode_words(encoded) == text
    assert decode_clear_words(encoded) == text or "=?" in text


@pytest.mark.parametrize(
    "word",
    [
        "=?cp037?q?a?=",
        "=?utf-16?b?AEA=?=",
        "=?rot13?q?a?=",
        "=?utf-8?b?QQ==QQ==?=",
        "=?utf-8?b?Q?=",
        "=?utf-8?b?Q Q?=",
        "=?utf-8?q?a=?=",
        "=?utf-8?q?=3G?=",
        "=?utf-8?q?a?b?=",
        "=?utf-8?q?a",
        "=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=",
    ],
)
def test_a_word_that_readers_decode_differently_is_doubtful(word: str) -> None:
    """S-41."""
    with pytest.raises(DoubtfulWord):
        decode_clear_words(word)


def test_a_storm_of_words_is_decoded_in_one_go() -> None:
    """S-53."""
    assert decode_words("=?utf-8?q?a?= " * 7_000).strip() == "a" * 7_000
    assert decode_words("=?" * 50_000) == "=?" * 50_000
