"""Plays a receiver's octets against a `ClientSession` in memory, and holds the client to its word.

Whatever the receiver says, the client writes whole commands, or the content exactly once and properly
stuffed; and nothing is heard as delivered before its last octet was written. A breach is an AssertionError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sztafeta.smtp.cargo import Cargo
from sztafeta.smtp.client import ClientSession, PlaintextUnread
from sztafeta.smtp.dialogue import Heard, Step, Trouble, TroubleKind
from sztafeta.smtp.outgoing import END_OF_DATA, stuffed
from sztafeta.smtp.reply import Reply
from sztafeta.smtp.transaction import Transaction

COMMANDS = re.compile(
    rb"(?:(?:EHLO|HELO) [A-Za-z0-9.-]+\r\n|(?:STARTTLS|RSET|DATA)\r\n"
    rb"|(?:MAIL FROM|RCPT TO):<[^<>\r\n]*>(?: [A-Z0-9]+(?:=[!-~\x80-\xff]+)?)*\r\n)*"
)
CLOSED = Trouble(TroubleKind.CLOSED, "the receiver closed the connection")


class ClientPlayer:
    """Greets, sends the same cargo again and again, and remembers what it said."""

    def __init__(
        self, cargo: Cargo, *, times: int = 2, wants_tls: bool = True, chunking: bool = False
    ) -> None:
        self.cargo = cargo
        self.session = ClientSession("relay.example.com", wants_tls=wants_tls, chunking=chunking)
        self.greeting = self.session.greet()
        self.transactions: list[Transaction] = []
        self.said: list[bytes] = []
        self._left = times
        self._is_written = False
        """The content of the present transaction was said to its end."""

    def play(self, pieces: Iterable[bytes]) -> None:
        """Hear all pieces; then the receiver is gone."""
        for piece in pieces:
            self.hear(piece)
        self.session.lose(CLOSED)

    def hear(self, piece: bytes) -> None:
        """Hear a piece, as the owner of a wire does, and go on as long as there is something to say."""
        was_written = self._is_written
        self._say(self.session.receive(piece))
        assert was_written or not any(map(is_delivered, self.outcomes()))
        self._write_stream()
        if self.greeting.wants_handshake:
            self._shake_hands()
        while self._left and self.session.is_ready:
            self._transact()

    def outcomes(self) -> list[Heard | None]:
        """Give the outcomes of the present transaction."""
        return self.transactions[-1].outcomes if self.transactions else []

    def _shake_hands(self) -> None:
        try:
            self._say(self.session.start_tls())
        except PlaintextUnread:  # S-11: whoever owns the wire closes it
            self.session.lose(CLOSED)

    def _transact(self) -> None:
        self._left -= 1
        self._is_written = False
        transaction, said = self.session.transact(self.cargo)
        self.transactions.append(transaction)
        self._say(said)

    def _say(self, octets: bytes) -> None:
        if not octets:
            return
        self.said.append(octets)
        is_content = self.session.step is Step.DOT or self.session.stream is not None
        if self.transactions and is_content:
            self._check_content(octets)
        else:
            assert COMMANDS.fullmatch(octets), octets

    def _write_stream(self) -> None:
        if self.session.stream is not None:
            self.said[-1] += b"".join(self.session.stream)
            self.session.content_sent()
            self._check_content(self.said[-1])

    def _check_content(self, octets: bytes) -> None:
        content = b"".join(self.cargo.blocks())
        chunk = b"BDAT %d LAST\r\n%s" % (len(content), content)
        assert octets in (stuffed(content), END_OF_DATA, chunk) or self.session.stream is not None
        self._is_written = octets != END_OF_DATA and self.session.stream is None


def is_delivered(outcome: Heard | None) -> bool:
    """Say whether the receiver took the message for this recipient."""
    return outcome is not None and isinstance(outcome.said, Reply) and outcome.said.is_positive
