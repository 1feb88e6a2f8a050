"""The server session as its owner sees it: what it hands out, what it expects, how it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.doubles.session_player import Application

from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import ForwardPath
from sztafeta.smtp import server_replies as say
from sztafeta.smtp.command import (
    Auth,
    Content,
    ContentEnd,
    ContentStart,
    Ehlo,
    Mail,
    Pause,
    Quit,
    Rcpt,
    StartTls,
)
from sztafeta.smtp.reply import encode_reply, reply
from sztafeta.smtp.server import PlaintextUnread, ServerProfile, ServerSession

PROFILE = ServerProfile(hostname="mx.example.org", requires_auth=False)
QUEUED = reply(250, "2.0.0", "Ok: queued as q1")


def new_session(profile: ServerProfile = PROFILE, *, encrypted: bool = False) -> ServerSession:
    """Give a session that was greeted and has heard EHLO."""
    session = ServerSession(profile, encrypted=encrypted)
    session.greet()
    session.receive(b"EHLO client.example.com\r\n")
    session.next_command()
    session.welcome()
    session.take_output()
    return session


def converse(session: ServerSession, octets: bytes) -> bytes:
    """Say something to a session with the usual application behind it; give what it says."""
    session.receive(octets)
    Application(session).serve()
    return session.take_output()


# -- what is handed out ----------------------------------------------------------------------------


def test_a_dialogue_hands_out_commands_one_at_a_time() -> None:
    session = ServerSession(PROFILE)
    session.greet()
    session.receive(
        b"EHLO client.example.com\r\nMAIL FROM:<alice@example.com> SIZE=5\r\n"
        b"RCPT TO:<bob@example.org>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n"
    )
    assert session.next_command() == Ehlo("client.example.com", extended=True)
    assert session.next_command() is Pause.PAUSED
    session.welcome()
    assert (session.ehlo_name, session.extended) == ("client.example.com", True)
    assert session.next_command() == Mail(Mailbox("alice", "example.com"), size=5)
    session.reply(say.SENDER_OK_250)
    path = ForwardPath(mailbox=Mailbox("bob", "example.org"))
    assert session.next_command() == Rcpt(path)
    session.reply(say.RECIPIENT_OK_250)
    assert session.next_command() == ContentStart()
    session.take_content()
    assert session.next_command() == Content(b"hello\r\n")
    assert session.next_command() == ContentEnd(7)
    assert session.next_command() is Pause.PAUSED
    session.reply(QUEUED)
    assert session.next_command() == Quit()
    assert session.is_closing
    assert session.next_command() is Pause.NEED_DATA
    assert session.take_output().endswith(b"250 2.0.0 Ok: queued as q1\r\n221 2.0.0 Bye\r\n")
    assert session.take_output() == b""


def test_a_finished_login_is_handed_out_and_235_logs_in() -> None:
    session = new_session(replace(PROFILE, requires_auth=True))
    session.receive(b"AUTH PLAIN Ym9iAGFsaWNlAHNlY3JldA==\r\n")
    auth = session.next_command()
    assert auth == Auth("PLAIN", "bob", "alice", "secret", cleartext=True)
    assert "secret" not in repr(auth)
    assert session.login is None
    session.reply(say.LOGGED_IN_235)
    assert session.login == "alice"


def test_inside_tls_a_login_is_not_cleartext() -> None:
    session = new_session(encrypted=True)
    session.receive(b"AUTH LOGIN YWxpY2U=\r\nc2VjcmV0\r\n")
    assert session.next_command() == Auth("LOGIN", "", "alice", "secret", cleartext=False)


@pytest.mark.parametrize("code", [535, 538, 454])
def test_a_refused_login_logs_nobody_in(code: int) -> None:
    session = new_session()
    session.receive(b"AUTH PLAIN AGFsaWNlAHg=\r\n")
    session.next_command()
    session.reply(reply(code, f"{code // 100}.7.0", "no"))
    assert session.login is None


def test_c_058_a_disabled_account_gets_the_reply_of_the_application() -> None:
    session = new_session()
    session.receive(b"AUTH PLAIN AGFsaWNlAHg=\r\n")
    session.next_command()
    session.reply(reply(525, "5.7.13", "Account disabled"))
    assert session.take_output() == b"525 5.7.13 Account disabled\r\n"


def test_the_password_of_a_refused_cleartext_login_is_not_decoded() -> None:
    session = new_session(replace(PROFILE, cleartext_auth=False))
    session.receive(b"AUTH PLAIN AGFsaWNlAHg=\r\nAUTH LOGIN\r\n")
    assert session.next_command() is Pause.NEED_DATA
    assert session.take_output().count(b"538 5.7.11 ") == 2


# -- what the owner may not do ---------------------------------------------------------------------


def test_a_reply_without_a_command_is_a_bug_of_the_owner() -> None:
    session = new_session()
    for answer in (lambda: session.reply(say.OK_250), session.welcome, session.take_content):
        with pytest.raises(RuntimeError):
            answer()


def test_ehlo_and_data_are_accepted_by_their_own_methods() -> None:
    session = ServerSession(PROFILE)
    session.greet()
    session.receive(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n")
    session.next_command()
    with pytest.raises(RuntimeError):
        session.reply(say.OK_250)
    session.welcome()
    for _ in range(2):
        session.next_command()
        session.reply(say.OK_250)
    assert session.next_command() == ContentStart()
    with pytest.raises(RuntimeError):
        session.reply(say.OK_250)


def test_welcome_and_take_content_answer_nothing_else() -> None:
    for answer in (ServerSession.welcome, ServerSession.take_content):
        session = new_session()
        session.receive(b"MAIL FROM:<>\r\n")
        session.next_command()
        with pytest.raises(RuntimeError):
            answer(session)


def test_s_01_a_message_with_a_fault_cannot_be_accepted() -> None:
    session = new_session()
    session.receive(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\n")
    for _ in range(2):
        session.next_command()
        session.reply(say.OK_250)
    session.receive(b"DATA\r\none\n.\r\ntwo\r\n.\r\n")
    session.next_command()
    session.take_content()
    end = session.next_command()
    assert end == ContentEnd(12, say.BARE_LINE_END_550)
    with pytest.raises(ValueError, match="fault"):
        session.reply(QUEUED)
    session.reply(say.BARE_LINE_END_550)
    assert session.take_output().endswith(encode_reply(say.BARE_LINE_END_550))


def test_a_refused_ehlo_leaves_the_client_unknown() -> None:
    session = ServerSession(PROFILE)
    session.greet()
    session.receive(b"EHLO spam.example.com\r\n")
    session.next_command()
    session.reply(reply(550, "5.7.1", "Not you"))
    assert b"503 5.5.1 Send EHLO first" in converse(session, b"MAIL FROM:<>\r\n")


# -- STARTTLS --------------------------------------------------------------------------------------


def start_tls(session: ServerSession, tail: bytes = b"") -> None:
    session.receive(b"STARTTLS\r\n" + tail)
    assert session.next_command() == StartTls()
    session.reply(say.READY_FOR_TLS_220)
    assert session.next_command() is Pause.PAUSED


def test_s_10_what_was_pipelined_after_starttls_is_dropped() -> None:
    session = new_session()
    start_tls(session, b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<bob@example.org>\r\n")
    assert session.take_output() == b"220 2.0.0 Ready to start TLS\r\n"
    session.start_tls()
    assert session.next_command() is Pause.NEED_DATA
    assert converse(session, b"MAIL FROM:<>\r\n") == b"503 5.5.1 Send EHLO first\r\n"


def test_s_10_plaintext_after_the_220_makes_tls_impossible() -> None:
    session = new_session()
    start_tls(session)
    session.receive(b"MAIL FROM:<evil@example.net>\r\n")
    assert session.next_command() is Pause.PAUSED
    with pytest.raises(PlaintextUnread):
        session.start_tls()
    assert not session.is_encrypted


def test_s_12_tls_forgets_name_login_and_transaction() -> None:
    session = new_session()
    session.receive(b"AUTH PLAIN AGFsaWNlAHg=\r\n")
    session.next_command()
    session.reply(say.LOGGED_IN_235)
    start_tls(session)
    session.start_tls()
    assert session.is_encrypted
    assert (session.login, session.ehlo_name, session.extended) == (None, "", False)


def test_c_042_a_refused_starttls_goes_on_in_the_clear() -> None:
    session = new_session()
    session.receive(b"STARTTLS\r\nNOOP\r\n")
    session.next_command()
    session.reply(reply(454, "4.7.0", "TLS not available"))
    with pytest.raises(RuntimeError):
        session.start_tls()
    assert session.next_command() is Pause.NEED_DATA
    assert session.take_output() == b"454 4.7.0 TLS not available\r\n250 2.0.0 Ok\r\n"


# -- the end of a session --------------------------------------------------------------------------


def test_s_07_nothing_is_obeyed_before_the_banner() -> None:
    session = ServerSession(PROFILE)
    session.receive(b"EHLO a\r\n")
    assert session.next_command() is Pause.NEED_DATA
    session.greet()
    assert session.is_closing
    assert session.take_output().startswith(b"554 5.5.0 ")


def test_c_026_a_farewell_waits_for_the_pending_answer() -> None:
    session = new_session()
    session.receive(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\n")
    session.next_command()
    session.shut_down(say.SHUTTING_DOWN_421)
    assert not session.is_closing
    session.reply(say.SENDER_OK_250)
    assert session.is_closing
    assert session.next_command() is Pause.NEED_DATA
    assert session.take_output().splitlines()[1].startswith(b"421 4.3.2 ")


def test_c_026_a_farewell_waits_for_ehlo_and_tls() -> None:
    session = ServerSession(PROFILE)
    session.shut_down(say.SHUTTING_DOWN_421)
    assert not session.is_closing
    session.greet()
    assert session.is_closing
    session = new_session()
    start_tls(session)
    session.shut_down(say.SHUTTING_DOWN_421)
    assert not session.is_closing
    session.start_tls()
    assert session.is_closing
    session = ServerSession(PROFILE)
    session.greet()
    session.receive(b"EHLO a\r\n")
    session.next_command()
    session.shut_down(say.SHUTTING_DOWN_421)
    session.welcome()
    assert session.is_closing


def test_c_026_a_farewell_is_said_between_two_chunks_but_not_inside_one() -> None:
    session = new_session()
    converse(session, b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nBDAT 5\r\nhel")
    session.shut_down(say.SHUTTING_DOWN_421)
    assert not session.is_closing
    said = converse(session, b"loBDAT 5 LAST\r\nhello").splitlines()
    assert said[0] == b"250 2.0.0 5 octets received"
    assert said[1:] == [encode_reply(say.SHUTTING_DOWN_421).rstrip()]
    assert session.is_closing


def test_c_019_a_hang_up_does_not_wait_and_late_answers_are_ignored() -> None:
    session = new_session()
    session.receive(b"MAIL FROM:<>\r\n")
    session.next_command()
    session.hang_up(say.IDLE_421)
    session.reply(say.SENDER_OK_250)
    session.welcome()
    session.take_content()
    session.receive(b"NOOP\r\n")
    assert session.next_command() is Pause.NEED_DATA
    assert session.take_output() == encode_reply(say.IDLE_421)
    session.hang_up(say.IDLE_421)
    assert session.take_output() == b""


def test_a_421_of_the_application_closes() -> None:
    session = new_session()
    session.receive(b"MAIL FROM:<>\r\nNOOP\r\n")
    session.next_command()
    session.reply(reply(421, "4.7.0", "Too many connections"))
    assert session.is_closing
    assert session.take_output() == b"421 4.7.0 Too many connections\r\n"


def test_a_421_to_the_first_chunk_is_not_kept_until_the_chunk_has_come() -> None:
    session = new_session()
    converse(session, b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\n")
    session.receive(b"BDAT 1000000\r\n")
    session.next_command()
    session.reply(say.SHUTTING_DOWN_421)
    assert session.take_output().startswith(b"421 ")


# -- budgets and memory ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", [b"NOOP\r\n", b"RSET\r\n", b"VRFY a\r\n", b"HELP\r\n", b"HELO a\r\n"]
)
def test_s_23_a_flood_of_junk_ends_the_session(line: bytes) -> None:
    said = converse(new_session(), line * 10_000)
    assert said.count(b"\r\n") == 101
    assert said.splitlines()[-1].startswith(b"421 4.7.0 ")


@pytest.mark.parametrize("line", [b"FROB", b"EXPN a", b"MAIL", b"\n", b"BDAT 0", b"\0"])
def test_s_23_a_flood_of_errors_ends_the_session(line: bytes) -> None:
    said = converse(new_session(), (line + b"\r\n") * 10_000)
    assert said.count(b"\r\n") == 21
    assert said.splitlines()[-1].startswith(b"421 4.7.0 ")


def test_s_23_an_accepted_message_renews_the_patience() -> None:
    session = new_session()
    message = b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n.\r\n"
    for _ in range(10):
        converse(session, b"FROB\r\n" * 15 + b"NOOP\r\n" * 80 + message)
    assert not session.is_closing


def test_s_22_a_million_empty_chunks_end_the_session() -> None:
    session = new_session()
    said = converse(
        session, b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\n" + b"BDAT 0\r\n" * 10_000
    )
    assert said.splitlines()[-1].startswith(b"421 4.7.0 ")


def test_s_24_a_flood_of_recipients_ends_the_session() -> None:
    session = new_session(replace(PROFILE, max_recipients=10))
    said = converse(session, b"MAIL FROM:<>\r\n" + b"RCPT TO:<bob@example.org>\r\n" * 10_000)
    assert said.count(b"452 4.5.3") == 30
    assert said.splitlines()[-1].startswith(b"421 4.7.0 ")


def test_c_016_the_thousand_and_first_recipient_waits() -> None:
    session = new_session()
    said = converse(session, b"MAIL FROM:<>\r\n" + b"RCPT TO:<bob@example.org>\r\n" * 1001)
    assert said.count(b"250 2.1.5") == 1000
    assert said.splitlines()[-1].startswith(b"452 4.5.3 ")
    application = Application(session)
    session.receive(b"DATA\r\nx\r\n.\r\n")
    application.mail = Mail(None)
    application.serve()
    assert b"250 2.0.0 Ok: queued" in session.take_output()


def test_s_24_content_far_over_the_limit_is_neither_kept_nor_handed_out() -> None:
    session = new_session(replace(PROFILE, max_size=100_000))
    application = Application(session)
    session.receive(b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n")
    application.serve()
    block = (b"x" * 998 + b"\r\n") * 64
    for _ in range(100):
        session.receive(block)
        application.serve()
        assert session.unread == 0
    assert application.largest <= 100_000
    session.receive(b".\r\nNOOP\r\n")
    application.serve()
    assert b"552 5.3.4 " in session.take_output()


def test_s_22_a_chunk_that_never_ends_is_swallowed_in_constant_memory() -> None:
    session = new_session()
    session.receive(b"BDAT 4000000000 LAST\r\n")
    for _ in range(100):
        session.receive(b"MAIL FROM:<evil@example.net>\r\n" * 1000)
        assert session.next_command() is Pause.NEED_DATA
        assert session.unread == 0
    assert session.take_output() == b""


def test_octets_pile_up_only_while_an_answer_is_pending() -> None:
    session = new_session()
    session.receive(b"MAIL FROM:<>\r\n")
    session.next_command()
    session.receive(b"NOOP\r\n")
    session.receive(b"NOOP\r\n")
    assert session.unread == 12
    session.reply(say.SENDER_OK_250)
    assert session.next_command() is Pause.NEED_DATA
    assert session.unread == 0
