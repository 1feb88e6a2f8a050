"""What a listener announces is what it obeys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sztafeta.smtp.extensions import (
    ServerProfile,
    ehlo_lines,
    mail_parameters,
    may_log_in,
    rcpt_parameters,
)

FULL = ServerProfile(hostname="mx.example.org")
BARE = replace(
    FULL,
    offers_starttls=False,
    offers_auth=False,
    offers_chunking=False,
    offers_dsn=False,
    offers_smtputf8=False,
)


def test_c_002_the_lines_before_and_inside_tls() -> None:
    clear, inside = ehlo_lines(FULL, encrypted=False), ehlo_lines(FULL, encrypted=True)
    assert clear[:4] == ("PIPELINING", "SIZE 10485760", "STARTTLS", "AUTH PLAIN LOGIN")
    assert set(clear) - set(inside) == {"STARTTLS"}
    assert clear[-1] == inside[-1] == "LIMITS RCPTMAX=1000"
    assert "REQUIRETLS" not in clear + inside


def test_c_002_the_messages_of_a_connection_are_announced_where_they_are_limited() -> None:
    """RFC 9422."""
    limited = replace(FULL, max_messages=100, max_recipients=50)
    assert ehlo_lines(limited, encrypted=True)[-1] == "LIMITS RCPTMAX=50 MAILMAX=100"


def test_a_bare_listener_announces_what_cannot_be_switched_off() -> None:
    lines = ehlo_lines(BARE, encrypted=True)
    always = ("PIPELINING", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES")
    assert lines == (*always, "LIMITS RCPTMAX=1000")
    assert mail_parameters(BARE) == {"SIZE", "BODY"}
    assert rcpt_parameters(BARE) == frozenset()


@pytest.mark.parametrize(
    ("changes", "encrypted", "expected"),
    [
        ({}, False, True),
        ({"cleartext_auth": False}, False, False),
        ({"cleartext_auth": False}, True, True),
        ({"requires_tls": True}, False, False),
        ({"requires_tls": True}, True, True),
        ({"offers_auth": False}, True, False),
    ],
)
def test_auth_is_announced_where_it_would_be_tried(
    changes: dict[str, bool], encrypted: bool, expected: bool
) -> None:
    values = {name: getattr(FULL, name) for name in ServerProfile.__slots__}
    profile = ServerProfile(**(values | changes))
    assert may_log_in(profile, encrypted=encrypted) is expected
    assert ("AUTH PLAIN LOGIN" in ehlo_lines(profile, encrypted=encrypted)) is expected
