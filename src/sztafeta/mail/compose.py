"""The edits on submission: what we add to a header, what we remove, and nothing else (design §2).

Added: Received; Message-ID and Date when missing (RFC 6409 §8). Removed: Bcc, Return-Path, Delivered-To, our
control fields, and authentication results that claim to be ours. Every other octet goes on as it came, odd
spacing and order included.
"""

from __future__ import annotations

import re
from typing import Final

from sztafeta.mail.control_fields import METADATA_PREFIX, NAMES, is_control_field
from sztafeta.mail.encoded_word import display_text
from sztafeta.mail.message import Header, HeaderFault, value_of
from sztafeta.value import value

REMOVED: Final = frozenset({b"bcc", b"resent-bcc", b"return-path", b"delivered-to"})
"""Whom a blind copy goes to is nobody's business; the others are written at the last hop."""
CONTROL_PREFIX: Final = b"x-sztafeta-"
"""Fields that speak to us and not to the receiver, beside those that `mail/control_fields` reads."""
RESULTS: Final = b"authentication-results"
ONCE: Final = (b"message-id", b"date", b"subject", b"to", b"cc", b"reply-to", b"sender")
"""Fields that a header holds at most once (RFC 5322 §3.6); two readers would show different ones."""

_MAY_HAVE_TO_GO: Final = REMOVED | NAMES | {RESULTS}
_MARK = re.compile(r"\\.|[()]|[^\\()]+", re.DOTALL)


@value(frozen=True, slots=True, kw_only=True)
class Edited:
    """A header as it goes on."""

    octets: bytes
    """Up to and including the empty line."""
    message_id: str
    """With its angle brackets."""
    subject: str
    """For display."""


def edit(
    header: Header, *, trace: bytes, new_message_id: str, date: str, authserv_id: str = ""
) -> Edited:
    """Make the edits; `authserv_id` is the name under which we would write authentication results.

    Raises:
        HeaderFault: a field that may stand once stands twice.
    """
    names = header.names
    _refuse_twins(names)
    added = trace
    if b"message-id" not in names:
        added += f"Message-ID: {new_message_id}\r\n".encode()
    if b"date" not in names:
        added += f"Date: {date}\r\n".encode()
    kept = _pruned(header, authserv_id) if _needs_pruning(names) else header.octets
    message_id = header.first(b"message-id")
    subject = header.first(b"subject")
    return Edited(
        octets=b"".join((added, kept, b"\r\n")),
        message_id=new_message_id if message_id is None else display_text(message_id.value),
        subject="" if subject is None else display_text(subject.value),
    )


def count_hops(header: Header) -> int:
    """Count the Received fields (RFC 5321 §6.3)."""
    return header.names.count(b"received")


def _needs_pruning(names: tuple[bytes, ...]) -> bool:
    """Say whether a field may have to go; most headers have none."""
    if not _MAY_HAVE_TO_GO.isdisjoint(names):
        return True
    together = b"\n".join(names)
    return CONTROL_PREFIX in together or METADATA_PREFIX in together


def _pruned(header: Header, authserv_id: str) -> bytes:
    return b"".join(
        octets
        for name, octets in zip(header.names, header.slices, strict=True)
        if not _has_to_go(name, octets, authserv_id)
    )


def _has_to_go(name: bytes, octets: bytes, authserv_id: str) -> bool:
    if name == RESULTS:  # RFC 8601 §5: no one else's results may carry our name
        return _claimed_by(octets) == authserv_id.lower()
    return name in REMOVED or name.startswith(CONTROL_PREFIX) or is_control_field(name)


def _claimed_by(octets: bytes) -> str:
    """Give the authserv-id of authentication results (RFC 8601 §2.2), in lower case."""
    text = _outside_comments(value_of(octets).decode("latin-1")).replace("\\", "")
    words = text.partition(";")[0].split()
    return words[0].strip('"').rstrip(".").lower() if words else ""


def _outside_comments(text: str) -> str:
    """Leave comments out, however deep they nest (RFC 5322 §3.2.2)."""
    depth, kept = 0, []
    for mark in _MARK.findall(text):
        if mark == "(":
            depth += 1
            kept.append(" ")
        elif mark == ")":
            depth -= 1
        elif depth <= 0:
            kept.append(mark)
    return "".join(kept)


def _refuse_twins(names: tuple[bytes, ...]) -> None:
    if len(set(names)) == len(names):
        return
    for name in ONCE:
        if names.count(name) > 1:
            shown = name.decode("ascii").title().replace("Id", "ID")
            raise HeaderFault(f"a message has one {shown} field, this one has {names.count(name)}")
