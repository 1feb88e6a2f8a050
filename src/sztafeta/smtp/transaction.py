"""One outbound mail transaction: MAIL, RCPT …, DATA, content, final dot (RFC 5321 §3.3).

A conversation without a wire: `begin()` gives the first octets to write, `hear()` takes each reply in order
and gives the next ones. With PIPELINING the commands go as one group (RFC 2920), without it one by one. What
the receiver cannot take (size, 8-bit, SMTPUTF8) is found before a word is said. Each forward-path gets an
outcome of its own; the reply to the final dot is the outcome of all that were accepted.

Content that is small comes out of `hear()` whole; bigger content goes on in `stream`, for the owner of the
wire to pull block by block as the wire takes it, and then to call `content_sent()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from sztafeta.smtp.cargo import SMALL, Cargo, mail_line, rcpt_line, says_smtputf8
from sztafeta.smtp.dialogue import Heard, Step, Trouble, TroubleKind
from sztafeta.smtp.greeting import Offers
from sztafeta.smtp.outgoing import END_OF_DATA, is_canonical, stuffed, stuffed_blocks
from sztafeta.smtp.reply import Reply

MAX_RECIPIENTS: Final = 100
"""What every receiver must take in one transaction (RFC 5321 §4.5.3.1.8)."""


class Transaction:
    """The conversation about one message, on a session that is ready for it."""

    __slots__ = (
        "_accepted",
        "_cargo",
        "_commands",
        "_hear",
        "_is_grouped",
        "_offered",
        "_offers",
        "_said",
        "_with_chunks",
        "broken_by",
        "is_over",
        "is_untouched",
        "needs_reset",
        "outcomes",
        "step",
        "stream",
    )

    def __init__(self, cargo: Cargo, offers: Offers, *, chunking: bool = False) -> None:
        forward_paths = cargo.envelope.forward_paths
        if not 1 <= len(forward_paths) <= MAX_RECIPIENTS:
            raise ValueError(f"a transaction has 1 to {MAX_RECIPIENTS} forward-paths")
        self._cargo, self._offers = cargo, offers
        self._is_grouped = offers.pipelining
        self._with_chunks = chunking and offers.chunking and is_canonical(cargo.blocks())
        self._commands: list[bytes] = []
        self._said = 0
        self._offered: list[int] = []
        """Places of the forward-paths whose replies are awaited, the next one last."""
        self._accepted: list[int] = []
        self._hear: Callable[[Transaction, Reply], bytes] = Transaction._hear_mail
        self.step = Step.MAIL
        self.outcomes: list[Heard | None] = [None] * len(forward_paths)
        """One a forward-path; None as long as it is undecided."""
        self.stream: Iterator[bytes] | None = None
        """Content to pull and write; call `content_sent()` at its end."""
        self.is_over = False
        self.broken_by: Reply | Trouble | None = None
        """What ended the session with the transaction, if anything did."""
        self.is_untouched = True
        """The receiver has not yet said anything about this transaction."""
        self.needs_reset = False
        """RSET must come before the next MAIL (RFC 5321 §4.1.1.5)."""

    # -- saying ------------------------------------------------------------------------------------

    def begin(self, *, after_failure: bool = False) -> bytes:
        """Give the first commands, or nothing when all is decided before a word is said.

        `after_failure`: the transaction before did not end well, so RSET comes first (RFC 5321 §4.1.1.5).
        """
        mail = mail_line(self._cargo, self._offers)
        if not isinstance(mail, bytes):
            self._decide_rest(mail)
            self.is_over, self.needs_reset = True, after_failure
            return b""
        rcpts = self._rcpt_lines()
        if not rcpts:
            self.is_over, self.needs_reset = True, after_failure
            return b""
        if after_failure:
            self._commands.append(b"RSET\r\n")
            self._hear = Transaction._hear_reset
        self._commands.append(mail)
        self._commands += rcpts
        if not self._with_chunks:
            self._commands.append(b"DATA\r\n")
        if self._is_grouped:
            # RFC 2920 §3.1: RSET, MAIL and RCPT anywhere in a group, DATA at its end
            return b"".join(self._commands)
        return self._say_next()

    def _say_next(self) -> bytes:
        """Give the next command when they go one by one."""
        if self._is_grouped or self._said == len(self._commands):
            return b""
        self._said += 1
        return self._commands[self._said - 1]

    def _rcpt_lines(self) -> list[bytes]:
        """Write RCPT for every forward-path that can be said; decide about the others."""
        lines = []
        smtputf8 = says_smtputf8(self._cargo.envelope, self._offers)
        for place, forward_path in enumerate(self._cargo.envelope.forward_paths):
            line = rcpt_line(forward_path, self._offers, smtputf8=smtputf8)
            if isinstance(line, bytes):
                lines.append(line)
                self._offered.append(place)
            else:
                self.outcomes[place] = Heard(Step.RCPT, line)
        self._offered.reverse()
        return lines

    # -- hearing -----------------------------------------------------------------------------------

    def hear(self, reply: Reply) -> bytes:
        """Take the next reply; give what to say next."""
        if reply.code == 421:
            return self._break(reply)  # RFC 5321 §3.8
        if self.stream is not None:
            return self._hear_too_early(reply)
        if reply.code // 100 in (1, 3) and self.step is not Step.DATA:
            return self._break(_out_of_place(reply))
        return self._hear(self, reply)

    def lose(self, trouble: Trouble) -> None:
        """Note that the wire broke, went silent or speaks no SMTP."""
        if not self.is_over:
            self._break(trouble)

    def content_sent(self) -> None:
        """Note that `stream` was written to its end; the reply to the final dot comes next."""
        self.stream, self.step = None, Step.DOT

    def _hear_reset(self, reply: Reply) -> bytes:
        if not reply.is_positive:
            return self._break(Trouble(TroubleKind.CLOSED, f"RSET was answered {reply.code}"))
        self._hear = Transaction._hear_mail
        return self._say_next()

    def _hear_mail(self, reply: Reply) -> bytes:
        self.is_untouched = False
        if reply.is_positive:
            self.needs_reset = True
        else:
            self._decide_rest(reply)
            if not self._is_grouped:
                return self._end()
        self.step, self._hear = Step.RCPT, Transaction._hear_rcpt
        return self._say_next()

    def _hear_rcpt(self, reply: Reply) -> bytes:
        place = self._offered.pop()
        if self.outcomes[place] is not None:
            pass  # MAIL was refused: this is about the missing transaction
        elif reply.is_positive:  # RFC 5321 §4.2.1: 251, 252 and 2yz we do not know are success
            self._accepted.append(place)
        else:
            self.outcomes[place] = Heard(Step.RCPT, reply)
        if self._offered:
            return self._say_next()
        return self._after_last_rcpt()

    def _after_last_rcpt(self) -> bytes:
        if self._with_chunks:
            return self._say_chunk() if self._accepted else self._end()
        if not (self._accepted or self._is_grouped):
            return self._end()
        self.step, self._hear = Step.DATA, Transaction._hear_data
        return self._say_next()

    def _hear_data(self, reply: Reply) -> bytes:
        if not self._accepted:
            return self._close_empty_data(reply)
        if reply.code // 100 == 3:
            return self._send(stuffed, stuffed_blocks)
        if not (reply.is_transient or reply.is_permanent):
            return self._break(_out_of_place(reply))
        self._decide_rest(reply)
        return self._end()

    def _close_empty_data(self, reply: Reply) -> bytes:
        """End the DATA that was sent in the group although nobody was accepted (RFC 2920 §3.1)."""
        if reply.is_transient or reply.is_permanent:
            return self._end()
        if reply.code // 100 != 3:
            return self._break(_out_of_place(reply))
        self.step, self._hear = Step.DOT, Transaction._hear_nothing
        return END_OF_DATA

    def _hear_nothing(self, reply: Reply) -> bytes:
        """Ignore the reply to the lone dot: there was no message."""
        return self._end()

    def _say_chunk(self) -> bytes:
        """Send the content as one last chunk: counted, so that dots mean nothing (RFC 3030 §2)."""
        lead = f"BDAT {self._cargo.size} LAST\r\n".encode()
        return self._send(lambda octets: lead + octets, lambda blocks: chain((lead,), blocks))

    def _send(
        self,
        whole: Callable[[bytes], bytes],
        by_block: Callable[[Iterable[bytes]], Iterator[bytes]],
    ) -> bytes:
        """Give small content now; of big content the first block, and leave the others in `stream`."""
        self._hear = Transaction._hear_dot
        if self._cargo.content.size <= SMALL:
            self.step = Step.DOT
            return whole(b"".join(self._cargo.blocks()))
        stream = by_block(self._cargo.blocks())
        first = next(stream)
        self.stream = stream
        return first

    def _hear_dot(self, reply: Reply) -> bytes:
        self._decide_rest(reply)
        # RFC 5321 §4.1.1.4 clears the buffers in any case; RSET costs nothing where something failed.
        self.needs_reset = not reply.is_positive
        return self._end()

    def _hear_too_early(self, reply: Reply) -> bytes:
        """Take a reply that came before the content's end: a refusal at best, never an acceptance."""
        is_refusal = reply.is_transient or reply.is_permanent
        return self._break(reply if is_refusal else _out_of_place(reply))

    # -- deciding ----------------------------------------------------------------------------------

    def _decide_rest(self, said: Reply | Trouble) -> None:
        heard = Heard(self.step, said)
        self.outcomes = [heard if outcome is None else outcome for outcome in self.outcomes]

    def _break(self, said: Reply | Trouble) -> bytes:
        """End the transaction and the session with it."""
        self._decide_rest(said)
        self.broken_by = said
        return self._end()

    def _end(self) -> bytes:
        self.is_over, self.stream = True, None
        return b""


def _out_of_place(reply: Reply) -> Trouble:
    return Trouble(TroubleKind.PROTOCOL, f"a {reply.code} where none belongs")
