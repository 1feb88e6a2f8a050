"""What each command's argument becomes, exactly, and which reply a bad one gets."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mail.test_address import MAILBOX

from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import ForwardPath, Notify, Return
from sztafeta.smtp.command import Mail
from sztafeta.smtp.extensions import ServerProfile, mail_parameters, rcpt_parameters
from sztafeta.smtp.grammar import (
    Chunk,
    CommandFault,
    parse_auth,
    parse_chunk,
    parse_client_name,
    parse_line,
    parse_mail,
    parse_rcpt,
)
from sztafeta.smtp.reply import Reply
from sztafeta.smtp.state import Verb

PROFILE = ServerProfile(hostname="mx.example.org")
IN_MAIL, IN_RCPT = mail_parameters(PROFILE), rcpt_parameters(PROFILE)
ALICE, BOB = Mailbox("alice", "example.com"), Mailbox("bob", "example.org")


def mail(argument: str, allowed: frozenset[str] = IN_MAIL) -> Mail:
    return parse_mail(argument, allowed)


def rcpt(argument: str, *, smtputf8: bool = False) -> ForwardPath:
    command = parse_rcpt(argument, IN_RCPT, smtputf8=smtputf8, hostname=PROFILE.hostname)
    return command.forward_path


def refusal_of_mail(argument: str) -> Reply:
    with pytest.raises(CommandFault) as caught:
        mail(argument)
    return caught.value.reply


def refusal_of_rcpt(argument: str) -> Reply:
    with pytest.raises(CommandFault) as caught:
        rcpt(argument)
    return caught.value.reply


# -- paths -----------------------------------------------------------------------------------------


@given(MAILBOX)
def test_a_reverse_path_of_any_mailbox_is_read_back(mailbox: Mailbox) -> None:
    assert mail(f"FROM:<{mailbox}> SMTPUTF8").reverse_path == mailbox


@given(MAILBOX.filter(lambda box: "." in box.domain or "[" in box.domain))
def test_a_forward_path_of_any_mailbox_is_read_back(mailbox: Mailbox) -> None:
    assert rcpt(f"TO:<{mailbox}>", smtputf8=True).mailbox == mailbox


@given(MAILBOX)
def test_case_and_spaces_around_a_path_mean_nothing(mailbox: Mailbox) -> None:
    mailbox = Mailbox(mailbox.local_part.encode("ascii", "ignore").decode() or "a", "example.org")
    assert rcpt(f"TO:<{mailbox}>") == rcpt(f"to: <{mailbox}> ")
    assert mail(f"FROM:<{mailbox}>") == mail(f"from: <{mailbox}>   ")


@pytest.mark.parametrize(
    ("argument", "mailbox"),
    [
        ("TO:<bob@example.org>", BOB),
        ("to:<bob@EXAMPLE.ORG>", BOB),
        ("TO: <bob@example.org>", BOB),
        ("TO:<@example.net:bob@example.org>", BOB),
        ("TO:<@example.net,@mx.example.net:bob@example.org>", BOB),
        ("TO:<bob%example.net@example.org>", Mailbox("bob%example.net", "example.org")),
        ("TO:<example.net!bob@example.org>", Mailbox("example.net!bob", "example.org")),
        ('TO:<"bob@example.net"@example.org>', Mailbox("bob@example.net", "example.org")),
        ('TO:<"bob> NOTIFY=NEVER"@example.org>', Mailbox("bob> NOTIFY=NEVER", "example.org")),
        (r'TO:<"a\"b"@example.org>', Mailbox('a"b', "example.org")),
        ("TO:<bob@[192.0.2.1]>", Mailbox("bob", "[192.0.2.1]")),
        ("TO:<Postmaster>", Mailbox("Postmaster", "mx.example.org")),
        ("TO:<postmaster@example.org>", Mailbox("postmaster", "example.org")),
    ],
)
def test_s_27_a_forward_path_is_read_exactly(argument: str, mailbox: Mailbox) -> None:
    assert rcpt(argument) == ForwardPath(mailbox=mailbox)


@pytest.mark.parametrize(
    ("argument", "code", "status"),
    [
        ("TO:<bob>", 501, "5.1.3"),
        ("TO:<>", 501, "5.1.3"),
        ("TO:<bob@us@example.org>", 501, "5.1.3"),
        ("TO:<example.org!bob>", 501, "5.1.3"),
        ("TO:<@example.net:>", 501, "5.1.3"),
        ("TO:<@example.net>", 501, "5.1.3"),
        ("TO:<@a_b:bob@example.org>", 501, "5.1.3"),
        ("TO:<@example.net:@example.com:bob@example.org>", 501, "5.1.3"),
        ("TO:<bob(x)@example.org>", 501, "5.1.3"),
        ("TO:<" + "a" * 65 + "@example.org>", 501, "5.1.3"),
        ("TO:<" + "@a.b," * 60 + "@a.b:bob@example.org>", 501, "5.1.3"),
        ("TO:<bob@host>", 550, "5.1.2"),
        ("TO:bob@example.org", 501, "5.5.4"),
        ("TO:<bob@example.org", 501, "5.5.4"),
        ("TO:<bob@example.org>>", 501, "5.5.4"),
        ("TO:<bob@example.org>NOTIFY=NEVER", 501, "5.5.4"),
        ("TO:  <bob@example.org>", 501, "5.5.4"),
        ("FROM:<bob@example.org>", 501, "5.5.4"),
        ("", 501, "5.5.4"),
        ("TO:<a@żółw.pl>", 553, "5.6.7"),
        ("TO:<żółw@example.org>", 553, "5.6.7"),
    ],
)
def test_s_27_an_ambiguous_forward_path_is_refused(argument: str, code: int, status: str) -> None:
    refused = refusal_of_rcpt(argument)
    assert (refused.code, str(refused.status)) == (code, status)


def test_c_101_a_u_label_is_kept_as_its_a_label() -> None:
    assert rcpt("TO:<a@żółw.pl>", smtputf8=True).mailbox == Mailbox("a", "xn--w-uga1v8h.pl")


@given(st.text(alphabet='<>"\\@:,. abż', max_size=60))
def test_any_path_is_read_or_refused(text: str) -> None:
    for argument in (f"TO:<{text}>", f"TO:{text}", text):
        with contextlib.suppress(CommandFault):
            rcpt(argument, smtputf8=True)


@pytest.mark.parametrize("unit", ['"', "\\", "<", ">", '"\\"', "a@", "@a,", "a.", " "])
def test_s_29_a_line_of_nonsense_is_refused(unit: str) -> None:
    for argument in (f"TO:<{unit * 4000}>", f"TO:<{unit * 4000}", f'TO:<"{unit * 4000}"@b.org>'):
        assert refusal_of_rcpt(argument).is_permanent


# -- parameters of MAIL ----------------------------------------------------------------------------


def test_mail_with_every_parameter() -> None:
    line = "FROM:<alice@example.com> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=q+2B1 AUTH=<>"
    assert mail(line) == Mail(
        reverse_path=ALICE,
        size=10,
        eight_bit=True,
        smtputf8=True,
        returns=Return.HEADERS,
        envelope_id="q+2B1",
    )


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("FROM:<alice@example.com>", Mail(ALICE)),
        ("FROM:<>", Mail(None)),
        ("FROM:<alice@example.com> SIZE=0", Mail(ALICE, size=0)),
        ("FROM:<> SIZE=20 BODY=8BITMIME", Mail(None, size=20, eight_bit=True)),
        ("FROM:<alice@example.com> BODY=7BIT", Mail(ALICE)),
        ("FROM:<alice@example.com> body=8bitmime size=7", Mail(ALICE, size=7, eight_bit=True)),
        ("FROM:<@example.net:alice@example.com>", Mail(ALICE)),
        ("FROM:<alice@example.com> RET=full", Mail(ALICE, returns=Return.FULL)),
        ("FROM:<alice@example.com> ENVID=a+20b", Mail(ALICE, envelope_id="a+20b")),
        ("FROM:<a@b>", Mail(Mailbox("a", "b"))),
    ],
)
def test_c_030_c_080_a_reverse_path_and_its_parameters(argument: str, expected: Mail) -> None:
    assert mail(argument) == expected


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ("SIZE=abc", 501),
        ("SIZE=1e3", 501),
        ("SIZE=" + "1" * 21, 501),
        ("SIZE=١", 553),
        ("SIZE=1 size=1", 501),
        ("BODY=X", 501),
        ("BODY", 501),
        ("BODY=BINARYMIME", 555),
        ("SMTPUTF8=1", 501),
        ("RET=X", 501),
        ("RET", 501),
        ("ENVID=", 501),
        ("ENVID", 501),
        ("ENVID=" + "a" * 101, 501),
        ("ENVID=+0D", 501),
        ("AUTH=+0D+0A", 501),
        ("AUTH", 501),
        ("NOTIFY=NEVER", 555),
        ("LIMITS=1", 555),
        ("REQUIRETLS", 555),
        ("=1", 501),
        ("a\xa0b", 501),
    ],
)
def test_c_030_c_032_c_037_c_080_a_bad_parameter_is_told(parameters: str, code: int) -> None:
    assert refusal_of_mail(f"FROM:<alice@example.com> {parameters}").code == code


def test_c_003_without_extensions_no_parameter_is_known() -> None:
    nothing: frozenset[str] = frozenset()
    assert mail("FROM:<alice@example.com>", nothing) == Mail(ALICE)
    for parameters in ("SIZE=1", "BODY=8BITMIME", "SMTPUTF8", "AUTH=<>"):
        with pytest.raises(CommandFault) as caught:
            mail(f"FROM:<alice@example.com> {parameters}", nothing)
        assert caught.value.reply.code == 555


def test_a_sender_over_256_octets_is_refused() -> None:
    path = f"{'a' * 64}@{'b' * 62}.{'c' * 61}.{'d' * 61}.org"
    assert str(refusal_of_mail(f"FROM:<{path}>").status) == "5.1.7"
    assert mail(f"FROM:<{path[1:]}>").reverse_path is not None


# -- parameters of RCPT ----------------------------------------------------------------------------


def test_c_081_notify_and_orcpt() -> None:
    path = rcpt("TO:<bob@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@c")
    assert path.notify == Notify.SUCCESS | Notify.FAILURE
    assert path.original == "rfc822;a+2Bb@c"
    assert rcpt("TO:<bob@example.org> NOTIFY=never").notify is Notify.NEVER
    assert rcpt("TO:<bob@example.org>").notify is None
    assert rcpt("TO:<bob@example.org> NOTIFY=DELAY").notify is Notify.DELAY


def test_a_utf8_original_recipient_is_kept_as_it_is() -> None:
    path = rcpt("TO:<bob@example.org> ORCPT=utf-8;żółw@example.org", smtputf8=True)
    assert path.original == "utf-8;żółw@example.org"


@pytest.mark.parametrize(
    "parameters",
    [
        "NOTIFY=NEVER,FAILURE",
        "NOTIFY=",
        "NOTIFY",
        "NOTIFY=,",
        "ORCPT=bob@example.org",
        "ORCPT=;bob",
        "ORCPT=rfc822;",
        "ORCPT=rfc822;a+b",
        "ORCPT=rfc822;+0A",
        "ORCPT=rfc822;" + "a" * 494,
        "ORCPT",
    ],
)
def test_c_081_s_20_a_bad_notification_wish_is_told(parameters: str) -> None:
    assert refusal_of_rcpt(f"TO:<bob@example.org> {parameters}").code == 501


# -- the other commands ----------------------------------------------------------------------------


def test_verbs_are_known_in_any_case_but_only_in_ascii() -> None:
    assert parse_line(b"mAiL FROM:<>") == (Verb.MAIL, "FROM:<>")
    assert parse_line(b"QUIT  ") == (Verb.QUIT, "")
    for line in (b"", b" NOOP", "R\u017fET".encode(), b"FROB"):  # ſ becomes S in upper case
        with pytest.raises(CommandFault) as caught:
            parse_line(line)
        assert caught.value.reply.code == 500
    with pytest.raises(CommandFault) as caught:
        parse_line(b"etrn example.com")
    assert caught.value.reply.code == 502


@given(st.binary(max_size=40))
def test_s_09_any_line_is_a_verb_or_a_fault(line: bytes) -> None:
    try:
        _, argument = parse_line(b"NOOP " + line)
    except CommandFault:
        return
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in argument)


@pytest.mark.parametrize("name", ["a", "client.example.com", "[127.0.0.1]", "[IPv6:::1]", "OLD_PC"])
def test_c_004_a_client_name(name: str) -> None:
    assert parse_client_name(name) == name


@pytest.mark.parametrize("name", ["", "a b", "a<b", "[::1", "żółw.pl", "a" * 256, "a;b", "(x)"])
def test_c_004_no_client_name(name: str) -> None:
    with pytest.raises(CommandFault):
        parse_client_name(name)


def test_s_22_chunk_sizes() -> None:
    assert parse_chunk("5") == Chunk(5, is_last=False)
    assert parse_chunk("0 last") == Chunk(0, is_last=True)
    for argument in ("", "-1", "+1", "5 FIRST", "1" * 21, "0x5", "٥", "5LAST", "5 LAST LAST"):
        with pytest.raises(CommandFault):
            parse_chunk(argument)


def test_c_052_auth_arguments() -> None:
    assert parse_auth("plain") == ("PLAIN", None)
    assert parse_auth("LOGIN YQ==") == ("LOGIN", "YQ==")
    for argument in ("", "PLAIN a b", "żółw"):
        with pytest.raises(CommandFault) as caught:
            parse_auth(argument)
        assert (caught.value.reply.code, str(caught.value.reply.status)) == (501, "5.5.4")
