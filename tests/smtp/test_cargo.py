"""MAIL and RCPT as we say them, and why a hop cannot take a message (S-44, C-033, C-082, C-102, C-103)."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.doubles.parcels import SIGNATURE, cargo_to

from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import ForwardPath, Notify, Return
from sztafeta.smtp.cargo import (
    NEEDS_8BITMIME,
    NEEDS_SMTPUTF8,
    UNSPEAKABLE_553,
    mail_line,
    rcpt_line,
)
from sztafeta.smtp.dialogue import Trouble, TroubleKind
from sztafeta.smtp.grammar import parse_mail, parse_rcpt
from sztafeta.smtp.greeting import NOTHING, Offers

EVERYTHING = Offers(
    pipelining=True, size=10_000, eight_bit=True, smtputf8=True, dsn=True, chunking=True
)
POLISH = "Subject: hello\r\n\r\nżółw\r\n".encode()
POLISH_HEADER = "Subject: żółw\r\n\r\nhello\r\n".encode()
ZOLW = Mailbox("żółw", "example.com")


def rcpt(forward_path: ForwardPath, offers: Offers = EVERYTHING, smtputf8: bool = False) -> object:
    return rcpt_line(forward_path, offers, smtputf8=smtputf8)


# -- MAIL ------------------------------------------------------------------------------------------


def test_a_bare_hop_is_told_no_parameters() -> None:
    cargo = cargo_to("bob@example.net", envelope_id="q1", returns=Return.FULL)
    assert mail_line(cargo, NOTHING) == b"MAIL FROM:<alice@example.com>\r\n"


def test_the_null_sender_stays_null() -> None:
    assert mail_line(cargo_to("bob@example.net", reverse_path=None), NOTHING) == b"MAIL FROM:<>\r\n"


def test_the_size_counts_our_own_header_fields() -> None:
    """RFC 1870 §3"""
    line = mail_line(cargo_to("bob@example.net", content=b"x\r\n"), Offers(size=500))
    assert line == b"MAIL FROM:<alice@example.com> SIZE=%d\r\n" % (len(SIGNATURE) + 3)


def test_a_message_over_the_hops_limit_is_not_offered() -> None:
    """C-116"""
    cargo = cargo_to("bob@example.net", content=b"x" * 100)
    found = mail_line(cargo, Offers(size=100))
    assert isinstance(found, Trouble)
    assert found.kind is TroubleKind.SIZE
    assert isinstance(mail_line(cargo, Offers(size=cargo.size)), bytes)


def test_eight_bit_content_is_declared_or_not_sent() -> None:
    """C-033: never raw 8-bit to a hop without 8BITMIME, whatever was declared."""
    for declared in (False, True):
        cargo = cargo_to("bob@example.net", content=POLISH, eight_bit=declared)
        assert b" BODY=8BITMIME" in bytes(mail_line(cargo, EVERYTHING))  # type: ignore[arg-type]
        assert mail_line(cargo, NOTHING) is NEEDS_8BITMIME


def test_seven_bit_content_goes_to_any_hop_whatever_was_declared() -> None:
    """RFC 6152 §3: what counts is the content."""
    cargo = cargo_to("bob@example.net", eight_bit=True)
    assert mail_line(cargo, NOTHING) == b"MAIL FROM:<alice@example.com>\r\n"
    assert b" BODY=8BITMIME" in bytes(mail_line(cargo, EVERYTHING))  # type: ignore[arg-type]


@pytest.mark.parametrize("offers", [NOTHING, EVERYTHING])
def test_a_message_with_an_international_domain_alone_is_sent_normally(offers: Offers) -> None:
    """C-102: the domain is in A-labels already."""
    cargo = cargo_to("bob@żółw.pl", smtputf8=True)
    assert isinstance(mail_line(cargo, offers), bytes)
    (path,) = cargo.envelope.forward_paths
    assert rcpt(path, offers) == b"RCPT TO:<bob@xn--w-uga1v8h.pl>\r\n"


def test_an_international_local_part_needs_smtputf8() -> None:
    """C-103"""
    assert mail_line(cargo_to("bob@example.net", reverse_path=ZOLW), NOTHING) is NEEDS_SMTPUTF8
    assert rcpt(ForwardPath(mailbox=ZOLW), NOTHING) is NEEDS_SMTPUTF8
    line = mail_line(cargo_to("bob@example.net", reverse_path=ZOLW), EVERYTHING)
    assert isinstance(line, bytes)
    assert line.decode().startswith("MAIL FROM:<żółw@example.com> ")
    assert b" SMTPUTF8" in line


def test_one_international_recipient_makes_the_transaction_international() -> None:
    line = mail_line(cargo_to("bob@example.net", "żółw@example.net"), EVERYTHING)
    assert isinstance(line, bytes)
    assert b" SMTPUTF8" in line


def test_an_international_header_needs_smtputf8_when_it_was_declared() -> None:
    """RFC 6532 §3"""
    declared = cargo_to("bob@example.net", content=POLISH_HEADER, smtputf8=True)
    only_eight_bit = Offers(eight_bit=True)
    assert mail_line(declared, only_eight_bit) is NEEDS_SMTPUTF8
    undeclared = cargo_to("bob@example.net", content=POLISH_HEADER)
    assert isinstance(mail_line(undeclared, only_eight_bit), bytes)


def test_ret_and_envid_are_passed_on_as_they_came() -> None:
    """C-082"""
    cargo = cargo_to("bob@example.net", returns=Return.HEADERS, envelope_id="q+2B1")
    line = mail_line(cargo, Offers(dsn=True))
    assert line == b"MAIL FROM:<alice@example.com> RET=HDRS ENVID=q+2B1\r\n"


# -- RCPT ------------------------------------------------------------------------------------------


def test_notify_and_orcpt_are_passed_on_as_they_came() -> None:
    """C-082: xtext intact."""
    path = ForwardPath(
        mailbox=Mailbox("bob", "example.net"),
        notify=Notify.SUCCESS | Notify.FAILURE,
        original="rfc822;a+2Bb@c",
    )
    assert (
        rcpt(path) == b"RCPT TO:<bob@example.net> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@c\r\n"
    )
    assert rcpt(path, NOTHING) == b"RCPT TO:<bob@example.net>\r\n"


@pytest.mark.parametrize(
    ("notify", "word"),
    [
        (Notify.NEVER, " NOTIFY=NEVER"),
        (Notify.DELAY, " NOTIFY=DELAY"),
        (Notify.SUCCESS | Notify.FAILURE | Notify.DELAY, " NOTIFY=SUCCESS,FAILURE,DELAY"),
        (None, ""),
    ],
)
def test_notify_is_said_in_the_words_of_the_rfc(notify: Notify | None, word: str) -> None:
    """RFC 3461 §4.1"""
    path = ForwardPath(mailbox=Mailbox("bob", "example.net"), notify=notify)
    assert rcpt(path) == f"RCPT TO:<bob@example.net>{word}\r\n".encode()


def test_an_international_orcpt_is_said_only_under_smtputf8() -> None:
    """RFC 6533 §3"""
    path = ForwardPath(mailbox=Mailbox("bob", "example.net"), original="utf-8;żółw@example.net")
    assert rcpt(path, smtputf8=False) == b"RCPT TO:<bob@example.net>\r\n"
    assert "żółw" in bytes(rcpt(path, smtputf8=True)).decode()  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "local_part", ["a> NOTIFY=NEVER", "a<b", "a\r\nDATA", "a\nb", "a\x00b", "a\x85b", "x" * 400]
)
def test_an_address_that_could_end_its_own_brackets_is_not_said(local_part: str) -> None:
    """S-44: ESMTP parameter injection."""
    evil = Mailbox(local_part, "example.net")
    assert rcpt(ForwardPath(mailbox=evil)) is UNSPEAKABLE_553
    assert mail_line(cargo_to("bob@example.net", reverse_path=evil), EVERYTHING) is UNSPEAKABLE_553


@pytest.mark.parametrize("value", ["q 1", "q\r\nRCPT TO:<eve@example.org>", "", "q\t1"])
def test_a_parameter_that_could_end_its_own_line_is_left_out(value: str) -> None:
    """S-44"""
    line = mail_line(cargo_to("bob@example.net", envelope_id=value), Offers(dsn=True))
    assert line == b"MAIL FROM:<alice@example.com>\r\n"
    path = ForwardPath(mailbox=Mailbox("bob", "example.net"), original=value)
    assert rcpt(path) == b"RCPT TO:<bob@example.net>\r\n"


KNOWN = r"(?: (?:NOTIFY=[A-Z,]+|ORCPT=[^ \r\n]+))*"
WIRE = re.compile(rf"RCPT TO:<[^<>\r\n]*>{KNOWN}\r\n")


@given(
    st.text(max_size=20),
    st.one_of(st.none(), st.text(max_size=20)),
    st.one_of(st.none(), st.sampled_from([Notify.NEVER, Notify.SUCCESS, Notify.DELAY])),
    st.booleans(),
)
@example("bob", "utf-8;a\x85b", None, True)
@example("bob", "utf-8;a\u2028b", None, True)
def test_whatever_is_in_an_envelope_the_line_is_one_rcpt(
    local_part: str, original: str | None, notify: Notify | None, smtputf8: bool
) -> None:
    """S-44: the wire line matches the pattern."""
    mailbox = Mailbox(local_part, "example.net")
    path = ForwardPath(mailbox=mailbox, original=original, notify=notify)
    line = rcpt(path, smtputf8=smtputf8)
    if isinstance(line, bytes):
        text = line.decode("utf-8", "strict")
        assert WIRE.fullmatch(text), text
        assert text.count("\n") == 1


LOCAL_PARTS = st.text("abcXYZ019.!#'+-_ \"\\@,żó", min_size=1, max_size=12)


@given(LOCAL_PARTS, st.sampled_from([Notify.NEVER, Notify.SUCCESS | Notify.DELAY]))
def test_what_we_say_is_read_back_by_our_own_server(local_part: str, notify: Notify) -> None:
    """parse ∘ format is the identity."""
    path = ForwardPath(
        mailbox=Mailbox(local_part, "example.net"), notify=notify, original="rfc822;b+2Bb@c"
    )
    line = rcpt(path, smtputf8=True)
    assert isinstance(line, bytes)
    argument = line.decode().removeprefix("RCPT ").removesuffix("\r\n")
    heard = parse_rcpt(
        argument, frozenset({"NOTIFY", "ORCPT"}), smtputf8=True, hostname="mx.example.net"
    )
    assert heard.forward_path == path


def test_mail_is_read_back_by_our_own_server() -> None:
    cargo = cargo_to(
        "bob@example.net",
        content=POLISH,
        smtputf8=True,
        returns=Return.FULL,
        envelope_id="q+2B1",
    )
    line = mail_line(cargo, EVERYTHING)
    assert isinstance(line, bytes)
    argument = line.decode().removeprefix("MAIL ").removesuffix("\r\n")
    heard = parse_mail(argument, frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID"}))
    assert (heard.reverse_path, heard.size) == (cargo.envelope.reverse_path, cargo.size)
    assert (heard.eight_bit, heard.smtputf8) == (True, True)
    assert (heard.returns, heard.envelope_id) == (Return.FULL, "q+2B1")
