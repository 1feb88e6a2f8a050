"""xtext, both ways (RFC 3461 §4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.smtp.xtext import decode_xtext, encode_xtext

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))


@given(PRINTABLE)
def test_s_20_encoding_and_decoding_give_the_same_text(text: str) -> None:
    encoded = encode_xtext(text)
    assert decode_xtext(encoded) == text
    assert " " not in encoded
    assert "=" not in encoded


def test_s_20_a_plus_sign_survives() -> None:
    assert encode_xtext("a+b=c d") == "a+2Bb+3Dc+20d"
    assert decode_xtext("a+2Bb") == "a+b"


@pytest.mark.parametrize(
    "text", ["+", "+2", "+2b", "+G0", "a b", "a=b", "+0A", "+00", "+7F", "+80", "ż"]
)
def test_s_20_what_is_not_xtext_or_hides_a_control_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"character"):
        decode_xtext(text)


@pytest.mark.parametrize("text", ["a\r\nb", "\0", "ż"])
def test_only_printable_ascii_is_encoded(text: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        encode_xtext(text)
