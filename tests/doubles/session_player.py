"""Plays transcripts against a `ServerSession` in memory, with a tiny application behind it.

The application knows two logins, refuses recipients by their local part and keeps what it accepted. The
player sends each dialogue line by line, octet by octet, or as few packets as the dialogue permits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from tests.doubles.transcript import Form, Mark, Say, Transcript, Values, credentials, unescape

from sztafeta.smtp import server_replies as say
from sztafeta.smtp.command import (
    Auth,
    Command,
    Content,
    ContentEnd,
    ContentStart,
    Ehlo,
    Mail,
    Pause,
    Rcpt,
    StartTls,
)
from sztafeta.smtp.reply import Reply, reply
from sztafeta.smtp.server import ServerProfile, ServerSession

LOGIN, PASSWORD = "1.alice.smtp", "correct horse battery staple"
TLS_ONLY_LOGIN = "1.bob.smtp"
"""May not log in without TLS; same password."""

WRONG_LOGIN_535 = reply(535, "5.7.8", "Error: authentication failed")
_NO_SUCH_USER_550 = reply(550, "5.1.1", "No such user")
_LATER_450 = reply(450, "4.2.1", "Try later")
_STORE_DOWN_454 = reply(454, "4.7.0", "Temporary authentication failure")
_DISK_FULL_452 = reply(452, "4.3.1", "Insufficient storage")
_CONTENT_REFUSED_550 = reply(550, "5.7.1", "Not this")


@dataclass(slots=True)
class Accepted:
    """A message that the application took."""

    mail: Mail
    recipients: list[Rcpt]
    content: bytes


@dataclass(slots=True)
class Application:
    """Answers commands; what it does is decided by addresses, so that a transcript can choose."""

    session: ServerSession
    accepted: list[Accepted] = field(default_factory=list)
    mail: Mail | None = None
    recipients: list[Rcpt] = field(default_factory=list)
    content: bytearray = field(default_factory=bytearray)
    largest: int = 0
    """The most content that was ever held for one message."""

    def serve(self) -> list[Command]:
        """Answer commands until there are none; give them."""
        commands: list[Command] = []
        while not isinstance(command := self.session.next_command(), Pause):
            commands.append(command)
            self.answer(command)
        return commands

    def answer(self, command: Command) -> None:
        """Answer one command."""
        match command:
            case Ehlo():
                self.session.welcome()
            case StartTls():
                self.session.reply(say.READY_FOR_TLS_220)
            case Auth():
                self.session.reply(self._judge(command))
            case Mail():
                self.mail, self.recipients, self.content = command, [], bytearray()
                self.session.reply(say.SENDER_OK_250)
            case Rcpt():
                self.session.reply(self._take_recipient(command))
            case ContentStart() if self._sender == "full":
                self.session.reply(_DISK_FULL_452)
            case ContentStart():
                self.session.take_content()
            case Content():
                self.content += command.data
                self.largest = max(self.largest, len(self.content))
            case ContentEnd():
                self.session.reply(self._take_message(command))
            case _:
                pass

    @property
    def _sender(self) -> str:
        path = self.mail.reverse_path if self.mail else None
        return path.local_part if path else ""

    def _judge(self, auth: Auth) -> Reply:
        if auth.login == "1.broken.smtp":
            return _STORE_DOWN_454
        if auth.login == TLS_ONLY_LOGIN and auth.cleartext:
            return say.ENCRYPT_FIRST_538
        is_known = auth.login in (LOGIN, TLS_ONLY_LOGIN) and not auth.authorization
        is_right = is_known and auth.password == PASSWORD
        return say.LOGGED_IN_235 if is_right else WRONG_LOGIN_535

    def _take_recipient(self, rcpt: Rcpt) -> Reply:
        local_part = rcpt.forward_path.mailbox.local_part
        if local_part in ("refused", "later"):
            return _NO_SUCH_USER_550 if local_part == "refused" else _LATER_450
        self.recipients.append(rcpt)
        return say.RECIPIENT_OK_250

    def _take_message(self, end: ContentEnd) -> Reply:
        if end.fault is not None:
            return end.fault
        if self._sender == "forbidden":
            return _CONTENT_REFUSED_550
        assert self.mail is not None
        assert end.size == len(self.content)
        self.accepted.append(Accepted(self.mail, self.recipients, bytes(self.content)))
        self.mail = None
        return reply(250, "2.0.0", f"Ok: queued as q{len(self.accepted)}")


class Slicing(Enum):
    """How the client's octets are cut."""

    LINES = "line by line"
    OCTETS = "octet by octet"
    PACKET = "in one packet"


def make_profile(transcript: Transcript) -> ServerProfile:
    """Give the profile that a transcript asks for."""
    profile = ServerProfile(hostname="mx.example.org")
    changes: dict[str, int | bool] = {
        name: value == "true" if value in ("true", "false") else int(value)
        for name, value in transcript.settings.items()
    }
    values = {name: getattr(profile, name) for name in ServerProfile.__slots__}
    return ServerProfile(**(values | changes))


class SessionPlayer:
    """Plays one transcript once."""

    def __init__(self, transcript: Transcript, slicing: Slicing) -> None:
        self.transcript, self.slicing = transcript, slicing
        self.session = ServerSession(make_profile(transcript), encrypted=transcript.is_encrypted)
        self.application = Application(self.session)
        self.values: Values = credentials(LOGIN, PASSWORD)
        self._to_send = b""
        self._to_hear: list[Say] = []
        self._heard = bytearray()
        self._is_greeted = False
        self._is_whole = False

    def play(self) -> None:
        """Walk over the steps; an AssertionError names the line that went wrong."""
        for step in self.transcript.steps:
            match step:
                case Mark():
                    self._catch_up()
                    self._obey(step)
                case Say(side="C"):
                    self._speak(step)
                case _:
                    self._listen(step)
        self._catch_up()
        self._take_heard()
        assert not self._heard, f"{self.transcript.name}: said more: {bytes(self._heard)!r}"
        ended = any(isinstance(s, Mark) and s.word == "close" for s in self.transcript.steps)
        assert self.session.is_closing == ended, f"{self.transcript.name}: closing"

    def _speak(self, step: Say) -> None:
        try:
            octets = step.octets(self.values)
        except KeyError:  # a name that an earlier reply must give first
            self._catch_up()
            octets = step.octets(self.values)
        self._to_send += octets
        if self.slicing is not Slicing.PACKET:
            self._catch_up()

    def _listen(self, step: Say) -> None:
        if not self._is_greeted:
            self._flush()
            self._is_greeted = True
            self.session.greet()
        self._to_hear.append(step)
        if self.slicing is not Slicing.PACKET:
            self._catch_up()

    def _catch_up(self) -> None:
        """Send what is to be sent, then hear what is to be heard."""
        self._flush()
        for expected in self._to_hear:
            where = f"{self.transcript.name}:{expected.line} {self.slicing.value}"
            line = self._hear_line()
            assert line is not None, f"{where}: silence instead of {expected.template}"
            if expected.form is Form.REPLY:
                self._hear_rest(line, expected.template.encode(), where)
            else:
                is_right = expected.matches(line, self.values)
                assert is_right, f"{where}: {line!r} is not {expected.template}"
        self._to_hear.clear()

    def _hear_rest(self, line: bytes, code: bytes, where: str) -> None:
        """Hear a whole reply of several lines (RFC 5321 §4.2.1)."""
        while line.startswith(code + b"-"):
            line = self._hear_line() or b""
        assert line.startswith(code + b" "), f"{where}: {line!r} is not of a reply {code!r}"

    def _flush(self) -> None:
        octets, self._to_send = self._to_send, b""
        is_sliced = self.slicing is Slicing.OCTETS and not self._is_whole
        size = 1 if is_sliced else max(len(octets), 1)
        self._is_whole = False
        for start in range(0, len(octets), size):
            self.session.receive(octets[start : start + size])
            self.application.serve()

    def _take_heard(self) -> None:
        self._heard += self.session.take_output()

    def _hear_line(self) -> bytes | None:
        self._take_heard()
        line, end, rest = bytes(self._heard).partition(b"\r\n")
        if not end:
            return None
        assert len(line) + 2 <= 512, "RFC 5321 §4.5.3.1.5"
        assert has_right_status(line), line
        self._heard = bytearray(rest)
        return line

    def _obey(self, mark: Mark) -> None:
        where = f"{self.transcript.name}:{mark.line}"
        match mark.word:
            case "packet":
                self._is_whole = True
            case "tls":
                self.session.start_tls()
            case "idle":
                self.session.hang_up(say.IDLE_421)
            case "shutdown":
                self.session.shut_down(say.SHUTTING_DOWN_421)
            case "close":
                assert self.session.is_closing, f"{where}: did not close"
            case "accepted":
                assert len(self.application.accepted) == int(mark.argument), where
            case "content":
                assert self.application.accepted[-1].content == unescape(mark.argument), where


# RFC 2034 §3: every 2yz, 4yz and 5yz reply but these has an enhanced code, of the same class.
_ENHANCED = re.compile(rb"([245])\d\d[ -]\1\.\d{1,3}\.\d{1,3} .*")
_PLAIN = re.compile(
    rb"334 .*|354 .*|220 mx\.example\.org .*|250[ -](mx\.example\.org|PIPELINING|SIZE \d+|STARTTLS|"
    rb"AUTH PLAIN LOGIN|8BITMIME|SMTPUTF8|ENHANCEDSTATUSCODES|CHUNKING|DSN|LIMITS RCPTMAX=\d+)"
)


def has_right_status(line: bytes) -> bool:
    """Say whether a reply line has the enhanced status it needs (C-023)."""
    return _PLAIN.fullmatch(line) is not None or _ENHANCED.fullmatch(line) is not None
