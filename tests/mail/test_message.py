"""Reading the header of a message in one pass, and only in one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.message import MAX_FIELDS, MAX_HEADER, HeaderFault, scan


@pytest.mark.parametrize(
    ("message", "fields", "body_at"),
    [
        (b"From: a@example.com\r\n\r\nHi", 1, 23),
        (b"From: a@example.com\r\n", 1, 21),
        (b"\r\nonly a body\r\n", 0, 2),
        (b"", 0, 0),
    ],
)
def test_the_border_of_header_and_body_is_defined(
    message: bytes, fields: int, body_at: int
) -> None:
    """C-068."""
    header = scan(message)
    assert (len(header.fields), header.body_at) == (fields, body_at)


@pytest.mark.parametrize(
    "message", [b"From: a\r\nno field\r\n\r\n", b"A: \x00\r\n\r\n", b" folded first: a\r\n\r\n"]
)
def test_a_header_that_can_be_read_in_two_ways_is_refused(message: bytes) -> None:
    """S-09, S-41."""
    with pytest.raises(HeaderFault):
        scan(message)


@pytest.mark.parametrize(
    ("section", "line"),
    [
        (b"no field\r\n", 1),
        (b"A: a\r\n b\r\nno field\r\n", 3),
        (b"A: a\r\n: b\r\n", 2),
        (b"A: a\r\nB b: b\r\n", 2),
        (b"A: a\r\nF\xc5\xbcom: b\r\n", 2),
        (b"From alice Thu Nov 26 10:00:00 2026\r\nFrom: a\r\n", 1),
        (b"\tA: a\r\n", 1),
        (b"A: a\r\n\x0bFrom: b\r\n", 2),
    ],
)
def test_the_line_that_is_no_field_is_named(section: bytes, line: int) -> None:
    """C-068, S-41."""
    with pytest.raises(HeaderFault, match=f"line {line} "):
        scan(section + b"\r\nbody")


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\n\n", b"\r\r\n", b"\n\r\n"])
def test_one_line_end_only(end: bytes) -> None:
    """S-41: a CR or LF alone parts no fields and ends no header."""
    with pytest.raises(HeaderFault, match="CRLF"):
        scan(b"A: a" + end + b"From: eve@example.net\r\n\r\nbody")


def test_a_header_too_big_or_of_too_many_fields_is_refused() -> None:
    """S-24."""
    fits = b"A: " + b"a" * (MAX_HEADER - 5) + b"\r\n"
    assert len(scan(fits + b"\r\n").octets) == MAX_HEADER
    for big in (b"A" + fits + b"\r\n", b"A" + fits, fits * 200):
        with pytest.raises(HeaderFault, match="octets"):
            scan(big)
    assert len(scan(b"A:\r\n" * MAX_FIELDS).fields) == MAX_FIELDS
    with pytest.raises(HeaderFault, match="fields"):
        scan(b"A:\r\n" * (MAX_FIELDS + 1))


def test_fields_are_found_by_name_in_any_case_and_unfolded() -> None:
    header = scan(b"To: a\r\nX-B : 1\r\n\t2\r\nto: c\r\n\r\n")
    assert [field.value for field in header.all(b"to")] == [b"a", b"c"]
    first = header.first(b"x-b")
    assert first is not None
    assert first.value == b"1\t2"
    assert header.all(b"cc") == []
    assert header.first(b"cc") is None


NAMES = st.text("abAB-_1!~", min_size=1, max_size=6).map(str.encode)
VALUES = st.lists(
    st.sampled_from([b"a", b" ", b"\t", b":", b"\r\n ", b"\r\n\t", b"\xff", b"\x0b", b"\x1c"]),
    max_size=6,
).map(b"".join)


@given(
    st.lists(st.tuples(NAMES, st.sampled_from([b"", b" ", b"\t "]), VALUES)), st.binary(max_size=20)
)
def test_what_is_written_as_fields_is_read_as_these_fields(
    fields: list[tuple[bytes, bytes, bytes]], body: bytes
) -> None:
    """C-070: parse ∘ format is the identity, and no octet is touched."""
    written = [name + space + b":" + value + b"\r\n" for name, space, value in fields]
    header = scan(b"".join(written) + b"\r\n" + body)
    assert list(header.names) == [name.lower() for name, _, _ in fields]
    assert list(header.slices) == written
    assert header.octets == b"".join(written)
    assert header.body_at == len(header.octets) + 2


@given(
    st.lists(
        st.sampled_from([b"A", b":", b" ", b"\r\n", b"\r", b"\n", b"\0", b"\xff"]), max_size=20
    )
)
def test_any_octets_are_a_header_or_a_fault(pieces: list[bytes]) -> None:
    """C-068."""
    message = b"".join(pieces)
    try:
        header = scan(message)
    except HeaderFault:
        return
    assert b"".join(header.slices) == header.octets
    assert len(header.names) == len(header.slices)
    assert header.octets.replace(b"\r\n", b"").isascii() == header.is_ascii
    assert header.octets in (message[: len(header.octets)], message + b"\r\n")
