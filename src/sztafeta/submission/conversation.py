"""A conversation with one client: the wire, the SMTP session and the clerk, brought together.

What needs no waiting is done as the octets come in; only a look-up and the commit start a task, and then no
command is pulled until it is answered. The client is made to wait (reading stops) while we are busy or while
it does not read our replies, so one connection holds little memory however much it sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

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
from sztafeta.smtp.reply import Reply
from sztafeta.smtp.server import PlaintextUnread, ServerSession
from sztafeta.smtp.server_replies import READY_FOR_TLS_220, TALKED_TOO_EARLY_554
from sztafeta.submission.clerk import Clerk, Wire, Work
from sztafeta.submission.desk import Desk, Door
from sztafeta.submission.journal import Client
from sztafeta.submission.pace import Pace
from sztafeta.submission.replies import NO_TLS_NOW_454, OUR_FAULT_421


class Host(Protocol):
    """Knows which conversations are under way."""

    def began(self, conversation: Conversation) -> None:
        """Note a connection that is open, and encrypted where it begins so."""

    def ended(self, conversation: Conversation) -> None:
        """Note that nothing more will be said; may be told twice."""


class Conversation(asyncio.Protocol):
    """One connection."""

    def __init__(self, desk: Desk, door: Door, address: str, host: Host) -> None:
        self._desk = desk
        self._door = door
        self._client = Client(listener=door.name, address=address)
        self._clerk = Clerk(desk, door, self._client)
        self._host = host
        self._is_greeted = self._is_busy = self._is_choked = self._is_over = False
        self._is_reading = True
        self._reason = "lost"
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    # -- the wire --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or say why not and close."""
        self._wire = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        encrypted = transport.get_extra_info("ssl_object") is not None
        self._session = ServerSession(self._door.profile, encrypted=encrypted)
        self._pace = Pace(self._desk.limits, self._desk.time())
        self._host.began(self)
        refusal = self._clerk.arrive()
        if refusal is not None:
            self._turn_away(refusal)
            return
        delay = self._desk.limits.greeting_delay.total_seconds()
        self._timer = self._loop.call_later(delay, self._greet)

    def data_received(self, data: bytes) -> None:
        """Act on what came in as far as possible."""
        if self._is_over:
            return
        self._session.receive(data)
        if self._is_busy or self._is_choked:
            self._stop_reading()
        elif self._is_greeted:
            self._converse()
        else:
            self._desk.journal.refused(self._client, "early", TALKED_TOO_EARLY_554)
            self._greet()

    def eof_received(self) -> bool:
        """Close when the client has closed its side: there is nobody to answer."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client; a commit under way goes on."""
        self._is_over = True
        self._stop_timer()
        self._clerk.leave(self._reason)
        self._host.ended(self)

    def pause_writing(self) -> None:
        """Answer no more until the client has read what we said."""
        self._is_choked = True
        self._stop_reading()

    def resume_writing(self) -> None:
        """Go on."""
        self._is_choked = False
        if not (self._is_over or self._is_busy):
            self._converse()
            self._read_on()

    # -- the conversation ------------------------------------------------------------------------

    def _greet(self) -> None:
        self._stop_timer()
        self._is_greeted = True
        self._session.greet()
        self._watch()
        self._converse()

    def _converse(self, decision: Reply | None = None) -> None:
        """Give the decision that was waited for, then pull commands and answer them while that goes."""
        next_command = self._session.next_command
        try:
            if decision is not None:
                self._answer(decision)
            while not (self._is_busy or self._is_choked):
                command = next_command()
                if isinstance(command, Pause):
                    break
                _ACT[type(command)](self, command)
        except Exception as bug:  # the top of a session
            self._desk.journal.trouble("a session failed", bug, None)
            self._session.hang_up(OUR_FAULT_421)
            self._reason = OUR_FAULT_421.text
        self._flush()

    def _answer(self, decision: Reply | Work) -> None:
        """Answer the pending command, now or when the decision is made."""
        if isinstance(decision, Reply):
            self._session.reply(decision)
            if decision.code == 421:  # RFC 5321 §3.8
                self._reason = decision.text
            return
        self._is_busy = True
        self._task = self._loop.create_task(self._answer_later(decision))

    async def _answer_later(self, work: Work) -> None:
        try:
            decision = await work.decision
        except Exception as trouble:  # the top of a session
            self._desk.journal.trouble("a session failed", trouble, work.message_id)
            decision = work.otherwise
        self._is_busy = False
        if not self._is_over:
            self._converse(decision)
            self._read_on()

    def _flush(self) -> None:
        output = self._session.take_output()
        if output and not self._wire.is_closing():
            self._pace.answered(self._desk.time())
            self._wire.write(output)
        if self._session.is_closing:
            self._close()

    def _stop_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._wire.pause_reading()

    def _read_on(self) -> None:
        is_held = self._is_busy or self._is_choked or self._is_over or self._wire.is_closing()
        if not (self._is_reading or is_held):
            self._is_reading = True
            self._wire.resume_reading()

    # -- the end ---------------------------------------------------------------------------------

    def _part(self, reply: Reply) -> None:
        """Say a 421 wherever the dialogue stands, and close."""
        self._reason = reply.text
        self._session.hang_up(reply)
        self._flush()

    def _turn_away(self, reply: Reply) -> None:
        """Say a 421 instead of the banner; whoever may not come in is not waited for either."""
        self._reason, self._is_over = reply.text, True
        self._session.hang_up(reply)
        self._wire.write(self._session.take_output())
        self._wire.close()

    def _close(self) -> None:
        """End our side, and wait a little for the client to end its own.

        If we closed while octets of the client are on the way, the reset that they cause could overtake our
        last words (RFC 1122 §4.2.2.13).
        """
        if self._is_over:
            return
        self._is_over = True
        self._stop_timer()
        self._host.ended(self)
        linger = self._desk.limits.linger.total_seconds()
        self._timer = self._loop.call_later(linger, self._wire.abort)
        if self._wire.is_closing():
            return
        self._wire.write_eof()
        if not self._is_reading:
            self._wire.resume_reading()

    def shut_down(self, farewell: Reply) -> None:
        """Say goodbye at the next command border, which may be now (RFC 5321 §3.8)."""
        if self._is_over:
            return
        if not self._is_greeted:
            self._part(farewell)
            return
        self._reason = farewell.text
        self._session.shut_down(farewell)
        self._flush()

    def cut_off(self) -> None:
        """Close at once."""
        self._wire.abort()

    # -- time ------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Part with a client that is idle or too slow; one timer, however much is said."""
        now = self._desk.time()
        if self._is_busy:
            self._pace.answered(now)  # it is us who are slow
        verdict = self._pace.verdict(now)
        if verdict is None:
            self._timer = self._loop.call_later(self._pace.next_look(now), self._watch)
        elif self._is_choked:  # it would not read our last words either
            self._reason = verdict.text
            self._wire.abort()
        else:
            self._part(verdict)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- commands --------------------------------------------------------------------------------

    def _ehlo(self, _: Ehlo) -> None:
        self._session.welcome()

    def _start_tls(self, _: StartTls) -> None:
        encryption, address = self._door.encryption, self._client.address
        if encryption is None or not encryption.is_ready(address):
            self._session.reply(NO_TLS_NOW_454)
            return
        self._session.reply(READY_FOR_TLS_220)
        self._flush()
        if not self._is_over:
            self._is_busy = True
            encryption.begin(self._wire, self, address=address, on_ready=self._tls_began)

    def _tls_began(self, wire: asyncio.Transport) -> None:
        self._wire = wire
        try:
            self._session.start_tls()
        except PlaintextUnread:  # RFC 3207 §4.2: an injection
            self._reason = "plaintext after STARTTLS"
            wire.abort()
            return
        self._clerk.forget_login()
        self._is_busy = False
        self._pace.answered(self._desk.time())
        self._flush()

    def _auth(self, auth: Auth) -> None:
        session, tls = self._session, self._wire.get_extra_info("ssl_object")
        described = "" if tls is None else f"{tls.version()} {tls.cipher()[0]}"
        wire = Wire(session.ehlo_name, session.extended, described)
        self._answer(self._clerk.log_in(auth, wire))

    def _mail(self, mail: Mail) -> None:
        self._answer(self._clerk.open_transaction(mail))

    def _rcpt(self, rcpt: Rcpt) -> None:
        self._answer(self._clerk.add_recipient(rcpt))

    def _content_start(self, _: ContentStart) -> None:
        refusal = self._clerk.begin_content()
        if refusal is None:
            self._session.take_content()
        else:
            self._answer(refusal)

    def _content(self, content: Content) -> None:
        self._pace.content_came(len(content.data), self._desk.time())
        self._clerk.add_content(content)

    def _content_end(self, end: ContentEnd) -> None:
        self._answer(self._clerk.end_content(end))

    def _quit(self, _: Quit) -> None:
        self._reason = "quit"


_ACT: Mapping[type[Command], Callable[[Conversation, Any], None]] = {
    Ehlo: Conversation._ehlo,
    StartTls: Conversation._start_tls,
    Auth: Conversation._auth,
    Mail: Conversation._mail,
    Rcpt: Conversation._rcpt,
    ContentStart: Conversation._content_start,
    Content: Conversation._content,
    ContentEnd: Conversation._content_end,
    Quit: Conversation._quit,
}
