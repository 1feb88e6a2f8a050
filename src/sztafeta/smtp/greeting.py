"""How a session opens: banner, EHLO or HELO, STARTTLS, and what the other side offers (RFC 5321 §3.1, §3.2).

    BANNER ──220──► EHLO ──250──► STARTTLS? ──220──► handshake ──► EHLO ──250──► ready
                      └─5xx─► HELO ──250──► ready

Nothing said before TLS is remembered after it (RFC 3207 §4.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sztafeta.smtp.dialogue import Heard, Step, Trouble, TroubleKind
from sztafeta.smtp.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The extensions that a server listed and that we use."""

    pipelining: bool = False
    size: int | None = None
    """The largest message in octets; None when it does not say (RFC 1870 §4)."""
    eight_bit: bool = False
    smtputf8: bool = False
    dsn: bool = False
    chunking: bool = False
    starttls: bool = False
    enhanced_status: bool = False


NOTHING = Offers()


def read_offers(ehlo: Reply) -> Offers:
    """Read the lines of an EHLO reply after the first (RFC 5321 §4.1.1.1); unknown keywords are nothing."""
    words = {
        word.upper(): value for word, _, value in (line.partition(" ") for line in ehlo.lines[1:])
    }
    return Offers(
        pipelining="PIPELINING" in words,
        size=_read_size(words.get("SIZE", "")),
        eight_bit="8BITMIME" in words,
        smtputf8="SMTPUTF8" in words,
        dsn="DSN" in words,
        chunking="CHUNKING" in words,
        starttls="STARTTLS" in words,
        enhanced_status="ENHANCEDSTATUSCODES" in words,
    )


def _read_size(value: str) -> int | None:
    """Read the limit; 0 and no number mean that none is declared (RFC 1870 §4)."""
    value = value.strip()
    if not (value.isascii() and value.isdigit()) or len(value) > 20:
        return None
    return int(value) or None


class Greeting:
    """The opening of a session as a conversation; `ClientSession` feeds it replies."""

    __slots__ = (
        "_ehlo_name",
        "_hear",
        "_in_the_clear",
        "_wants_tls",
        "heard",
        "offers",
        "step",
        "tls_refusal",
        "wants_handshake",
    )

    def __init__(self, ehlo_name: str, *, wants_tls: bool) -> None:
        self._ehlo_name = ehlo_name
        self._wants_tls = wants_tls
        self._hear: Callable[[Greeting, Reply], bytes] = Greeting._hear_banner
        self.step = Step.BANNER
        self.offers: Offers | None = None
        """Set when the session is ready for mail."""
        self.heard: Heard | None = None
        """Why the session will carry no mail."""
        self.tls_refusal: Reply | None = None
        """STARTTLS was offered and then not granted."""
        self._in_the_clear = NOTHING
        self.wants_handshake = False
        """STARTTLS was accepted: wrap the wire, then call `after_tls()`."""

    @property
    def is_over(self) -> bool:
        """Say whether the session is open for mail, or never will be."""
        return self.offers is not None or self.heard is not None

    def hear(self, reply: Reply) -> bytes:
        """Take the next reply; give what to say next."""
        if reply.code == 421 or reply.code // 100 in (1, 3):
            return self._refused(reply)  # RFC 5321 §3.8, §4.2.1
        return self._hear(self, reply)

    def lose(self, trouble: Trouble) -> None:
        """Note that the wire broke or went silent."""
        if not self.is_over:
            self.heard = Heard(self.step, trouble)

    def after_tls(self) -> bytes:
        """Say EHLO again: what was offered in the clear is forgotten (RFC 3207 §4.2)."""
        self.wants_handshake = self._wants_tls = False
        self._in_the_clear = NOTHING
        return self._say_ehlo()

    def _hear_banner(self, reply: Reply) -> bytes:
        return self._say_ehlo() if reply.is_positive else self._refused(reply)

    def _say_ehlo(self) -> bytes:
        self.step, self._hear = Step.EHLO, Greeting._hear_ehlo
        return f"EHLO {self._ehlo_name}\r\n".encode("ascii")

    def _hear_ehlo(self, reply: Reply) -> bytes:
        if reply.is_permanent:
            # RFC 5321 §3.2: fall back to HELO when EHLO is not known
            self._hear = Greeting._hear_helo
            return f"HELO {self._ehlo_name}\r\n".encode("ascii")
        if not reply.is_positive:
            return self._refused(reply)
        offers = read_offers(reply)
        if not (self._wants_tls and offers.starttls):
            self.offers = offers
            return b""
        self._in_the_clear = offers
        self.step, self._hear = Step.TLS, Greeting._hear_starttls
        return b"STARTTLS\r\n"

    def _hear_helo(self, reply: Reply) -> bytes:
        if not reply.is_positive:
            return self._refused(reply)
        self.offers = NOTHING
        return b""

    def _hear_starttls(self, reply: Reply) -> bytes:
        if reply.is_positive:
            self.wants_handshake = True
        else:
            # RFC 3207 §4: whether to go on in the clear is the client's decision, made by who dialled.
            self.tls_refusal, self.offers = reply, self._in_the_clear
        return b""

    def _refused(self, reply: Reply) -> bytes:
        said: Reply | Trouble = reply
        if not (reply.is_transient or reply.is_permanent):
            said = Trouble(TroubleKind.PROTOCOL, f"a {reply.code} where none belongs")
        self.heard = Heard(self.step, said)
        return b""
