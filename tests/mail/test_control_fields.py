"""Control fields: what they ask for, how a fault in one is told, and that none of them leaves (ux §3.6)."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.mail.compose import edit
from sztafeta.mail.control_fields import NO_WISHES, ControlFault, Wishes, read_wishes
from sztafeta.mail.message import scan

EVERY_FIELD = (
    b"X-Tag: order\r\nx-tag: paid\r\nX-Metadata-Order-Id: 5\r\nX-Template: order-paid\r\n"
    b'X-Template-Data: {"name": "Zofia",\r\n "total": 12.5}\r\nX-Send-At: 2026-12-01T08:00:00Z\r\n'
    b"X-Expires-At: 2026-12-01T10:00:00+01:00\r\nIdempotency-Key: k-1\r\nX-MAILTAGS: a;b; c;\r\n"
    b"X-TRACKING-OFF: 1\r\n"
)


def wishes(*lines: str | bytes) -> Wishes:
    octets = [line if isinstance(line, bytes) else line.encode() for line in lines]
    return read_wishes(scan(b"".join(line + b"\r\n" for line in octets) + b"\r\n"))


def test_every_field_is_read() -> None:
    assert read_wishes(scan(b"From: a@example.com\r\n" + EVERY_FIELD + b"\r\n")) == Wishes(
        tags=("order", "paid", "a", "b", "c"),
        metadata={"Order-Id": "5"},
        template="order-paid",
        data={"name": "Zofia", "total": 12.5},
        send_at=datetime(2026, 12, 1, 8, 0, tzinfo=UTC),
        expires_at=datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
        idempotency_key="k-1",
    )


def test_none_of_them_leaves_and_everything_else_does() -> None:
    """S-42."""
    kept = b"From: a@example.com\r\nX-Tagged: yes\r\nX-Template-Id: 1\r\n"
    edited = edit(
        scan(EVERY_FIELD + kept + b"\r\n"), trace=b"", new_message_id="<1@x>", date="today"
    )
    assert edited.octets == b"Message-ID: <1@x>\r\nDate: today\r\n" + kept + b"\r\n"


def test_a_message_without_them_wishes_nothing() -> None:
    assert wishes("From: a@example.com", "Subject: X-Tag: none") is NO_WISHES


def test_polish_comes_as_encoded_words_or_as_utf8() -> None:
    encoded = "X-Tag: =?utf-8?Q?zam=C3=B3wienie?="
    assert wishes(encoded, "X-Metadata-miasto: Łódź").tags == ("zamówienie",)
    assert wishes(encoded, "X-Metadata-miasto: Łódź").metadata == {"miasto": "Łódź"}


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            ["X-Template: t", 'X-Template-Data: {"name": "Zofia" x'],
            "X-Template-Data is not valid JSON (column 18)",
        ),
        (["X-Template: t", "X-Template-Data: [1]"], "X-Template-Data is not a JSON object"),
        (["X-Template: t", 'X-Template-Data: {"a": NaN}'], "X-Template-Data is not valid JSON"),
        (
            ["X-Template: t", "X-Template-Data: " + '{"a":' * 9000],
            "X-Template-Data is not valid JSON",
        ),
        (
            ["X-Template: t", 'X-Template-Data: {"a": ' + "1" * 5000 + "}"],
            "X-Template-Data is not valid JSON",
        ),
        (
            ["X-Template: t", 'X-Template-Data: {"a":' + "[" * 32 + "]" * 32 + "}"],
            "X-Template-Data is nested more than 32 deep",
        ),
        (
            ["X-Template: t", 'X-Template-Data: {"a": 9223372036854775808}'],
            "X-Template-Data holds a number of more than 64 bits",
        ),
        (
            ["X-Template: t", 'X-Template-Data: {"\\ud800": 1}'],
            "X-Template-Data holds half of a surrogate pair",
        ),
        (['X-Template-Data: {"a": 1}'], "X-Template-Data needs X-Template"),
        (["X-Template: a", "X-Template: b"], "X-Template stands 2 times"),
        (
            ["X-Send-At: tomorrow"],
            "X-Send-At is not an RFC 3339 instant such as 2026-12-01T08:00:00Z",
        ),
        (
            ["X-Expires-At: 2026-12-01T08:00:00"],
            "X-Expires-At is not an RFC 3339 instant such as 2026-12-01T08:00:00Z",
        ),
        (["Idempotency-Key: " + "k" * 257], "Idempotency-Key has more than 256 characters"),
        (["X-Tag: " + "t" * 129], "X-Tag: a tag has 129 characters, 128 are allowed"),
        (["X-Tag: t"] * 21, "X-Tag: there are 21 tags, 20 are allowed"),
        (["X-Metadata-a: 1", "X-Metadata-a: 2"], "X-Metadata-a stands twice"),
        (["X-Metadata-: 1"], "X-Metadata-: a key of metadata is empty"),
        (
            ["X-Tag: =?utf-8?Q?a=0Ab?="],
            "X-Tag: a tag holds a line break (U+000A)",
        ),
    ],
)
def test_a_field_that_cannot_be_obeyed_is_told_in_a_sentence(lines: list[str], text: str) -> None:
    """Not a silent ignore (ux §3.6)."""
    with pytest.raises(ControlFault) as told:
        wishes(*lines)
    assert str(told.value) == text or str(told.value).startswith(text)


@given(st.binary(max_size=80).filter(lambda value: not set(value) & set(b"\r\n\0")))
def test_whatever_a_field_holds_it_is_read_or_told(value: bytes) -> None:
    for name in (b"X-Template-Data", b"X-Send-At", b"X-Tag", b"X-Metadata-a", b"Idempotency-Key"):
        with contextlib.suppress(ControlFault):
            assert wishes(b"X-Template: t", name + b": " + value).template == "t"
