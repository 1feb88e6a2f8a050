"""Lines out of any split of octets, faults included."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sztafeta.smtp.lines import LineBuffer, LineFault

LIMIT = 8
WIRE = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"bcdef", b"ghijklmnop"]), max_size=25
)


def drain(buffer: LineBuffer) -> list[bytes | LineFault]:
    found: list[bytes | LineFault] = []
    while (line := buffer.take_line(LIMIT)) is not None:
        found.append(line)
        if isinstance(line, LineFault):
            buffer.skip_line()
    return found


def read(pieces: list[bytes]) -> list[bytes | LineFault]:
    buffer, found = LineBuffer(), []
    for piece in pieces:
        buffer.feed(piece)
        found += drain(buffer)
        assert len(buffer) < LIMIT
    return found


@given(WIRE)
def test_s_08_any_split_gives_the_same_lines_and_faults(pieces: list[bytes]) -> None:
    wire = b"".join(pieces)
    assert read(pieces) == read([wire]) == read([bytes([octet]) for octet in wire])


def test_a_line_ends_with_crlf_only() -> None:
    assert read([b"one\r\ntwo\r\n"]) == [b"one", b"two"]
    assert read([b"one\rx\r\n"]) == [b"one\rx"]
    assert read([b"one\ntwo\r\nsix\r\n"]) == [LineFault.BARE_LF, b"six"]
    assert read([b"\n\r\nsix\r\n"]) == [LineFault.BARE_LF, b"six"]


def test_c_013_a_line_may_have_the_limit_with_its_crlf() -> None:
    assert read([b"123456\r\n1234567\r\nsix\r\n"]) == [b"123456", LineFault.TOO_LONG, b"six"]


def test_s_24_an_endless_line_is_skipped_in_constant_memory() -> None:
    buffer = LineBuffer()
    buffer.feed(b"x" * 100)
    assert drain(buffer) == [LineFault.TOO_LONG]
    for _ in range(1000):
        buffer.feed(b"x" * 1000 + b"\r")
        assert drain(buffer) == []
        assert len(buffer) <= 1
    buffer.feed(b"\nsix\r\n")
    assert drain(buffer) == [b"six"]


def test_a_larger_limit_may_take_what_a_smaller_refused() -> None:
    buffer = LineBuffer()
    buffer.feed(b"AUTH PLAIN x\r\n")
    assert buffer.take_line(LIMIT) is LineFault.TOO_LONG
    assert buffer.begins_with(b"AUTH ")
    assert buffer.take_line(14) == b"AUTH PLAIN x"


def test_octets_can_be_dropped_and_cleared() -> None:
    buffer = LineBuffer()
    buffer.feed(b"abcdef")
    assert buffer.drop(2) == 2
    assert buffer.data[buffer.position :] == b"cdef"
    assert buffer.drop(9) == 4
    buffer.feed(b"one\r\n")
    buffer.clear()
    assert drain(buffer) == []
