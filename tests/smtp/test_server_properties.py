"""Properties of the server session: any split is the same dialogue, any walk agrees with a small model.

The model is the state machine of RFC 5321 §4.1.4 written a second time, by hand and naively. The sizes are
small by default; `make campaign` walks the full distance.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.doubles.session_player import Application, has_right_status

from sztafeta.smtp.command import Command, Content
from sztafeta.smtp.server import ServerProfile, ServerSession

PROFILE = ServerProfile(
    hostname="mx.example.org", max_size=60, max_recipients=3, max_errors=10**6, max_junk=10**6
)
PLAIN = b"AUTH PLAIN ADEuYWxpY2Uuc210cABjb3JyZWN0IGhvcnNlIGJhdHRlcnkgc3RhcGxl\r\n"
WRONG = b"AUTH PLAIN AGFsaWNlAHg=\r\n"

BOB = b"bob@example.org"

PIECES = [
    b"EHLO client.example.com\r\n",
    b"HELO x\r\n",
    PLAIN,
    WRONG,
    b"AUTH LOGIN\r\n",
    b"AUTH LOGIN MS5hbGljZS5zbXRw\r\n",
    b"MS5hbGljZS5zbXRw\r\n",
    b"*\r\n",
    b"MAIL FROM:<alice@example.com>\r\n",
    b"MAIL FROM:<> SIZE=9999\r\n",
    "MAIL FROM:<żółw@example.com> SMTPUTF8\r\n".encode(),
    b"RCPT TO:<bob@example.org>\r\n",
    b"RCPT TO:<refused@example.org>\r\n",
    b"RCPT TO:<bob>\r\n",
    b"DATA\r\n",
    b"hello\r\n",
    b"..dot\r\n",
    b".\r\n",
    b"\r\n.\r\n",
    b"x" * 70,
    b"BDAT 5\r\nhello",
    b"BDAT 2\r\n\r",
    b"BDAT 1\r\n\n",
    b"BDAT 7 LAST\r\nQUIT\r\n\r",
    b"BDAT 0 LAST\r\n",
    b"BDAT 100\r\n" + b"y" * 100,
    b"RSET\r\n",
    b"NOOP\r\n",
    b"NOOP " + b"z" * 5000 + b"\r\n",
    b"\n",
    b"\r",
    b"\0\r\n",
    b"QUIT\r\n",
]
WIRE = st.lists(st.sampled_from(PIECES), max_size=25)


def play(packets: list[bytes]) -> tuple[list[Command], bytes, list[bytes]]:
    """Give the commands (content joined), everything said, and every message taken."""
    session = ServerSession(PROFILE)
    application = Application(session)
    session.greet()
    commands: list[Command] = []
    for packet in packets:
        session.receive(packet)
        commands += application.serve()
    said = session.take_output()
    taken = [message.content for message in application.accepted]
    return [c for c in commands if not isinstance(c, Content)], said, taken


@given(WIRE, st.lists(st.integers(0, 3000), max_size=10))
def test_s_08_any_split_gives_the_same_commands_replies_and_messages(
    pieces: list[bytes], cuts: list[int]
) -> None:
    start = [PIECES[0], PLAIN, PIECES[8], PIECES[11]] if len(pieces) % 2 else []
    wire = b"".join(start + pieces)
    places = sorted({place for place in cuts if place < len(wire)} | {0, len(wire)})
    whole = play([wire])
    assert play(pieces_of(wire, places)) == whole
    assert play([bytes([octet]) for octet in wire]) == whole
    assert all(has_right_status(line) for line in whole[1].splitlines())


def pieces_of(wire: bytes, places: list[int]) -> list[bytes]:
    return [wire[a:b] for a, b in pairwise(places)]


@given(st.lists(st.binary(max_size=50) | st.sampled_from(PIECES), max_size=20))
def test_any_octets_are_answered_and_never_raise(pieces: list[bytes]) -> None:
    _, said, _ = play(pieces)
    assert all(has_right_status(line) for line in said.splitlines())


class Model(RuleBasedStateMachine):
    """S-21: reply code and state agree with this after every command."""

    def __init__(self) -> None:
        super().__init__()
        self.session = ServerSession(PROFILE)
        self.application = Application(self.session)
        self.session.greet()
        self.session.take_output()
        self.state = "fresh"
        self.extended = self.logged_in = self.refused = False
        self.recipients = self.octets = self.messages = 0

    @initialize(known=st.sampled_from([True, True, True, False]))
    def begins(self, known: bool) -> None:
        """Most walks begin after the login, because most faults hide behind it."""
        if known:
            self.introduces_itself(extended=True)
            self.logs_in(right=True)

    def say(self, octets: bytes) -> int:
        """Say something; give the code of the last line of the one reply it must get."""
        self.session.receive(octets)
        self.application.serve()
        lines = self.session.take_output().splitlines()
        assert [line[3:4] for line in lines] == [b"-"] * (len(lines) - 1) + [b" "]
        return int(lines[-1][:3])

    def gate(self, *allowed: str) -> int:
        """Why a command of a transaction may not come now; 0 if it may."""
        if self.state == "fresh":
            return 503
        if not self.logged_in:
            return 530
        return 0 if self.state in allowed else 503

    def clear(self, state: str = "ready") -> None:
        self.state, self.refused, self.recipients, self.octets = state, False, 0, 0

    @rule(extended=st.sampled_from([True, True, False]))
    def introduces_itself(self, extended: bool) -> None:
        assert self.say(b"EHLO a\r\n" if extended else b"HELO a\r\n") == 250
        self.extended = extended
        self.clear()

    @rule(right=st.booleans())
    def logs_in(self, right: bool) -> None:
        expected = 235 if right else 535
        if self.state != "ready" or self.logged_in or not self.extended:
            expected = 503
        elif self.application.session.login is None and self.failures >= 3:
            return
        assert self.say(PLAIN if right else WRONG) == expected
        self.logged_in |= expected == 235
        self.failures += expected == 535

    failures = 0

    @rule(size=st.sampled_from([0, 0, 60, 61]), bad=st.sampled_from([False] * 4 + [True]))
    def names_a_sender(self, size: int, bad: bool) -> None:
        expected = self.gate("ready") or (250 if not bad else 501)
        if expected == 250 and size:
            expected = 555 if not self.extended else 250 if size <= 60 else 552
        path = b"alice" if bad else b"<alice@example.com>"
        parameter = b" SIZE=%d" % size if size else b""
        assert self.say(b"MAIL FROM:" + path + parameter + b"\r\n") == expected
        if expected == 250:
            self.clear("mail")

    @rule(who=st.sampled_from([BOB, BOB, BOB, b"refused@example.org", b"bob", b"later@a.org"]))
    def names_a_recipient(self, who: bytes) -> None:
        expected = self.gate("mail", "rcpt")
        if not expected and self.recipients == 3:
            expected = 452
        expected = expected or {b"bo": 250, b"re": 550, b"la": 450}[who[:2]]
        if who == b"bob" and expected == 250:
            expected = 501
        assert self.say(b"RCPT TO:<" + who + b">\r\n") == expected
        if expected == 250:
            self.recipients += 1
            self.state = "rcpt"
        elif self.state == "mail":
            self.refused = True

    @rule(text=st.sampled_from([b"", b"hi\r\n", b"..\r\n", b"a\nb\r\n", b"x" * 80 + b"\r\n"]))
    def sends_a_message(self, text: bytes) -> None:
        expected = self.gate("rcpt")
        if self.state == "mail" and self.refused:
            expected = 554
        code = self.say(b"DATA\r\n")
        assert code == (expected or 354)
        if code == 354:
            outcome = 550 if text.startswith(b"a") else 552 if text.startswith(b"x") else 250
            assert self.say(text + b".\r\n") == outcome
            self.messages += outcome == 250
            self.clear()

    @rule(chunk=st.sampled_from([b"hi\r\n", b"a\nb", b"y" * 70, b"QUIT\r\n"]), last=st.booleans())
    def sends_a_chunk(self, chunk: bytes, last: bool) -> None:
        expected = self.gate("rcpt", "chunks")
        if self.state == "mail" and self.refused:
            expected = 554
        elif self.state != "fresh" and self.logged_in and not self.extended:
            expected = 503
        self.octets += 0 if expected else len(chunk)
        if not expected:
            expected = 550 if chunk.startswith(b"a") else 552 if self.octets > 60 else 250
            self.state = "chunks"
            self.messages += last and expected == 250
            if last or expected != 250:
                self.clear()
        end = b" LAST" if last else b""
        assert self.say(b"BDAT %d%s\r\n%s" % (len(chunk), end, chunk)) == expected

    @rule()
    def resets(self) -> None:
        assert self.say(b"RSET\r\n") == 250
        self.clear("fresh" if self.state == "fresh" else "ready")

    @rule(
        word=st.sampled_from(["VRFY żółw", "NOOP", "NOOP żółw", "EXPN x", "HELP", "FROB", "ETRN x"])
    )
    def chats(self, word: str) -> None:
        codes = {"VR": 252, "NO": 250, "EX": 502, "HE": 214, "FR": 500, "ET": 502}
        expected = codes[word[:2]] if word != "NOOP żółw" else 501
        assert self.say(word.encode() + b"\r\n") == expected

    @rule(offer=st.sampled_from([b"STARTTLS\r\n", b"STARTTLS x\r\n"]))
    def asks_for_tls(self, offer: bytes) -> None:
        expected = 220 if offer == b"STARTTLS\r\n" else 501
        if self.session.is_encrypted or self.state != "ready" or not self.extended:
            expected = 503
        assert self.say(offer) == expected
        if expected == 220:
            self.session.start_tls()
            self.extended = self.logged_in = False
            self.clear("fresh")

    @invariant()
    def no_message_without_mail_and_rcpt_of_its_own(self) -> None:
        assert len(self.application.accepted) == self.messages
        assert (self.session.login is not None) == self.logged_in
        assert not self.session.is_closing


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


def test_s_21_any_walk_agrees_with_the_model() -> None:
    small = settings(
        max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=QUIET
    )
    run_state_machine_as_test(Model, settings=small)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_s_21_a_hundred_thousand_walks_agree_with_the_model() -> None:
    large = settings(
        max_examples=100_000, stateful_step_count=50, deadline=None, suppress_health_check=QUIET
    )
    run_state_machine_as_test(Model, settings=large)
