"""Texts on their way into a header: which characters may not stand there (S-43, S-45).

A line break in a value makes a field of its own; a character that is not seen, or that turns the direction of
writing, makes a name look like another. Both are refused with a word for the character, never mended.
"""

from __future__ import annotations

import re
from typing import Final

# C0, DEL and C1 controls, the line and paragraph separators, and halves of surrogate pairs.
_BREAKS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Soft hyphen, zero-width characters, and what turns the direction of writing.
_UNSEEN = re.compile("[\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_FIELD_NAME = re.compile(r"[!-9;-~]{1,76}")  # RFC 5322 §2.2

OURS: Final = {
    "authentication-results": "only the receiver writes it",
    "bcc": "put blind copies into `bcc`",
    "cc": "put copies into `cc`",
    "content-disposition": "it is made from the attachments",
    "content-id": "put it into the attachment's `content_id`",
    "content-transfer-encoding": "it is chosen when the message is put together",
    "content-type": "it is made from `html`, `text` and the attachments",
    "date": "it is the time at which the message is accepted",
    "delivered-to": "only the receiver writes it",
    "dkim-signature": "every message is signed when it is sent",
    "from": "put the author into `from`",
    "idempotency-key": "send it as a header field of the call",
    "message-id": "each message gets one of its own",
    "mime-version": "it is written when the message is put together",
    "received": "servers write it when the message passes them",
    "reply-to": "put it into `reply_to`",
    "return-path": "only the receiver writes it",
    "sender": "put the author into `from`",
    "subject": "put it into `subject`",
    "to": "put the addressees into `to`",
    "x-expires-at": "say `expires_at`",
    "x-mailtags": "put labels into `tags`",
    "x-send-at": "say `send_at`",
    "x-tag": "put labels into `tags`",
    "x-template": "name the template in `template`",
    "x-template-data": "put variables into `data`",
    "x-tracking-off": "nothing is tracked",
}
"""Header fields that a caller may not write, with where their content goes instead."""
_FAMILIES: Final = {
    "arc-": "fields of this family are not a caller's",
    "content-": "fields of this family are not a caller's",
    "resent-": "fields of this family are not a caller's",
    "x-metadata-": "put it into `metadata`",
}
"""Beginnings of names, likewise."""


def what_breaks(text: str) -> str | None:
    """Name the first character that must not reach a header in any text, or None."""
    found = _BREAKS.search(text)
    return _named(found) if found else None


def what_misleads(name: str) -> str | None:
    """Name the first character that must not stand in a name that people see, or None."""
    found = _BREAKS.search(name) or _UNSEEN.search(name)
    return _named(found) if found else None


def what_is_wrong_with_field(name: str) -> str | None:
    """Say why a caller may not write a header field of this name, or None."""
    if _FIELD_NAME.fullmatch(name) is None:
        return (
            "is no name of a header field: letters, digits and hyphens, at most 76 (RFC 5322 §2.2)"
        )
    small = name.lower()
    instead = OURS.get(small) or next(
        (words for family, words in _FAMILIES.items() if small.startswith(family)), None
    )
    return None if instead is None else f"may not be set: {instead}"


def _named(found: re.Match[str]) -> str:
    char = found[0]
    kind = "a line break" if char in "\r\n\x85\u2028\u2029" else "a character that is not seen"
    return f"{kind} (U+{ord(char):04X})"
