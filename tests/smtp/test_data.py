"""Where a message ends, and what spoils it, for any split of the octets."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.smtp.data import MAX_TEXT_LINE, ChunkReader, ContentRules, DotReader, stuff_dots

LIMIT = 10_000
WIRE = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b".", b"\0", b"x", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"MAIL", b"\xff"]
    ),
    max_size=30,
).map(b"".join)
LINES = st.lists(
    st.binary(max_size=20).map(lambda line: re.sub(rb"[\r\n]", b".", line)), max_size=8
)
CONTENT = LINES.map(lambda lines: b"".join(line + b"\r\n" for line in lines))
CUTS = st.lists(st.integers(0, 400), max_size=8)


def cut(octets: bytes, cuts: list[int]) -> list[bytes]:
    """Slice at the given places; an empty list gives one piece."""
    places = sorted({place for place in cuts if place < len(octets)} | {0, len(octets)})
    return [octets[a:b] for a, b in pairwise(places)]


def read_dots(pieces: list[bytes], limit: int = LIMIT) -> tuple[bytes, int | None, DotReader]:
    """Read pieces; give the content, and how many octets of them were left after the end."""
    reader, content = DotReader(limit), b""
    for index, piece in enumerate(pieces):
        more, position = reader.read(piece, 0)
        content += more
        if reader.is_over:
            return content, len(piece) - position + sum(map(len, pieces[index + 1 :])), reader
        assert position == len(piece)
    return content, None, reader


def expected_end(wire: bytes) -> int:
    """The position after the true end of data, or -1 (RFC 5321 §4.1.1.4)."""
    return (b"\r\n" + wire).find(b"\r\n.\r\n") + 3 if b"\r\n.\r\n" in b"\r\n" + wire else -1


@given(CONTENT, CUTS)
def test_stuffing_and_unstuffing_give_the_same_content(content: bytes, cuts: list[int]) -> None:
    read, left, reader = read_dots(cut(stuff_dots(content), cuts))
    assert (read, left, reader.rules.fault) == (content, 0, None)
    assert reader.rules.size == len(content)


@given(CONTENT)
def test_every_stuffed_line_that_begins_with_a_dot_has_two(content: bytes) -> None:
    wire = stuff_dots(content)
    assert wire.endswith(b".\r\n")
    assert all(not line.startswith(b".") or line[1:2] == b"." for line in wire.split(b"\r\n")[:-2])


@given(st.binary(max_size=60))
def test_content_without_a_last_line_end_gets_one(content: bytes) -> None:
    assert (b"\r\n" + stuff_dots(content)).endswith(b"\r\n.\r\n")


@given(WIRE)
def test_s_01_only_crlf_dot_crlf_ends_the_data(wire: bytes) -> None:
    _, left, reader = read_dots([wire] if wire else [])
    end = expected_end(wire)
    assert reader.is_over == (end >= 0)
    assert left == (len(wire) - end if end >= 0 else None)


@given(WIRE, CUTS)
def test_s_08_any_split_gives_the_same_content_end_and_fault(wire: bytes, cuts: list[int]) -> None:
    wire += b"\r\n.\r\nNOOP\r\n"
    whole, whole_left, whole_reader = read_dots([wire])
    for pieces in (cut(wire, cuts), [bytes([octet]) for octet in wire]):
        content, left, reader = read_dots(pieces)
        assert left == whole_left
        assert reader.rules.fault == whole_reader.rules.fault
        assert reader.rules.size == whole_reader.rules.size
        if reader.rules.fault is None:
            assert content == whole


@given(WIRE)
def test_s_01_accepted_content_has_no_bare_cr_or_lf(wire: bytes) -> None:
    content, _, reader = read_dots([wire + b"\r\n.\r\n"])
    if reader.rules.fault is None:
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
        assert content.endswith(b"\r\n") or not content


@pytest.mark.parametrize(
    "end",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r.\r\n",
        b"\r.\r",
        b"\r.\n",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\r\r\n.\r\r\n",
    ],
)
def test_s_01_a_look_alike_spoils_the_message_and_ends_nothing(end: bytes) -> None:
    wire = b"one" + end + b"MAIL FROM:<evil@example.net>\r\n.\r\nNOOP\r\n"
    for pieces in ([wire], [bytes([octet]) for octet in wire]):
        _, left, reader = read_dots(pieces)
        assert left == len(b"NOOP\r\n")
        assert reader.rules.fault is not None
        assert str(reader.rules.fault.status) == "5.5.2"


@pytest.mark.parametrize("end", [b"\r\n\0.\r\n", b"\r\n.\0\r\n"])
def test_s_01_a_nul_beside_the_dot_is_content(end: bytes) -> None:
    content, left, reader = read_dots([b"one" + end + b"two\r\n.\r\n"])
    assert (left, reader.rules.fault) == (0, None)
    assert content == b"one" + end.replace(b"\n.", b"\n") + b"two\r\n"


def test_the_reader_starts_in_the_middle_of_a_packet() -> None:
    reader = DotReader(LIMIT)
    assert reader.read(b"DATA\r\none\r\n.\r\nQUIT\r\n", 6) == (b"one\r\n", 14)
    reader = DotReader(LIMIT)
    assert reader.read(b"DATA\r\n..one\r\n.\r\nQUIT\r\n", 6) == (b".one\r\n", 16)
    reader = DotReader(LIMIT)
    assert reader.read(b"DATA\r\n", 6) == (b"", 6)
    assert reader.read(b".\r\n", 0) == (b"", 3)
    assert reader.is_over


# -- lines and sizes -------------------------------------------------------------------------------


def longest_line(content: bytes) -> int:
    return max(len(line) for line in content.split(b"\r\n"))


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(2040, 2055), max_size=3), CUTS)
def test_c_015_lines_are_measured_for_any_split(
    short: list[int], long: list[int], cuts: list[int]
) -> None:
    content = b"".join(b"x" * length + b"\r\n" for length in [*short, *long, *short])
    for pieces in ([stuff_dots(content)], cut(stuff_dots(content), [place * 17 for place in cuts])):
        _, _, reader = read_dots(pieces)
        assert (reader.rules.fault is not None) == (longest_line(content) > MAX_TEXT_LINE)


def test_c_015_a_line_of_2048_octets_octet_by_octet() -> None:
    for length, is_good in ((2048, True), (2049, False)):
        wire = b"short\r\n" + b"x" * length + b"\r\n.\r\n"
        _, _, reader = read_dots([bytes([octet]) for octet in wire])
        fault = reader.rules.fault
        assert (fault is None) == is_good
        assert fault is None or str(fault.status) == "5.6.0"


def test_c_031_content_over_the_limit_is_counted_but_not_given() -> None:
    reader, given_out = DotReader(100), 0
    for _ in range(1000):
        piece, _ = reader.read(b"x" * 10 + b"\r\n", 0)
        given_out += len(piece)
    reader.read(b".\r\n", 0)
    assert reader.is_over
    assert given_out <= 100
    assert reader.rules.size == 12_000
    assert reader.rules.fault is not None
    assert reader.rules.fault.code == 552


def test_a_message_of_exactly_the_limit_fits() -> None:
    content = b"x" * 98 + b"\r\n"
    assert read_dots([stuff_dots(content)], limit=100)[2].rules.fault is None
    assert read_dots([stuff_dots(b"x" + content)], limit=100)[2].rules.fault is not None


def test_the_worst_fault_is_told_whichever_came_first() -> None:
    rules = ContentRules(10)
    rules.add(b"x" * 3000)
    assert rules.fault is not None
    assert rules.fault.code == 552
    rules.add(b"\n")
    assert str(rules.fault.status) == "5.5.2"
    rules.add(b"more\r\n")
    assert rules.size == 3007


# -- chunks ----------------------------------------------------------------------------------------


@given(CONTENT, CUTS, CUTS)
def test_s_05_chunks_give_the_content_for_any_chunks_and_any_split(
    content: bytes, chunks: list[int], cuts: list[int]
) -> None:
    reader, read = ChunkReader(LIMIT), b""
    sizes = [len(chunk) for chunk in cut(content, chunks)] or [0]
    packets = cut(content, cuts)
    for number, size in enumerate(sizes, 1):
        reader.begin(size, is_last=number == len(sizes))
        while not reader.is_over:
            packet = packets.pop(0) if packets else b""
            piece, position = reader.read(packet, 0)
            read += piece
            if packet[position:]:
                packets.insert(0, packet[position:])
    assert (read, reader.rules.fault, reader.rules.size) == (content, None, len(content))


@pytest.mark.parametrize("content", [b"a\rb", b"a\nb", b"a\r", b"\n", b"\n.\n", b"a\r\r\n"])
def test_s_05_a_bare_cr_or_lf_in_a_chunk_spoils_the_message(content: bytes) -> None:
    for size in range(1, len(content) + 1):
        reader = ChunkReader(LIMIT)
        for start in range(0, len(content), size):
            chunk = content[start : start + size]
            reader.begin(len(chunk), is_last=start + size >= len(content))
            reader.read(chunk, 0)
        assert reader.rules.fault is not None
        assert str(reader.rules.fault.status) == "5.5.2"
