"""The wire of an outbound SMTP session: an `asyncio.Protocol` that carries a `ClientSession`.

It writes what the session says and feeds what it reads, in the callbacks of the event loop: a small message
to a hop with PIPELINING takes two writes, two reads and one wake-up of the caller. It holds the clock,
honours back-pressure, and turns outcomes into the answers of `service.ports`. What the other side does never
raises.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final, cast

from sztafeta.delivery.steps import write_steps
from sztafeta.delivery.verdict import Answer, Failure, FailureKind, Stage
from sztafeta.net.timeouts import Alarm, ClientTimeouts, Timers
from sztafeta.service.ports import Dialogue, Parcel
from sztafeta.smtp.client import Cargo, ClientSession, Transaction
from sztafeta.smtp.dialogue import Heard, Step, Trouble, TroubleKind
from sztafeta.smtp.greeting import Greeting
from sztafeta.smtp.reply import Reply

__all__ = ["ClientTimeouts", "SmtpConnection"]

BLOCKS_A_TURN: Final = 8
"""Blocks of 64 KiB written before other connections get their turn."""

CLOSED: Final = Trouble(TroubleKind.CLOSED, "the hop closed the connection")
_STAGES: Final = {step: Stage(step.value) for step in Step}
_KINDS: Final = {kind: FailureKind(kind.value) for kind in TroubleKind}
_NAMES: Final = {step: step.value for step in Step}
_CONNECT, _TLS = Stage.CONNECT.value, Stage.TLS.value
_WHAT: Final = {
    Step.BANNER: "its greeting",
    Step.EHLO: "EHLO",
    Step.TLS: "STARTTLS",
    Step.MAIL: "MAIL",
    Step.RCPT: "RCPT",
    Step.DATA: "DATA",
    Step.DOT: "the end of the message",
}


class SmtpConnection(asyncio.Protocol):
    """One connection to a hop; implements `service.ports.Connection`."""

    def __init__(
        self,
        session: ClientSession,
        *,
        hop: str,
        timeouts: ClientTimeouts,
        timers: Timers | None = None,
    ) -> None:
        self.hop = hop
        self.tls = ""
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._timers: Timers = self._loop if timers is None else timers
        self._timeouts = timeouts
        self._seconds = timeouts.seconds()
        self._block_seconds = timeouts.block.total_seconds()
        self._attempt_seconds = timeouts.attempt.total_seconds()
        shortest = min(self._block_seconds, *self._seconds.values())
        self._alarm = Alarm(self._timers, self._time_out, shortest=shortest)
        self._since = self._timers.time()
        """When the step under way began."""
        self._took: dict[str, float] = {}
        """Steps with their seconds, not told yet."""
        self._attempt_ends = self._since + self._attempt_seconds
        self._transport: asyncio.Transport | None = None
        # The banner may be there before the dialler comes to wait for it.
        self._greeting = session.greet()
        self._conversation: Greeting | Transaction = self._greeting
        self._waiter: asyncio.Future[None] | None = None
        self._replies = 0
        self._cut_off: asyncio.TimerHandle | None = None
        self._awaited = _NAMES[Step.BANNER]
        self._is_full = False
        self._is_pumping = False
        self._is_quitting = False
        self._is_lost = False

    # -- what the dialler asks -------------------------------------------------------------------------

    async def greet(self) -> Greeting:
        """Wait until the session is open for mail, refuses it, or wants the handshake."""
        await self._converse(self._greeting, b"")
        return self._greeting

    async def start_tls(self, context: ssl.SSLContext, server_name: str | None) -> Greeting:
        """Shake hands and go on with the greeting inside TLS (RFC 3207 §4).

        Raises:
            OSError: the handshake failed (`ssl.SSLError` among others).
            PlaintextUnread: the hop spoke in the clear after its 220.
        """
        ehlo = self._session.start_tls()
        self._since = self._timers.time()
        transport = await self._loop.start_tls(
            cast(asyncio.Transport, self._transport),
            self,
            context,
            server_hostname=server_name,
            ssl_handshake_timeout=self._timeouts.tls.total_seconds(),
        )
        if transport is None:
            raise ConnectionResetError("the connection was lost in the TLS handshake")
        self._transport = transport
        self.tls = _tls_of(transport)
        self._note(_TLS)
        await self._converse(self._greeting, ehlo)
        return self._greeting

    @property
    def session(self) -> ClientSession:
        """The dialogue, for whoever writes the history."""
        return self._session

    # -- ports.Connection ------------------------------------------------------------------------------

    @property
    def transactions(self) -> int:
        """How many it has carried."""
        return self._session.transactions

    def is_usable(self) -> bool:
        """Say whether it is still open, with nothing unread, and may be used again."""
        return not self._is_lost and not self._is_quitting and self._session.is_ready

    async def transact(self, parcel: Parcel) -> Dialogue:
        """Offer the parcel; never raises for what the other side does."""
        is_reused = self._session.transactions > 0
        if is_reused:
            self._attempt_ends = self._timers.time() + self._attempt_seconds
        cargo = Cargo(
            envelope=parcel.envelope,
            header_prefix=parcel.header_prefix,
            content=parcel.content,
        )
        if not self.is_usable():
            return self._stale(len(parcel.envelope.forward_paths))
        transaction, commands = self._session.transact(cargo)
        if commands:
            await self._converse(transaction, commands)
        if is_reused and _is_stale(transaction):
            return self._stale(len(parcel.envelope.forward_paths))
        return self._dialogue(transaction)

    async def quit(self) -> None:
        """Say QUIT and let the connection close by itself; returns at once."""
        if self._is_lost or self._is_quitting or self._transport is None:
            return
        if not self._session.may_speak:
            self.abort()
            return
        self._is_quitting = True
        self._transport.write(b"QUIT\r\n")
        # RFC 5321 §4.1.1.10 wants us to wait for the 221; a hop that does not send it is cut off.
        self._cut_off = self._timers.call_later(self._timeouts.quit.total_seconds(), self.abort)

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        self._is_lost = True
        if self._transport is not None:
            self._transport.abort()

    def take_steps(self) -> str:
        """Tell how long the steps took since this was asked last."""
        took, self._took = self._took, {}
        return write_steps(took.items())

    def _note(self, step: str) -> None:
        """Count the time since the last step to this one."""
        now = self._timers.time()
        self._took[step] = self._took.get(step, 0.0) + now - self._since
        self._since = now

    # -- asyncio.Protocol ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the dialler calls `greet()` next."""
        self._note(_CONNECT)
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Feed the session and write what it says."""
        if self._is_quitting:
            self.abort()  # whatever the 221 is
            return
        try:
            said = self._session.receive(data)
        except Exception as fault:  # the content could not be read
            self._fail(fault)
            return
        if said:
            self._transport.write(said)  # type: ignore[union-attr]
        self._look()

    def eof_received(self) -> None:
        """Let the transport close: a half-closed SMTP connection is of no use."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits; the conversation is over."""
        self._is_lost = True
        self._alarm.cancel()
        if self._cut_off is not None:
            self._cut_off.cancel()
        self._lose(CLOSED)

    def pause_writing(self) -> None:
        """Stop pulling content: the hop is slower than the disk."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Go on: the hop has taken what was written."""
        self._is_full = False
        if self._session.stream is not None and not self._is_pumping:
            self._pump()

    # -- the conversation under way ----------------------------------------------------------------------

    async def _converse(self, conversation: Greeting | Transaction, said: bytes) -> None:
        """Write, and wait until the callbacks have brought the conversation to its end."""
        self._conversation = conversation
        if self._is_lost or self._transport is None:
            self._session.lose(CLOSED)
            return
        if said:
            self._transport.write(said)
        self._since = self._timers.time()
        self._waiter = self._loop.create_future()
        self._wait_for_step()
        self._look()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._waiter = None

    def _look(self) -> None:
        """Find out what the last octets have changed."""
        conversation = self._conversation
        if conversation.is_over:
            self._wake()
        elif isinstance(conversation, Greeting) and conversation.wants_handshake:
            self._transport.pause_reading()  # type: ignore[union-attr]
            self._wake()
        elif self._replies != self._session.replies:
            self._replies = self._session.replies
            self._note(self._awaited)
            self._wait_for_step()
            if self._session.stream is not None and not self._is_pumping:
                self._pump()

    def _wake(self) -> None:
        self._note(_NAMES[self._session.step])
        self._alarm.off()
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _wait_for_step(self) -> None:
        step = self._session.step
        self._awaited = _NAMES[step]
        self._wait(self._seconds[step])

    def _wait(self, seconds: float) -> None:
        self._alarm.set(min(self._timers.time() + seconds, self._attempt_ends))

    def _time_out(self) -> None:
        what = _WHAT[self._session.step]
        if self._session.stream is not None:
            what = "a block of the message"
        self._lose(Trouble(TroubleKind.TIMEOUT, f"the hop took too long over {what}"))
        self.abort()

    def _lose(self, trouble: Trouble) -> None:
        if not self._conversation.is_over:
            self._session.lose(trouble)
        self._wake()

    # -- big content -------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Write blocks for as long as the wire takes them, in turns with other connections."""
        self._is_pumping = False
        try:
            for _ in range(BLOCKS_A_TURN):
                if self._is_full or not self._write_block():
                    return
        except Exception as fault:  # our disk, not the hop: the message must not end with a dot
            self._fail(fault)
            return
        self._is_pumping = True
        self._loop.call_soon(self._pump)

    def _write_block(self) -> bool:
        """Write the next block; say whether there may be more."""
        stream = self._session.stream
        if stream is None or self._transport is None or self._is_lost:
            return False
        block = next(stream, None)
        if block is None:
            self._session.content_sent()
            self._wait_for_step()
            return False
        self._transport.write(block)
        self._wait(self._block_seconds)
        return True

    def _fail(self, fault: Exception) -> None:
        """Cut the connection in the middle of the message, and hand the fault to the caller."""
        self.abort()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(fault)

    # -- answers -----------------------------------------------------------------------------------------

    def _dialogue(self, transaction: Transaction) -> Dialogue:
        answers = tuple(map(_answer, transaction.outcomes))
        is_delivered = all(_is_positive(answer) for answer in answers)
        return Dialogue(
            answers=answers,
            transcript="" if is_delivered else str(self._session.transcript),
            reusable=self.is_usable(),
            dsn_passed=self._session.offers.dsn,
            steps=self.take_steps(),
        )

    def _stale(self, recipients: int) -> Dialogue:
        answer = Answer(Stage.MAIL, Failure(FailureKind.CLOSED, CLOSED.text))
        return Dialogue(
            answers=(answer,) * recipients,
            transcript=str(self._session.transcript),
            reusable=False,
            stale=True,
        )


def answer_to(heard: Heard) -> Answer:
    """Say in the words of `delivery` what was heard."""
    said = heard.said
    if isinstance(said, Trouble):
        return Answer(_STAGES[heard.step], Failure(_KINDS[said.kind], said.text))
    return Answer(_STAGES[heard.step], said)


def _answer(outcome: Heard | None) -> Answer:
    if outcome is None:  # the session ends every transaction with an outcome for everybody
        raise RuntimeError("a transaction ended without an outcome")
    return answer_to(outcome)


def _is_positive(answer: Answer) -> bool:
    return isinstance(answer.said, Reply) and answer.said.is_positive


def _is_stale(transaction: Transaction) -> bool:
    """Say whether a reused session turned out to be over before it said anything about the message."""
    why = transaction.broken_by
    if why is None or not transaction.is_untouched:
        return False
    return isinstance(why, Reply) or why.kind is TroubleKind.CLOSED


def _tls_of(transport: asyncio.Transport) -> str:
    tls = transport.get_extra_info("ssl_object")
    cipher = tls.cipher()
    return f"{tls.version()} {cipher[0]}" if cipher else str(tls.version())
