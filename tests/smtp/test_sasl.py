"""SASL exchanges: what they ask, what they give, and what they refuse before a password is tried."""

from __future__ import annotations

import contextlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.smtp.sasl import (
    Challenge,
    Credentials,
    LoginExchange,
    PlainExchange,
    SaslFault,
    new_exchange,
)


def encode(text: str) -> str:
    return b64encode(text.encode()).decode()


def test_c_050_plain_with_an_initial_response() -> None:
    step = PlainExchange().begin(encode("\0alice\0zażółć"))
    assert step == Credentials("PLAIN", "", "alice", "zażółć")


def test_c_051_plain_without_one_asks_with_an_empty_challenge() -> None:
    exchange = PlainExchange()
    assert exchange.begin(None) == Challenge("")
    assert exchange.respond(encode("bob\0alice\0pw")) == Credentials("PLAIN", "bob", "alice", "pw")


def test_c_054_login_asks_with_exactly_the_known_prompts() -> None:
    exchange = LoginExchange()
    assert exchange.begin(None) == Challenge("VXNlcm5hbWU6")
    assert exchange.respond(encode("alice")) == Challenge("UGFzc3dvcmQ6")
    assert exchange.respond(encode("pw")) == Credentials("LOGIN", "", "alice", "pw")


def test_c_054_login_takes_the_login_as_initial_response() -> None:
    exchange = LoginExchange()
    assert exchange.begin(encode("alice")) == Challenge("UGFzc3dvcmQ6")
    assert exchange.respond("") == Credentials("LOGIN", "", "alice", "")


@pytest.mark.parametrize(
    ("response", "status"),
    [
        ("*", "5.7.0"),
        ("=", "5.5.2"),
        ("", "5.5.2"),
        ("a", "5.5.2"),
        ("YQ", "5.5.2"),
        ("YQ==YQ==", "5.5.2"),
        ("YQ==\x80", "5.5.2"),
        ("ż", "5.5.2"),
        (encode("alice"), "5.5.2"),
        (encode("\0alice"), "5.5.2"),
        (encode("\0a\0b\0c"), "5.5.2"),
        (encode("\0\0pw"), "5.5.2"),
        (encode("\0al\r\nice\0pw"), "5.5.2"),
        (encode("x\ny\0alice\0pw"), "5.5.2"),
        ("AP8AcA==", "5.5.2"),
    ],
)
def test_c_052_s_33_a_malformed_plain_response(response: str, status: str) -> None:
    with pytest.raises(SaslFault) as caught:
        PlainExchange().begin(response)
    assert (caught.value.reply.code, str(caught.value.reply.status)) == (501, status)


@pytest.mark.parametrize("response", ["*", "", "=", "!", encode("\x1b[31m"), encode("\0")])
def test_s_33_a_malformed_login(response: str) -> None:
    with pytest.raises(SaslFault):
        LoginExchange().begin(response)


def test_c_052_other_mechanisms_are_not_spoken() -> None:
    assert isinstance(new_exchange("PLAIN"), PlainExchange)
    assert isinstance(new_exchange("LOGIN"), LoginExchange)
    with pytest.raises(SaslFault) as caught:
        new_exchange("CRAM-MD5")
    assert caught.value.reply.code == 504


def test_s_37_a_password_is_never_printed() -> None:
    assert "secret" not in repr(Credentials("PLAIN", "", "alice", "secret"))


@given(st.text(max_size=40))
def test_any_response_gives_credentials_or_a_fault(response: str) -> None:
    for exchange in (PlainExchange(), LoginExchange()):
        with contextlib.suppress(SaslFault):
            assert isinstance(exchange.begin(response), Challenge | Credentials)
