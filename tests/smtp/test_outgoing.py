"""Content on its way out: nothing on the wire can be read as two messages (S-02)."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sztafeta.smtp.data import DotReader
from sztafeta.smtp.outgoing import (
    ContentTorn,
    canonical,
    counted,
    has_ascii_header,
    is_ascii,
    is_canonical,
    stuffed,
    stuffed_blocks,
)

LOOK_ALIKES = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r.\r",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n",
    b"\r\n.\r\n",
    b"\r\n\x00.\r\n",
    b"\r\n.\x00\r\n",
]
CONTENT = st.lists(
    st.one_of(st.binary(max_size=12), st.sampled_from([*LOOK_ALIKES, b"\r", b"\n", b".", b"\x00"])),
    max_size=12,
).map(b"".join)


def unstuffed(wire: bytes) -> bytes:
    """Read the wire as our server does."""
    reader = DotReader(1 << 30)
    content, end = reader.read(wire, 0)
    assert reader.is_over
    assert end == len(wire)
    assert reader.rules.fault is None or b"\r" not in wire.replace(b"\r\n", b"")
    return content


def a_lenient_server_reads(wire: bytes) -> int:
    """Count messages as a server does that takes every look-alike for the end."""
    return len(re.findall(rb"(?:^|[\r\n]\x00*)\.\x00*(?=[\r\n])", wire))


def whole_line(content: bytes) -> bytes:
    return content if not content or content.endswith(b"\r\n") else content + b"\r\n"


def split(octets: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted(min(cut, len(octets)) for cut in cuts)
    return [octets[a:b] for a, b in zip([0, *edges], [*edges, len(octets)], strict=True)]


@given(CONTENT)
@example(b"")
@example(b".")
@example(b".\r\n")
@example(b"\r")
def test_unstuffing_the_wire_gives_the_canonical_content(content: bytes) -> None:
    """S-02: unstuff(wire) == canonical(content)."""
    assert unstuffed(stuffed(content)) == whole_line(canonical(content))


@given(CONTENT, st.lists(st.integers(0, 150), max_size=6))
@example(b"a\r\n.b", [2])
@example(b"a\r\n.b", [3])
@example(b"a\r", [2])
@example(b"\r\n\x00.\r\n", [3])
@example(b"\x00\x00.\r\n", [1])
@example(b"\x00", [])
@example(b"a\r\n\x00\r", [4])
def test_blocks_of_any_size_give_the_same_wire(content: bytes, cuts: list[int]) -> None:
    assert b"".join(stuffed_blocks(split(content, cuts))) == stuffed(content)


@given(CONTENT)
def test_no_cr_without_lf_and_no_lf_without_cr_is_written(content: bytes) -> None:
    """S-02"""
    left = stuffed(content).replace(b"\r\n", b"")
    assert b"\r" not in left
    assert b"\n" not in left


@pytest.mark.parametrize("look_alike", LOOK_ALIKES)
def test_a_lenient_server_counts_one_message(look_alike: bytes) -> None:
    """S-02: a receiver that takes any look-alike for the end finds only the true one."""
    smuggled = b"Subject: one\r\n\r\nhello" + look_alike + b"MAIL FROM:<mallory@example.org>\r\n"
    wire = stuffed(smuggled)
    assert a_lenient_server_reads(smuggled) >= 1
    assert a_lenient_server_reads(wire) == 1
    assert wire.endswith(b"\r\n.\r\n")
    dotted = [line for line in wire[:-3].split(b"\r\n") if line.startswith(b".")]
    assert all(line.startswith((b"..", b".\x00")) for line in dotted)


@given(CONTENT)
def test_a_lenient_server_never_finds_a_second_end(content: bytes) -> None:
    """S-02"""
    assert a_lenient_server_reads(stuffed(content)) == 1


def test_clean_content_is_not_copied_for_looking_at_it() -> None:
    content = b"one\r\ntwo\r\n"
    assert canonical(content) is content


def test_content_without_a_last_line_end_gets_one() -> None:
    """RFC 5321 §4.1.1.4"""
    assert stuffed(b"one") == b"one\r\n.\r\n"
    assert stuffed(b"") == b".\r\n"


@pytest.mark.parametrize(("size", "word"), [(9, "short"), (3, "long")])
def test_torn_content_is_never_sent_as_whole(size: int, word: str) -> None:
    blocks = counted([b"one\r", b"\n"], size)
    with pytest.raises(ContentTorn, match=word):
        list(blocks)
    assert list(counted([b"one\r", b"\n"], 5)) == [b"one\r", b"\n"]


@given(CONTENT, st.lists(st.integers(0, 150), max_size=4))
def test_canonical_content_is_known_in_any_split(content: bytes, cuts: list[int]) -> None:
    assert is_canonical(split(content, cuts)) is (canonical(content) == content)


def test_eight_bit_is_found_in_any_block() -> None:
    assert is_ascii([b"one", b"two"])
    assert not is_ascii([b"one", "dwá".encode()])


@given(st.lists(st.integers(0, 60), max_size=4))
def test_only_the_header_decides_about_smtputf8(cuts: list[int]) -> None:
    """RFC 6532 §3"""
    plain = "Subject: hello\r\n\r\nżółw\r\n".encode()
    international = "Subject: żółw\r\n\r\nhello\r\n".encode()
    assert has_ascii_header(split(plain, cuts))
    assert not has_ascii_header(split(international, cuts))
    assert has_ascii_header(split(b"Subject: only a header\r\n", cuts))
