"""The author: the mailboxes of From, read so that no other program can read different ones (S-41).

What is ambiguous (two From fields, a group, a route, a list without Sender) is refused with a sentence, not
guessed: DKIM and the account's sender rule must speak of the same domain that a receiver shows.
"""

from __future__ import annotations

import re

from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.mail.message import Header, HeaderFault

# mailbox = name-addr / addr-spec (RFC 5322 §3.4); the common forms, without comments
_PLAIN = re.compile(r'(?:"[^"\\]*"|[^"<>@,;:()\\\[\]]*)<([^<>\s"(),;:\\]+)>')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_UNQUOTED_BRACKET = re.compile(r"[<>]")
_BARE = re.compile(r'[^<>\s"(),;:\\]+')


def authors(header: Header) -> tuple[Mailbox, ...]:
    """Give the mailboxes of From (RFC 5322 §3.6.2).

    Raises:
        HeaderFault: none, several, or one that could be read in two ways.
    """
    fields = header.all(b"from")
    if len(fields) != 1:
        raise HeaderFault(f"a message has one From field, this one has {len(fields) or 'none'}")
    field = fields[0]
    if not field.octets[:5].lower() == b"from:":  # `From :` hides it from some readers
        raise HeaderFault("write From: without a space before the colon")
    mailboxes = parse_mailbox_list(field.value.decode("utf-8", "surrogateescape"))
    if len(mailboxes) > 1 and len(header.all(b"sender")) != 1:
        raise HeaderFault("several mailboxes in From need one Sender field")  # RFC 5322 §3.6.2
    return mailboxes


def parse_mailbox_list(text: str) -> tuple[Mailbox, ...]:
    """Read a mailbox-list (RFC 5322 §3.4); comments are allowed, groups and routes are not.

    Raises:
        HeaderFault: it is something else.
    """
    text = text.strip()
    found = _PLAIN.fullmatch(text)
    if found is not None:
        return (_mailbox(found[1]),)
    if _BARE.fullmatch(text):
        return (_mailbox(text),)
    parts = _split(_without_comments(text))
    if not parts:
        raise HeaderFault("From is empty")
    return tuple(_mailbox(_address_of(part)) for part in parts)


def _mailbox(text: str) -> Mailbox:
    try:
        return parse_mailbox(text)
    except AddressFault as fault:
        raise HeaderFault(f"From holds no usable address: {fault}") from fault


def _without_comments(text: str) -> str:
    """Drop comments (RFC 5322 §3.2.2), which may nest, but not inside quotes."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif char == "(" and not quoted:
            depth += 1
        if not depth:
            kept.append(char)
        elif char == ")" and not escaped:
            depth -= 1
    if depth or quoted:
        raise HeaderFault("From has an open comment or quote")
    return "".join(kept)


def _split(text: str) -> list[str]:
    """Split at commas outside quotes and angle brackets."""
    parts, start, quoted, inside = [], 0, False, False
    for at, char in enumerate(text):
        if char == '"' and (not at or text[at - 1] != "\\"):
            quoted = not quoted
        elif quoted:
            continue
        elif char in ":;" and not inside:
            raise HeaderFault("From must not hold a group")
        elif char in "<>":
            if inside == (char == "<"):
                raise HeaderFault("From has angle brackets that do not match")
            inside = char == "<"
        elif char == "," and not inside:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _address_of(part: str) -> str:
    """Give what stands in angle brackets at the end, or the whole."""
    opening = part.rfind("<")
    if opening < 0:
        return part
    if not part.endswith(">") or _UNQUOTED_BRACKET.search(_QUOTED.sub("", part[:opening])):
        raise HeaderFault("From has something that is neither a name nor its address")
    address = part[opening + 1 : -1].strip()
    if address.startswith("@"):
        raise HeaderFault("From must not hold a route")
    return address
