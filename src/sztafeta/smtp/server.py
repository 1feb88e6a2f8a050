"""The server's side of an SMTP session, without a socket: octets in, commands out, octets out.

The owner of the wire greets, feeds what it reads, and pulls commands until it gets a `Pause`; each command is
answered by `welcome()`, `reply(…)`, `take_content()` or, after the handshake, `start_tls()`. Then it writes
`take_output()`, and closes when `is_closing` is set.

Commands are pulled one at a time, because with PIPELINING many arrive in one packet and each must be
answered before the next is acted on (RFC 2920 §3.2). What needs no decision (syntax, order, limits, NOOP …)
is answered in here. `state.py` says which command may come when, `gate.py` whether it may come from this
client, `grammar.py` what it looks like, `data.py` where a message ends. The session never waits, knows no
clock, and keeps no more than one line or a few octets of content.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sztafeta.smtp import server_replies as say
from sztafeta.smtp.answers import Answers
from sztafeta.smtp.command import (
    Auth,
    Command,
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
from sztafeta.smtp.data import ChunkReader, DotReader
from sztafeta.smtp.extensions import (
    ServerProfile,
    ehlo_lines,
    mail_parameters,
    rcpt_parameters,
)
from sztafeta.smtp.gate import Standing, permitted, refusal
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
from sztafeta.smtp.lines import LineBuffer, LineFault
from sztafeta.smtp.reply import Reply, reply
from sztafeta.smtp.sasl import (
    Challenge,
    Credentials,
    Exchange,
    PlainExchange,
    SaslFault,
    new_exchange,
)
from sztafeta.smtp.state import NEXT, State, Verb

__all__ = ["PlaintextUnread", "ServerProfile", "ServerSession"]

COMMAND_LINE: Final = 4096
"""Octets with CRLF: the 512 of RFC 5321 §4.5.3.1.4 and room for every extension's parameters."""
AUTH_LINE: Final = 12288
"""Octets with CRLF (RFC 4954 §4)."""
ABSURD_CHUNK: Final = 1 << 32
"""Octets of a BDAT that we do not even read to its end."""

_NO_PARAMETERS: Final[frozenset[str]] = frozenset()


class PlaintextUnread(Exception):
    """Octets came between our 220 and the TLS handshake: an injection; close the connection."""


class _Transaction:
    """What the session itself must know of the mail transaction under way."""

    __slots__ = ("has_refused", "offered", "recipients", "smtputf8")

    def __init__(self) -> None:
        self.smtputf8 = False
        self.offered = 0
        """How often RCPT was said."""
        self.recipients = 0
        """How many of them were accepted."""
        self.has_refused = False


class ServerSession:
    """One SMTP connection as the server sees it."""

    def __init__(self, profile: ServerProfile, *, encrypted: bool = False) -> None:
        self.profile = profile
        self.is_encrypted = encrypted
        self.login: str | None
        """Who logged in, or None."""
        self.ehlo_name: str
        """What the client calls itself."""
        self.extended: bool
        """The client said EHLO, not HELO."""
        self._buffer = LineBuffer()
        self._answers = Answers(profile)
        self._read: _Reader = ServerSession._await_greeting
        self._pending: Command | None = None
        self._farewell: Reply | None = None
        self._exchange: Exchange = PlainExchange()
        self._chunk: Chunk | None = None
        """The BDAT that is being decided or received; None with DATA."""
        self._chunks = ChunkReader(profile.max_size)
        self._reader: DotReader | ChunkReader = self._chunks
        self._swallowed: tuple[int, Reply]
        self._mail_parameters = self._rcpt_parameters = _NO_PARAMETERS
        self._begin_dialogue()

    def _begin_dialogue(self) -> None:
        """Know nothing of the client: at the start, and again inside TLS."""
        self.login, self.ehlo_name, self.extended = None, "", False
        self._stand()
        self._enter(State.FRESH)

    # -- the wire ------------------------------------------------------------------------------

    def greet(self) -> None:
        """Draft the banner, or send a client away that spoke before it (RFC 5321 §3.1)."""
        self._read = ServerSession._read_command
        if self.unread:
            self._close(say.TALKED_TOO_EARLY_554)
        else:
            self._answers.say(reply(220, None, f"{self.profile.hostname} ESMTP Sztafeta"))
        self._leave_if_told()

    def receive(self, data: bytes) -> None:
        """Take octets from the wire; call `next_command()` next."""
        if not self.is_closing:
            self._buffer.feed(data)

    @property
    def unread(self) -> int:
        """Octets received but not acted on: stop reading from the wire when they pile up."""
        return len(self._buffer)

    def take_output(self) -> bytes:
        """Give the octets to write, once."""
        return self._answers.take()

    @property
    def is_closing(self) -> bool:
        """Say whether to write what is left and close."""
        return self._answers.is_closing

    def shut_down(self, reply: Reply) -> None:
        """Say a 421 at the next command border, which may be now, and close (RFC 5321 §3.8)."""
        self._farewell = reply
        self._leave_if_told()

    def hang_up(self, reply: Reply) -> None:
        """Say a 421 now, wherever the dialogue stands, and close: the client has gone silent."""
        self._close(reply)

    # -- what the owner asks and answers ---------------------------------------------------------

    def next_command(self) -> Command | Pause:
        """Give the next command that needs a decision, or say why there is none."""
        if self._pending is not None:
            return Pause.PAUSED
        answers = self._answers
        while not answers.is_closing:
            found = self._read(self)
            if found is not None:
                return found
            if self._farewell is not None:
                self._leave_if_told()
        return Pause.NEED_DATA

    def welcome(self) -> None:
        """Accept EHLO or HELO and list what the wire as it is offers (RFC 5321 §4.1.1.1)."""
        if self.is_closing:
            return
        pending = self._take_pending()
        if not isinstance(pending, Ehlo):
            raise RuntimeError("only EHLO can be welcomed")
        self.ehlo_name, self.extended = pending.name, pending.extended
        # RFC 5321 §4.1.1.1: after HELO there are no extensions.
        self._mail_parameters = mail_parameters(self.profile) if self.extended else _NO_PARAMETERS
        self._rcpt_parameters = rcpt_parameters(self.profile) if self.extended else _NO_PARAMETERS
        self._stand()
        self._enter(State.READY)
        lines = ehlo_lines(self.profile, encrypted=self.is_encrypted) if self.extended else ()
        self._answers.say(reply(250, None, self.profile.hostname, *lines))
        self._leave_if_told()

    def reply(self, reply: Reply) -> None:
        """Answer the pending command; a positive reply moves the state (RFC 5321 §4.1.4).

        After `hang_up()` it does nothing: the decision came too late.

        Raises:
            RuntimeError: no command is pending, or its acceptance has a method of its own.
            ValueError: a message with a fault was accepted.
        """
        if self._answers.is_closing:
            return
        pending = self._waiting()
        if reply.is_positive:
            self._move_on(pending)
        else:
            self._fall_back(pending, reply)
        self._pending = None
        if reply.code == 421:
            self._close(reply)  # RFC 5321 §3.8
        elif type(pending) is ContentStart and self._chunk is not None:
            self._swallow(self._chunk, reply)
        else:
            self._answers.say(reply)
        if self._farewell is not None:
            self._leave_if_told()

    def take_content(self) -> None:
        """Accept DATA or the first BDAT; `Content` and `ContentEnd` come next."""
        if self.is_closing:
            return
        if not isinstance(self._take_pending(), ContentStart):
            raise RuntimeError("only DATA and BDAT are followed by content")
        if self._chunk is None:
            self._reader = DotReader(self.profile.max_size)
            self._read = ServerSession._read_content
            self._answers.say(say.SEND_CONTENT_354)
        else:
            self._reader = self._chunks = ChunkReader(self.profile.max_size)
            self._enter(State.CHUNKS)
            self._begin_chunk(self._chunk)

    def start_tls(self) -> None:
        """Go on inside TLS and forget all that was said before (RFC 3207 §4.2).

        Raises:
            RuntimeError: no STARTTLS was accepted.
            PlaintextUnread: octets came in the clear after our 220; nothing of them may be obeyed.
        """
        if self._read is not ServerSession._await_tls:
            raise RuntimeError("no STARTTLS was accepted")
        if self.unread:
            raise PlaintextUnread
        self.is_encrypted = True
        self._read = ServerSession._read_command
        self._begin_dialogue()
        self._leave_if_told()

    # -- moving on -------------------------------------------------------------------------------

    def _leave_if_told(self) -> None:
        """Say the farewell if the dialogue is at a command border."""
        if self._farewell is not None and self._pending is None and self._read in _BORDERS:
            self._close(self._farewell)

    def _close(self, reply: Reply) -> None:
        """Say the last word; what the client still says is not heard."""
        self._answers.close(reply)
        self._pending = None
        self._buffer.clear()

    def _enter(self, state: State) -> None:
        self._state = state
        if state is State.FRESH or state is State.READY:
            self._transaction = _Transaction()

    def _stand(self) -> None:
        """Note for the gate what the client has reached."""
        self._standing = Standing(
            encrypted=self.is_encrypted,
            extended=self.extended,
            logged_in=self.login is not None,
        )
        self._permitted = permitted(self.profile, self._standing)

    def _ask(self, command: Command) -> Command:
        """Hand out a command that must be answered before the next."""
        self._pending = command
        return command

    def _waiting(self) -> Command:
        """Give the command that waits for an answer."""
        if self._pending is None:
            raise RuntimeError("no command waits for an answer")
        return self._pending

    def _take_pending(self) -> Command:
        pending, self._pending = self._waiting(), None
        return pending

    def _move_on(self, pending: Command) -> None:
        """Move forward by the table: the command was accepted."""
        match pending:
            case Mail():
                self._state = NEXT[self._state][Verb.MAIL]
                self._transaction.smtputf8 = pending.smtputf8
            case Rcpt():
                self._state = NEXT[self._state][Verb.RCPT]
                self._transaction.recipients += 1
            case ContentEnd():
                if pending.fault is not None:
                    raise ValueError("a message with a fault cannot be accepted")
                self._enter(State.READY)  # RFC 5321 §4.1.1.4
                self._answers.note_success()
            case Auth():
                self.login = pending.login
                self._stand()
            case StartTls():
                # RFC 3207 §4.2: what was pipelined after STARTTLS came in the clear: never obeyed.
                self._buffer.clear()
                self._read = ServerSession._await_tls
            case Ehlo() | ContentStart():
                raise RuntimeError("EHLO is accepted by welcome(), DATA and BDAT by take_content()")

    def _fall_back(self, pending: Command, reply: Reply) -> None:
        """Go back to the last firm ground: the command was refused."""
        match pending:
            case Rcpt():
                self._transaction.has_refused = True
            case ContentStart() | ContentEnd():
                self._enter(State.READY)  # RFC 5321 §4.1.1.4
            case Auth() if reply.is_permanent:
                self._answers.note_failed_login()

    # -- reading commands ------------------------------------------------------------------------

    def _await_greeting(self) -> Command | Pause | None:
        return Pause.NEED_DATA

    def _await_tls(self) -> Command | Pause | None:
        return Pause.PAUSED

    def _read_command(self) -> Command | Pause | None:
        try:
            line = self._buffer.take_line(COMMAND_LINE)
            if isinstance(line, LineFault):
                line = self._take_long_line(line)
            if line is None:
                return Pause.NEED_DATA
            verb, argument = parse_line(line)
            if verb not in self._permitted[self._state]:
                self._refuse(verb)
            return _OBEY[verb](self, argument)
        except (CommandFault, SaslFault) as fault:
            self._answers.refuse(fault.reply)
            return None

    def _take_long_line(self, fault: LineFault) -> bytes | None:
        """Take AUTH and its initial response, which may be longer than other commands."""
        if fault is LineFault.TOO_LONG and self._buffer.begins_with(b"AUTH "):
            return self._take_auth_line()
        raise self._skip(fault, say.LINE_TOO_LONG_500)

    def _take_auth_line(self) -> bytes | None:
        line = self._buffer.take_line(AUTH_LINE)
        if isinstance(line, LineFault):
            raise self._skip(line, say.AUTH_LINE_TOO_LONG_500)
        return line

    def _skip(self, fault: LineFault, too_long: Reply) -> CommandFault:
        """Leave a faulty line behind; the session goes on after its CRLF."""
        self._buffer.skip_line()
        return CommandFault(too_long if fault is LineFault.TOO_LONG else say.BAD_LINE_END_500)

    def _refuse(self, verb: Verb) -> None:
        """Say why the command may not come now; a refusal of BDAT must swallow its chunk first."""
        refused = self._refusal(verb)
        if refused is not None and verb is not Verb.BDAT:
            raise CommandFault(refused)

    def _refusal(self, verb: Verb) -> Reply | None:
        """Say why the command may not come now, or None."""
        if self._state is State.MAIL and self._transaction.has_refused and verb in _WITH_CONTENT:
            return say.NO_VALID_RECIPIENTS_554  # RFC 5321 §3.3
        return refusal(verb, self._state, self.profile, self._standing)

    # -- commands that need a decision -----------------------------------------------------------

    def _obey_ehlo(self, argument: str) -> Command | None:
        return self._introduce(Ehlo(parse_client_name(argument), extended=True))

    def _obey_helo(self, argument: str) -> Command | None:
        return self._introduce(Ehlo(parse_client_name(argument), extended=False))

    def _introduce(self, ehlo: Ehlo) -> Command | None:
        if self._state is not State.FRESH and not self._answers.may_waste():
            return None
        return self._ask(ehlo)

    def _obey_starttls(self, argument: str) -> Command:
        if argument:
            raise CommandFault(say.NO_ARGUMENT_ALLOWED_501)  # RFC 3207 §4
        return self._ask(StartTls())

    def _obey_mail(self, argument: str) -> Command:
        mail = parse_mail(argument, self._mail_parameters)
        if mail.size is not None and mail.size > self.profile.max_size:
            raise CommandFault(say.too_big_552(self.profile.max_size))  # RFC 1870 §6.1
        return self._ask(mail)

    def _obey_rcpt(self, argument: str) -> Command | None:
        transaction = self._transaction
        transaction.offered += 1
        if transaction.recipients >= self.profile.max_recipients:
            self._refuse_surplus()
            return None
        try:
            rcpt = parse_rcpt(
                argument,
                self._rcpt_parameters,
                smtputf8=transaction.smtputf8,
                hostname=self.profile.hostname,
            )
        except CommandFault:
            transaction.has_refused = True
            raise
        return self._ask(rcpt)

    def _refuse_surplus(self) -> None:
        """Tell a recipient to wait; many more than fit are an attack and counted as errors."""
        if self._transaction.offered > 2 * self.profile.max_recipients:
            raise CommandFault(say.TOO_MANY_RECIPIENTS_452)
        self._answers.say(say.TOO_MANY_RECIPIENTS_452)  # RFC 5321 §4.5.3.1.10

    def _obey_data(self, argument: str) -> Command:
        if argument:
            raise CommandFault(say.NO_ARGUMENT_ALLOWED_501)
        self._chunk = None
        return self._ask(ContentStart())

    # -- BDAT ------------------------------------------------------------------------------------

    def _obey_bdat(self, argument: str) -> Command | None:
        try:
            chunk = parse_chunk(argument)
        except CommandFault as fault:
            self._close(fault.reply)  # what follows would be taken for commands
            return None
        if chunk.size >= ABSURD_CHUNK:
            self._close(say.too_big_552(self.profile.max_size))
            return None
        refused = self._refusal(Verb.BDAT)
        if refused is not None:
            self._swallow(chunk, refused)
        elif self._state is State.CHUNKS:
            self._begin_chunk(chunk)
        else:
            self._chunk = chunk
            return self._ask(ContentStart())
        return None

    def _begin_chunk(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._chunks.begin(chunk.size, is_last=chunk.is_last)
        self._read = ServerSession._read_content

    def _swallow(self, chunk: Chunk, reply: Reply) -> None:
        """Read a refused chunk to its end, then say why (RFC 3030 §2)."""
        self._swallowed = (chunk.size, reply)
        self._read = ServerSession._read_swallowed

    def _read_swallowed(self) -> Pause | None:
        left, reply = self._swallowed
        left -= self._buffer.drop(left)
        self._swallowed = (left, reply)
        if left:
            return Pause.NEED_DATA
        self._read = ServerSession._read_command
        self._answers.refuse(reply)
        return None

    # -- content ---------------------------------------------------------------------------------

    def _read_content(self) -> Command | Pause | None:
        """Give the next part of the message, from DATA or from a chunk."""
        reader, buffer = self._reader, self._buffer
        piece, buffer.position = reader.read(buffer.data, buffer.position)
        if reader.is_over:
            self._read = ServerSession._end_content
        if piece:
            return Content(piece)
        return None if reader.is_over else Pause.NEED_DATA

    def _end_content(self) -> Command | Pause | None:
        """Give the end of the message, or answer a chunk that is not the last."""
        rules, chunk = self._reader.rules, self._chunk
        self._read = ServerSession._read_command
        fault = rules.fault
        if chunk is not None and not chunk.is_last and fault is None:
            # RFC 3030 §2: each chunk has its reply. A chunk of nothing brings nothing forward.
            answer = self._answers.say if chunk.size else self._answers.tolerate
            answer(say.chunk_250(chunk.size))
            return None
        return self._ask(ContentEnd(rules.size, fault))

    # -- AUTH ------------------------------------------------------------------------------------

    def _obey_auth(self, argument: str) -> Command | None:
        if not self._answers.may_log_in():
            return None
        mechanism, initial = parse_auth(argument)
        self._exchange = new_exchange(mechanism)
        return self._go_on(self._exchange.begin(initial))

    def _read_response(self) -> Command | Pause | None:
        """Take the answer to a 334 (RFC 4954 §4)."""
        try:
            line = self._take_auth_line()
            if line is None:
                return Pause.NEED_DATA
            self._read = ServerSession._read_command
            return self._go_on(self._exchange.respond(line.decode("latin-1")))
        except (CommandFault, SaslFault) as fault:
            self._read = ServerSession._read_command
            self._answers.refuse(fault.reply)
            return None

    def _go_on(self, step: Challenge | Credentials) -> Command | None:
        """Ask for more, or hand out what a finished exchange brought."""
        if isinstance(step, Challenge):
            self._read = ServerSession._read_response
            self._answers.say(say.challenge_334(step.text))
            return None
        return self._ask(
            Auth(
                mechanism=step.mechanism,
                authorization=step.authorization,
                login=step.login,
                password=step.password,
                cleartext=not self.is_encrypted,
            )
        )

    # -- commands that need none -----------------------------------------------------------------

    def _obey_rset(self, argument: str) -> None:
        if argument:
            raise CommandFault(say.NO_ARGUMENT_ALLOWED_501)  # RFC 5321 §4.1.1.5
        self._enter(NEXT[self._state][Verb.RSET])
        self._answers.tolerate(say.OK_250)

    def _obey_noop(self, argument: str) -> None:
        if not argument.isascii():  # RFC 5321 §4.1.1.9: a String is ASCII
            raise CommandFault(say.ARGUMENT_NOT_ASCII_501)
        self._answers.tolerate(say.OK_250)

    def _obey_help(self, argument: str) -> None:
        self._answers.tolerate(say.HELP_214)

    def _obey_vrfy(self, argument: str) -> None:
        if not argument:
            raise CommandFault(say.ARGUMENT_MISSING_501)  # RFC 5321 §4.1.1.6
        self._answers.tolerate(say.CANNOT_VERIFY_252)

    def _obey_expn(self, argument: str) -> None:
        raise CommandFault(say.NOT_IMPLEMENTED_502)  # RFC 5321 §3.5.2

    def _obey_quit(self, argument: str) -> Command:
        if argument:
            raise CommandFault(say.NO_ARGUMENT_ALLOWED_501)  # RFC 5321 §4.1.1.10
        self._close(say.BYE_221)
        return Quit()


_Reader = Callable[[ServerSession], Command | Pause | None]

_OBEY: Final[dict[Verb, Callable[[ServerSession, str], Command | None]]] = {
    Verb.HELO: ServerSession._obey_helo,
    Verb.EHLO: ServerSession._obey_ehlo,
    Verb.STARTTLS: ServerSession._obey_starttls,
    Verb.AUTH: ServerSession._obey_auth,
    Verb.MAIL: ServerSession._obey_mail,
    Verb.RCPT: ServerSession._obey_rcpt,
    Verb.DATA: ServerSession._obey_data,
    Verb.BDAT: ServerSession._obey_bdat,
    Verb.RSET: ServerSession._obey_rset,
    Verb.NOOP: ServerSession._obey_noop,
    Verb.VRFY: ServerSession._obey_vrfy,
    Verb.EXPN: ServerSession._obey_expn,
    Verb.HELP: ServerSession._obey_help,
    Verb.QUIT: ServerSession._obey_quit,
}
# Where a farewell may be said: nothing of the client's is half done.
_BORDERS: Final = (ServerSession._read_command, ServerSession._read_response)
_WITH_CONTENT: Final = (Verb.DATA, Verb.BDAT)
