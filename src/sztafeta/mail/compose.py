"""The edits on submission: what we add to a header, what we remove, and nothing else (design §2).

Added: Received; Message-ID and Date when missing (RFC 6409 §8). Removed: Bcc, Return-Path, Delivered-To, our
control fields. Every other octet goes on as it came, odd spacing and order included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sztafeta.mail.message import Header, HeaderFault, display_text

REMOVED: Final = frozenset({b"bcc", b"return-path", b"delivered-to"})
CONTROL_PREFIXES: Final = (b"x-sztafeta-",)
"""Fields that speak to us and not to the receiver."""
ONCE: Final = (b"message-id", b"date", b"subject", b"to", b"cc", b"reply-to", b"sender")
"""Fields that a header holds at most once (RFC 5322 §3.6); two readers would show different ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A header as it goes on."""

    octets: bytes
    """Up to and including the empty line."""
    message_id: str
    """With its angle brackets."""
    subject: str
    """For display."""


def edit(header: Header, *, trace: bytes, new_message_id: str, date: str) -> Edited:
    """Make the edits.

    Raises:
        HeaderFault: a field that may stand once stands twice.
    """
    names = header.names
    _refuse_twins(names)
    parts = [trace]
    if b"message-id" not in names:
        parts.append(f"Message-ID: {new_message_id}\r\n".encode())
    if b"date" not in names:
        parts.append(f"Date: {date}\r\n".encode())
    parts += [field.octets for field in header.fields if not _is_ours_to_remove(field.name)]
    if not parts[-1].endswith(b"\r\n"):
        parts.append(b"\r\n")
    parts.append(b"\r\n")
    known = header.first(b"message-id")
    subject = header.first(b"subject")
    return Edited(
        octets=b"".join(parts),
        message_id=new_message_id if known is None else display_text(known.value),
        subject="" if subject is None else display_text(subject.value),
    )


def count_hops(header: Header) -> int:
    """Count the Received fields (RFC 5321 §6.3)."""
    return header.names.count(b"received")


def _is_ours_to_remove(name: bytes) -> bool:
    return name in REMOVED or name.startswith(CONTROL_PREFIXES)


def _refuse_twins(names: list[bytes]) -> None:
    if len(set(names)) == len(names):
        return
    for name in ONCE:
        if names.count(name) > 1:
            shown = name.decode("ascii").title().replace("Id", "ID")
            raise HeaderFault(f"a message has one {shown} field, this one has {names.count(name)}")
