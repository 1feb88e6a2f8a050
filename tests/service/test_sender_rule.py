"""The sender rule, S-40: the domain itself, in every field, or nothing."""

from __future__ import annotations

import pytest
from tests.doubles.submission_house import account

from sztafeta.account.smtp_account import SenderRule
from sztafeta.mail.address import Mailbox
from sztafeta.service.sender_rule import (
    NULL_SENDER_NOT_YOURS,
    refuse_domains,
    refuse_reverse_path,
)

OWN = account("1.alice.smtp", 1)
ANY = account("3.alice.smtp", 3, sender_rule=SenderRule.ANY)


@pytest.mark.parametrize("domain", ["example.com", "xn--bcher-kva.example"])
def test_an_account_sends_as_its_own_domains(domain: str) -> None:
    assert refuse_reverse_path(OWN, Mailbox("anybody", domain)) is None


@pytest.mark.parametrize("domain", ["sub.example.com", "example.org", "com", "example.com.evil"])
def test_a_sub_domain_is_another_domain(domain: str) -> None:
    refusal = refuse_reverse_path(OWN, Mailbox("alice", domain))
    assert refusal is not None
    assert (refusal.reply.code, str(refusal.reply.status)) == (550, "5.7.1")
    assert refusal.http_status == 403
    assert domain in refusal.reply.text


def test_the_first_domain_that_is_not_its_own_is_named() -> None:
    refusal = refuse_domains(OWN, ("example.com", "example.org", "example.net"))
    assert refusal is not None
    assert "example.org" in refusal.reply.text
    assert refuse_domains(OWN, ()) is None


def test_an_account_for_any_sender_is_asked_nothing() -> None:
    assert refuse_domains(ANY, ("example.org",)) is None


def test_the_null_sender_is_for_who_may_send_bounces() -> None:
    bouncer = account("4.alice.smtp", 4, may_send_bounces=True)
    assert refuse_reverse_path(OWN, None) is NULL_SENDER_NOT_YOURS
    assert refuse_reverse_path(bouncer, None) is None
