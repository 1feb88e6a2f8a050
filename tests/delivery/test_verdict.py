"""The verdict table: an example for each row, and the rules that hold for all."""

from __future__ import annotations

import pytest

from sztafeta.delivery.classify import BounceClass
from sztafeta.delivery.verdict import (
    TABLE,
    Answer,
    Failure,
    FailureKind,
    Outcome,
    Row,
    Scope,
    Stage,
    judge,
    status_of,
    table_rows,
)
from sztafeta.smtp.reply import reply


def _said(stage: Stage, code: int, status: str | None = None, text: str = "x") -> Answer:
    return Answer(stage, reply(code, status, text))


def _failed(stage: Stage, kind: FailureKind) -> Answer:
    return Answer(stage, Failure(kind, "x"))


EXAMPLES: dict[str, Answer] = {
    "accepted": _said(Stage.DOT, 250, "2.0.0"),
    "no-such-domain": _failed(Stage.ROUTE, FailureKind.NO_SUCH_DOMAIN),
    "null-mx": _failed(Stage.ROUTE, FailureKind.NULL_MX),
    "no-mail-host": _failed(Stage.ROUTE, FailureKind.NO_MAIL_HOST),
    "loop": _failed(Stage.ROUTE, FailureKind.LOOP),
    "forbidden-address": _failed(Stage.ROUTE, FailureKind.FORBIDDEN_ADDRESS),
    "no-such-hop": _failed(Stage.ROUTE, FailureKind.NO_SUCH_HOP),
    "dns-temporary": _failed(Stage.ROUTE, FailureKind.DNS_TEMPORARY),
    "too-big-for-hop": _failed(Stage.MAIL, FailureKind.SIZE),
    "needs-smtputf8": _failed(Stage.MAIL, FailureKind.NEEDS_SMTPUTF8),
    "needs-8bitmime": _failed(Stage.MAIL, FailureKind.NEEDS_8BITMIME),
    "outcome-unknown": _failed(Stage.DOT, FailureKind.CLOSED),
    "cannot-connect": _failed(Stage.CONNECT, FailureKind.REFUSED),
    "silent-before-mail": _failed(Stage.BANNER, FailureKind.TIMEOUT),
    "silent": _failed(Stage.RCPT, FailureKind.CLOSED),
    "tls-failed": _failed(Stage.TLS, FailureKind.TLS),
    "protocol-failure": _failed(Stage.MAIL, FailureKind.PROTOCOL),
    "too-many-recipients": _said(Stage.RCPT, 452, "4.5.3"),
    "closing": _said(Stage.RCPT, 421, "4.3.2"),
    "rate-limited": _said(Stage.DOT, 451, "4.7.28", "rate limit, slow down"),
    "not-now-greeting": _said(Stage.BANNER, 450, "4.3.2"),
    "recipient-deferred": _said(Stage.RCPT, 450, "4.2.1"),
    "message-deferred": _said(Stage.MAIL, 451, "4.3.0"),
    "refused-greeting": _said(Stage.BANNER, 554),
    "too-many-recipients-5xx": _said(Stage.RCPT, 552, "5.5.3"),
    "recipient-refused": _said(Stage.RCPT, 550, "5.1.1"),
    "sender-refused": _said(Stage.MAIL, 550, "5.7.1"),
    "content-refused": _said(Stage.DOT, 554, "5.6.0"),
    "out-of-place": _said(Stage.RCPT, 354),
}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.rule)
def test_every_row_judges_its_example(row: Row) -> None:
    verdict = judge(EXAMPLES[row.rule])
    assert (verdict.rule, verdict.outcome, verdict.scope) == (row.rule, row.outcome, row.scope)


def test_the_table_has_a_word_for_every_stage_and_failure_and_code() -> None:
    """Unknown is temporary: nothing is left without a verdict, and no surprise is a bounce."""
    for stage in Stage:
        for kind in FailureKind:
            assert judge(_failed(stage, kind)).rule
        for code in (150, 200, 299, 354, 400, 499, 500, 599):
            assert judge(_said(stage, code)).rule
        assert judge(_said(stage, 354)).outcome is Outcome.DEFERRED


def test_only_a_2xx_to_the_final_dot_delivers() -> None:
    """R-42, C-131."""
    for stage in Stage:
        delivered = judge(_said(stage, 250, "2.0.0")).outcome is Outcome.DELIVERED
        assert delivered == (stage is Stage.DOT)


def test_a_421_is_temporary_wherever_it_comes() -> None:
    """R-45."""
    for stage in (Stage.BANNER, Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT):
        verdict = judge(_said(stage, 421, "4.3.2"))
        assert (verdict.outcome, verdict.site_trouble) == (Outcome.DEFERRED, True)


def test_recipients_beyond_the_hop_s_limit_are_tried_again_at_once() -> None:
    """R-43."""
    assert judge(_said(Stage.RCPT, 452, "4.5.3")).at_once
    assert not judge(_said(Stage.RCPT, 452, "4.2.2")).at_once


def test_silence_after_the_final_dot_is_an_unknown_outcome() -> None:
    """R-41."""
    for kind in (FailureKind.CLOSED, FailureKind.TIMEOUT, FailureKind.PROTOCOL):
        assert judge(_failed(Stage.DOT, kind)).rule == "outcome-unknown"


def test_5xx_to_mail_is_about_the_message_alone() -> None:
    """C-130."""
    verdict = judge(_said(Stage.MAIL, 550, "5.7.1"))
    assert (verdict.scope, verdict.site_trouble) == (Scope.MESSAGE, False)


def test_5xx_after_the_dot_bounces_the_whole_transaction() -> None:
    """C-129."""
    assert judge(_said(Stage.DOT, 550, "5.7.1")).outcome is Outcome.BOUNCED


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FailureKind.NO_SUCH_DOMAIN, "5.1.2"),
        (FailureKind.NULL_MX, "5.1.10"),
        (FailureKind.NO_MAIL_HOST, "5.4.4"),
        (FailureKind.LOOP, "5.4.6"),
        (FailureKind.FORBIDDEN_ADDRESS, "5.4.4"),
    ],
)
def test_what_dns_forbids_bounces_at_once_with_its_status(kind: FailureKind, status: str) -> None:
    """R-62, R-63, R-64, R-67, C-112, C-114."""
    answer = _failed(Stage.ROUTE, kind)
    assert judge(answer).outcome is Outcome.BOUNCED
    assert str(status_of(answer, Outcome.BOUNCED)) == status


def test_a_mistake_in_a_route_bounces_nobody_s_mail() -> None:
    """The operator mends it, and the mail goes."""
    answer = _failed(Stage.ROUTE, FailureKind.NO_SUCH_HOP)
    assert judge(answer).outcome is Outcome.DEFERRED
    assert str(status_of(answer, Outcome.DEFERRED)) == "4.3.5"


def test_a_notice_says_their_status_when_its_class_is_right() -> None:
    """S-52: a status of another class than the outcome is not believed."""
    assert str(status_of(_said(Stage.RCPT, 550, "5.1.1"), Outcome.BOUNCED)) == "5.1.1"
    assert str(status_of(_said(Stage.RCPT, 450, "4.2.1"), Outcome.EXPIRED)) == "5.4.7"
    assert str(status_of(_said(Stage.RCPT, 550), Outcome.BOUNCED)) == "5.1.0"


def test_the_size_and_character_faults_of_a_hop_bounce() -> None:
    """C-102, C-103, C-116, C-033."""
    for kind in (FailureKind.SIZE, FailureKind.NEEDS_SMTPUTF8, FailureKind.NEEDS_8BITMIME):
        assert judge(_failed(Stage.MAIL, kind)).outcome is Outcome.BOUNCED


def test_the_printed_table_has_a_sentence_for_each_rule() -> None:
    rows = table_rows()
    assert len({rule for rule, *_ in rows}) == len(rows) == len(TABLE)
    assert all(why.endswith(".") for *_, why in rows)


@pytest.mark.parametrize(
    ("code", "status", "text", "expected"),
    [
        (550, "5.1.1", "The email account that you tried to reach does not exist", "bad-mailbox"),
        (550, None, "Nie ma takiego uzytkownika", "bad-mailbox"),
        (552, "5.2.2", "mailbox full", "mailbox-full"),
        (550, "5.7.26", "Unauthenticated email from example.com", "sender-configuration"),
        (550, "5.7.515", "Access denied", "sender-configuration"),
        (
            550,
            "5.7.1",
            "Service unavailable, Client host [192.0.2.1] blocked using Spamhaus",
            "reputation",
        ),
        (421, "4.7.28", "Our system has detected an unusual rate", "rate"),
        (450, "4.2.0", "Greylisted, see http://postgrey.example", "greylisted"),
        (554, "5.7.1", "Message rejected as spam", "content"),
        (550, "5.7.1", "Relaying denied", "policy"),
        (552, "5.3.4", "Message too long", "too-big"),
        (521, None, "no mail here", "bad-domain"),
        (599, None, "?", "other"),
    ],
)
def test_a_reply_is_put_into_its_bounce_class(
    code: int, status: str | None, text: str, expected: str
) -> None:
    """C-166 among them: our own set-up is never the recipient's fault."""
    verdict = judge(_said(Stage.RCPT, code, status, text))
    assert verdict.bounce_class is BounceClass(expected)
