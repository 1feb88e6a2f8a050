"""The gate: which reason is told first, for every want a client may have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sztafeta.smtp import server_replies as say
from sztafeta.smtp.extensions import ServerProfile
from sztafeta.smtp.gate import Standing, refusal
from sztafeta.smtp.reply import Reply
from sztafeta.smtp.state import State, Verb

OPEN = ServerProfile(hostname="mx.example.org", requires_auth=False)
CLOSED = replace(OPEN, requires_auth=True)
TLS_ONLY = replace(CLOSED, requires_tls=True)
GUEST = Standing(encrypted=False, extended=True, logged_in=False)
INSIDE = replace(GUEST, encrypted=True)
USER = replace(INSIDE, logged_in=True)
OLD = replace(GUEST, extended=False)


@pytest.mark.parametrize(
    ("verb", "profile", "standing", "expected"),
    [
        (Verb.MAIL, OPEN, GUEST, None),
        (Verb.MAIL, CLOSED, GUEST, say.AUTH_FIRST_530),
        (Verb.MAIL, TLS_ONLY, GUEST, say.TLS_FIRST_530),
        (Verb.MAIL, TLS_ONLY, INSIDE, say.AUTH_FIRST_530),
        (Verb.MAIL, TLS_ONLY, USER, None),
        (Verb.VRFY, TLS_ONLY, GUEST, say.TLS_FIRST_530),
        (Verb.NOOP, TLS_ONLY, GUEST, None),
        (Verb.STARTTLS, OPEN, GUEST, None),
        (Verb.STARTTLS, OPEN, INSIDE, say.ALREADY_ENCRYPTED_503),
        (Verb.STARTTLS, replace(OPEN, offers_starttls=False), GUEST, say.STARTTLS_NOT_OFFERED_502),
        (Verb.STARTTLS, OPEN, OLD, say.SAY_EHLO_503),
        (Verb.AUTH, OPEN, GUEST, None),
        (Verb.AUTH, OPEN, OLD, say.SAY_EHLO_503),
        (Verb.AUTH, OPEN, USER, say.ALREADY_LOGGED_IN_503),
        (Verb.AUTH, TLS_ONLY, GUEST, say.TLS_FIRST_530),
        (Verb.AUTH, TLS_ONLY, INSIDE, None),
        (Verb.AUTH, replace(OPEN, offers_auth=False), INSIDE, say.AUTH_NOT_OFFERED_502),
        (Verb.AUTH, replace(OPEN, cleartext_auth=False), GUEST, say.ENCRYPT_FIRST_538),
        (Verb.AUTH, replace(OPEN, cleartext_auth=False), INSIDE, None),
    ],
)
def test_the_first_want_is_told(
    verb: Verb, profile: ServerProfile, standing: Standing, expected: Reply | None
) -> None:
    assert refusal(verb, State.READY, profile, standing) == expected


def test_c_005_before_ehlo_nothing_else_is_told() -> None:
    for verb in (Verb.MAIL, Verb.AUTH, Verb.STARTTLS, Verb.BDAT):
        refused = refusal(verb, State.FRESH, TLS_ONLY, GUEST)
        assert refused == say.out_of_order_503("Send EHLO first")


def test_c_038_bdat_is_refused_where_it_is_not_offered_or_after_helo() -> None:
    off = replace(OPEN, offers_chunking=False)
    assert refusal(Verb.BDAT, State.RCPT, off, GUEST) == say.CHUNKING_NOT_OFFERED_502
    assert refusal(Verb.BDAT, State.RCPT, OPEN, OLD) == say.SAY_EHLO_503
    assert refusal(Verb.BDAT, State.RCPT, OPEN, GUEST) is None


def test_c_053_auth_and_starttls_inside_a_transaction_are_out_of_order() -> None:
    for verb in (Verb.AUTH, Verb.STARTTLS):
        refused = refusal(verb, State.MAIL, OPEN, GUEST)
        assert refused is not None
        assert refused.code == 503
