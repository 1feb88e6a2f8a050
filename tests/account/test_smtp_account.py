"""SMTP accounts: what is compared at a login, and what is allowed when nobody said otherwise."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sztafeta.account.smtp_account import (
    UNKNOWN_PASSWORD_SHA256,
    SenderRule,
    SmtpAccount,
    password_matches,
)

RIGHT = "correct horse battery staple"
KEPT = hashlib.sha256(RIGHT.encode()).digest()
ALICE = SmtpAccount(
    account_id=1,
    customer_id=1,
    customer_name="Alice",
    login="1.alice.smtp",
    password_sha256=KEPT,
)


def test_the_right_password_matches_and_no_other() -> None:
    """C-050, C-052."""
    assert password_matches(RIGHT, KEPT)
    for wrong in ("", RIGHT + " ", RIGHT.upper(), RIGHT[:-1], KEPT.hex()):
        assert not password_matches(wrong, KEPT)


@given(st.text() | st.binary().map(lambda octets: octets.decode("utf-8", "surrogateescape")))
def test_no_password_belongs_to_an_unknown_login(password: str) -> None:
    """S-31: the comparison is made all the same, whatever was sent (S-33: also what is no UTF-8)."""
    assert not password_matches(password, UNKNOWN_PASSWORD_SHA256)
    assert len(UNKNOWN_PASSWORD_SHA256) == len(KEPT)


def test_a_password_that_is_no_utf8_is_compared_octet_for_octet() -> None:
    """S-33."""
    octets = b"\xff\xfe secret"
    assert password_matches(
        octets.decode("utf-8", "surrogateescape"), hashlib.sha256(octets).digest()
    )


def test_what_is_risky_is_off_until_somebody_allows_it() -> None:
    """S-13, C-010, S-40: no password in the clear, no null sender, no foreign domain."""
    assert not ALICE.cleartext_auth
    assert not ALICE.may_send_bounces
    assert ALICE.sender_rule is SenderRule.OWN_DOMAINS
    assert ALICE.sending_domains == frozenset()
    assert ALICE.failure_notices
    assert (ALICE.max_connections, ALICE.ttl) == (50, timedelta(hours=48))


def test_an_account_is_a_value() -> None:
    with pytest.raises(AttributeError):
        ALICE.enabled = False  # type: ignore[misc]
