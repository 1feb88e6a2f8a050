"""What an outbound transaction carries, and how MAIL and RCPT say it to a hop with given offers.

A line is either written, or the function says why this hop cannot take it: size, 8-bit, SMTPUTF8, or an
address that could end its own angle brackets. Whatever is in an envelope, a line matches
`RCPT TO:<[^<>\\r\\n]*>( known-params)*` (S-44).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from sztafeta.mail.address import Mailbox
from sztafeta.mail.envelope import Envelope, ForwardPath, Notify
from sztafeta.smtp.dialogue import Trouble, TroubleKind
from sztafeta.smtp.greeting import Offers
from sztafeta.smtp.outgoing import Octets, counted, has_ascii_header, is_ascii
from sztafeta.smtp.reply import Reply, reply
from sztafeta.value import value

SMALL: Final = 65_536
"""Octets up to which content is handled in one piece."""

UNSPEAKABLE_553: Final = reply(
    553, "5.1.3", "Not sent: the address holds a character that receivers do not read alike"
)
"""What we say in the receiver's place about an address that could be read in two ways."""
NEEDS_SMTPUTF8: Final = Trouble(
    TroubleKind.NEEDS_SMTPUTF8,
    "the message has an internationalised address or header, the hop does not offer SMTPUTF8",
)
NEEDS_8BITMIME: Final = Trouble(
    TroubleKind.NEEDS_8BITMIME,
    "the message has 8-bit content, the hop does not offer 8BITMIME",
)

_PATH = re.compile(r"[^<>\x00-\x1f\x7f-\x9f]{1,320}")
_PARAMETER_VALUE = re.compile(r"[^\s\x00-\x20\x7f-\x9f]+")
_NOTIFY_WORDS: Final = (
    (Notify.SUCCESS, "SUCCESS"),
    (Notify.FAILURE, "FAILURE"),
    (Notify.DELAY, "DELAY"),
)


@value(frozen=True, slots=True, kw_only=True)
class Cargo:
    """What a transaction carries."""

    envelope: Envelope
    header_prefix: bytes
    """Header fields that go before the content, each ending in CRLF."""
    content: Octets

    @property
    def size(self) -> int:
        """Octets before dot-stuffing, as SIZE counts them (RFC 1870 §3)."""
        return len(self.header_prefix) + self.content.size

    def blocks(self) -> Iterator[bytes]:
        """Give all octets in order.

        Raises:
            ContentTorn: the content is not of the size it said.
        """
        return chain((self.header_prefix,), counted(self.content.blocks(), self.content.size))


def mail_line(cargo: Cargo, offers: Offers) -> bytes | Reply | Trouble:
    """Write MAIL, or say why the hop cannot take the message (RFC 5321 §4.1.1.2)."""
    envelope, size = cargo.envelope, cargo.size
    if offers.size is not None and size > offers.size:  # RFC 1870 §6.1
        text = f"the message has {size} octets, the hop takes {offers.size}"
        return Trouble(TroubleKind.SIZE, text)
    is_eight_bit = _is_eight_bit(cargo, offers)
    if is_eight_bit and not offers.eight_bit:  # RFC 6152 §3
        return NEEDS_8BITMIME
    if not offers.smtputf8 and _needs_smtputf8(cargo):
        return NEEDS_SMTPUTF8
    path = _path(envelope.reverse_path)
    if path is None:
        return UNSPEAKABLE_553
    size_word = "" if offers.size is None else f" SIZE={size}"
    body_word = " BODY=8BITMIME" if is_eight_bit else ""
    utf8_word = " SMTPUTF8" if says_smtputf8(envelope, offers) else ""
    return_words = _return_words(envelope) if offers.dsn else ""
    return f"MAIL FROM:<{path}>{size_word}{body_word}{utf8_word}{return_words}\r\n".encode()


def rcpt_line(
    forward_path: ForwardPath, offers: Offers, *, smtputf8: bool
) -> bytes | Reply | Trouble:
    """Write RCPT, or say why this address cannot be given to the hop (RFC 5321 §4.1.1.3).

    `smtputf8` says whether MAIL carries SMTPUTF8.
    """
    path = _path(forward_path.mailbox)
    if path is None:
        return UNSPEAKABLE_553
    if forward_path.mailbox.needs_smtputf8 and not offers.smtputf8:
        return NEEDS_SMTPUTF8
    words = _notify_words(forward_path, smtputf8) if offers.dsn else ""
    return f"RCPT TO:<{path}>{words}\r\n".encode()


def says_smtputf8(envelope: Envelope, offers: Offers) -> bool:
    """Say whether MAIL carries SMTPUTF8 (RFC 6531 §3.4)."""
    if not offers.smtputf8:
        return False
    reverse_path = envelope.reverse_path
    return (
        envelope.smtputf8
        or (reverse_path is not None and reverse_path.needs_smtputf8)
        or any(one.mailbox.needs_smtputf8 for one in envelope.forward_paths)
    )


def _is_eight_bit(cargo: Cargo, offers: Offers) -> bool:
    """Say whether the content is 8-bit; to a hop that does not mind, big content may count as such."""
    if offers.eight_bit and (cargo.envelope.eight_bit or cargo.content.size > SMALL):
        return True
    return not is_ascii(cargo.content.blocks())


def _needs_smtputf8(cargo: Cargo) -> bool:
    """Say whether no hop without SMTPUTF8 can take it: the sender's address, or the header section.

    An international domain alone needs nothing, it is already in A-labels (RFC 6531 §3.2).
    """
    reverse_path = cargo.envelope.reverse_path
    if reverse_path is not None and reverse_path.needs_smtputf8:
        return True
    return cargo.envelope.smtputf8 and not has_ascii_header(cargo.blocks())


def _path(mailbox: Mailbox | None) -> str | None:
    """Write a path for the wire; None when not everybody would read it alike."""
    if mailbox is None:
        return ""  # RFC 5321 §4.5.5
    path = str(mailbox)
    return path if _PATH.fullmatch(path) else None


def _return_words(envelope: Envelope) -> str:
    """Pass RET and ENVID on (RFC 3461 §5.2.1)."""
    ret = "" if envelope.returns is None else f" RET={envelope.returns.value}"
    return ret + _parameter("ENVID", envelope.envelope_id)


def _notify_words(forward_path: ForwardPath, smtputf8: bool) -> str:
    """Pass NOTIFY and ORCPT on (RFC 3461 §5.2.1)."""
    notify = forward_path.notify
    word = "" if notify is None else f" NOTIFY={_notify_value(notify)}"
    original = forward_path.original
    if original is not None and not (smtputf8 or original.isascii()):
        return word  # RFC 6533 §3: UTF-8 in ORCPT only under SMTPUTF8
    return word + _parameter("ORCPT", original)


def _notify_value(notify: Notify) -> str:
    return ",".join(word for flag, word in _NOTIFY_WORDS if flag & notify) or "NEVER"


def _parameter(keyword: str, value: str | None) -> str:
    """Write a parameter as it came in; one that could end its own line or word is left out."""
    if value is None or not _PARAMETER_VALUE.fullmatch(value):
        return ""
    return f" {keyword}={value}"
