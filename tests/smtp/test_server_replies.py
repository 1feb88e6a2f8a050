"""The named replies, and how a reply looks on the wire."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.smtp import sasl, server_replies
from sztafeta.smtp.reply import Reply, encode_reply, reply

NAMED = [
    (name, value)
    for module in (server_replies, sasl)
    for name, value in vars(module).items()
    if isinstance(value, Reply)
]


@pytest.mark.parametrize(("name", "named"), NAMED, ids=[name for name, _ in NAMED])
def test_c_023_a_name_ends_with_the_code_and_the_status_is_of_its_class(
    name: str, named: Reply
) -> None:
    assert name.endswith(f"_{named.code}")
    assert named.status is not None or named.code == 354
    assert named.status is None or named.status.klass == named.code // 100
    assert named.text


def test_code_and_status_stand_on_each_line() -> None:
    assert encode_reply(reply(550, "5.7.1", "No.", "Ask Bob.")) == (
        b"550-5.7.1 No.\r\n550 5.7.1 Ask Bob.\r\n"
    )
    assert encode_reply(reply(250, None, "a", "b", "c")) == b"250-a\r\n250-b\r\n250 c\r\n"
    assert encode_reply(reply(334, None, "")) == b"334 \r\n"
    assert encode_reply(reply(334, None)) == b"334 \r\n"


@given(st.lists(st.text(max_size=600), max_size=3))
def test_no_text_breaks_out_of_its_line(texts: list[str]) -> None:
    lines = encode_reply(reply(550, "5.0.0", *texts)).split(b"\r\n")
    assert lines.pop() == b""
    assert len(lines) == max(len(texts), 1)
    assert all(re.fullmatch(rb"550[ -]5\.0\.0 [ -~]*", line) for line in lines)
    assert all(len(line) <= 510 for line in lines)
