"""The client's side of an SMTP session, without a socket: octets in, octets out, outcomes at the end.

The owner of the wire begins a conversation (`greet()`, then `transact()` again and again), writes what that
gives, feeds what it reads to `receive()`, and writes what that gives, until the conversation is over:

    session = ClientSession("relay.example.com", wants_tls=True)
    greeting = session.greet()               # banner, EHLO, STARTTLS: wrap the wire when it asks, start_tls()
    transaction, commands = session.transact(cargo)         # MAIL … final dot

Replies are matched with commands in their order. A reply that comes before its command is a fault that ends
the session: otherwise a receiver could be heard to accept what it never got. The session knows no clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sztafeta.smtp.cargo import Cargo
from sztafeta.smtp.dialogue import Step, Transcript, Trouble, TroubleKind
from sztafeta.smtp.greeting import NOTHING, Greeting, Offers
from sztafeta.smtp.reply import Reply
from sztafeta.smtp.reply_parser import ReplyFault, ReplyParser, shortened
from sztafeta.smtp.transaction import Transaction

__all__ = ["Cargo", "ClientSession", "Greeting", "PlaintextUnread", "Transaction"]

CONTENT: Final = "# the content, and its end"


class PlaintextUnread(Exception):
    """Octets came in the clear after the reply to STARTTLS: an injection; close the connection."""


class ClientSession:
    """One SMTP connection as the client sees it."""

    __slots__ = (
        "_awaits_handshake",
        "_chunking",
        "_conversation",
        "_is_in_step",
        "_is_open",
        "_needs_reset",
        "_parser",
        "ehlo_name",
        "is_encrypted",
        "offers",
        "replies",
        "transactions",
        "transcript",
        "wants_tls",
    )

    def __init__(self, ehlo_name: str, *, wants_tls: bool, chunking: bool = False) -> None:
        self.ehlo_name = ehlo_name
        self.wants_tls = wants_tls
        """Ask for STARTTLS when it is offered."""
        self.is_encrypted = False
        self.offers: Offers = NOTHING
        self.transcript = Transcript()
        self.transactions = 0
        """How many were begun."""
        self.replies = 0
        """How many were heard: a sign of progress for whoever holds the clock."""
        self._chunking = chunking
        self._parser = ReplyParser()
        self._conversation: Greeting | Transaction | None = None
        self._awaits_handshake = False
        self._is_in_step = True
        self._is_open = False
        self._needs_reset = False

    # -- conversations -------------------------------------------------------------------------------

    def greet(self) -> Greeting:
        """Begin by waiting for the banner; `receive()` comes next (RFC 5321 §3.1)."""
        greeting = Greeting(self.ehlo_name, wants_tls=self.wants_tls)
        self._conversation = greeting
        return greeting

    def start_tls(self) -> bytes:
        """Go on inside TLS and forget all that was said before; give the new EHLO (RFC 3207 §4.2).

        Raises:
            PlaintextUnread: octets came in the clear after the 220; nothing of them may be obeyed.
        """
        greeting = self._conversation
        if not (isinstance(greeting, Greeting) and self._awaits_handshake):
            raise RuntimeError("no STARTTLS was accepted")
        if self._parser.has_unread:
            raise PlaintextUnread
        self._parser = ReplyParser()
        self._awaits_handshake = False
        self.is_encrypted, self.offers = True, NOTHING
        self.transcript.entries.append("# TLS")
        return self._say(greeting.after_tls())

    def transact(self, cargo: Cargo) -> tuple[Transaction, bytes]:
        """Begin a mail transaction; give it and what to write first.

        Nothing to write means that it is over already. Whatever reading the content raises leaves the
        session as it was.
        """
        if not self.is_ready:
            raise RuntimeError("the session is not ready for a transaction")
        transaction = Transaction(cargo, self.offers, chunking=self._chunking)
        commands = transaction.begin(after_failure=self._needs_reset)
        self.transactions += 1
        number = self.transactions
        self.transcript.restart(f"transaction {number} of this session" if number > 1 else "")
        self._conversation = transaction
        if transaction.is_over:
            self._settle(transaction)
            return transaction, b""
        return transaction, self._say(commands)

    @property
    def may_speak(self) -> bool:
        """Say whether a command may be said: in step, nothing under way and nothing unread."""
        conversation = self._conversation
        return (
            self._is_in_step
            and (conversation is None or conversation.is_over)
            and not self._parser.has_unread
        )

    @property
    def is_ready(self) -> bool:
        """Say whether a transaction may begin."""
        return self._is_open and self.may_speak

    @property
    def step(self) -> Step:
        """The step whose reply is awaited, or was last."""
        return Step.BANNER if self._conversation is None else self._conversation.step

    # -- the wire ------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> bytes:
        """Take octets from the wire; give what to write next."""
        parser = self._parser
        parser.feed(data)
        said = b""
        try:
            while not self._awaits_handshake and (reply := parser.take()) is not None:
                said = self._hear(reply)
                if said and parser.has_unread:
                    return self._lose_step("a reply came before its command")
        except ReplyFault as fault:
            return self._lose_step(str(fault))
        return said

    @property
    def stream(self) -> Iterator[bytes] | None:
        """Content to pull and write block by block; call `content_sent()` at its end."""
        conversation = self._conversation
        return conversation.stream if isinstance(conversation, Transaction) else None

    def content_sent(self) -> None:
        """Note that `stream` was written to its end; the reply to the final dot comes next."""
        if isinstance(self._conversation, Transaction):
            self._conversation.content_sent()

    def lose(self, trouble: Trouble) -> None:
        """Note that the wire broke or went silent; the conversation is over."""
        self._is_in_step = False
        self.transcript.entries.append(f"# {trouble.text}")
        if self._conversation is not None:
            self._conversation.lose(trouble)

    def _hear(self, reply: Reply) -> bytes:
        self.replies += 1
        conversation = self._conversation
        if conversation is None or conversation.is_over:
            return self._lose_step(f"a {reply.code} that nobody asked for")
        if isinstance(conversation, Greeting):
            return self._hear_greeting(conversation, reply)
        brief = reply if len(reply.lines) == 1 else shortened(reply)
        self.transcript.entries.append(brief)
        said = conversation.hear(brief)
        if conversation.is_over:
            self._settle(conversation)
        if not said:
            return b""
        is_content = conversation.step is Step.DOT or conversation.stream is not None
        self.transcript.entries.append(CONTENT if is_content else said)
        return said

    def _hear_greeting(self, greeting: Greeting, reply: Reply) -> bytes:
        self.transcript.entries.append(shortened(reply))
        said = greeting.hear(reply)
        self._awaits_handshake = greeting.wants_handshake
        if greeting.is_over:
            self._open(greeting)
        return self._say(said) if said else b""

    def _say(self, said: bytes) -> bytes:
        self.transcript.entries.append(said)
        return said

    def _open(self, greeting: Greeting) -> None:
        if greeting.offers is not None:
            self.offers, self._is_open = greeting.offers, True
        elif greeting.heard is not None:
            said = greeting.heard.said
            self._is_in_step = isinstance(said, Reply) and said.code != 421

    def _settle(self, transaction: Transaction) -> None:
        self._needs_reset = transaction.needs_reset
        self._is_in_step = self._is_in_step and transaction.broken_by is None

    def _lose_step(self, why: str) -> bytes:
        self.lose(Trouble(TroubleKind.PROTOCOL, why))
        return b""
