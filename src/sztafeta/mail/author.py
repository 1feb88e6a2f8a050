"""The author: the mailboxes of From, read so that no other program can read different ones (S-41).

What is ambiguous (two From fields, a group, a route, a list without Sender, a second address where a name
belongs) is refused with a sentence, not guessed: DKIM and the account's sender rule must speak of the same
domain that a receiver shows. A name may hold an address; it is a name only as long as no program that decodes
before it parses, or takes the first address it finds, would make an author of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from sztafeta.mail.address import UNSEEN, AddressFault, Mailbox, parse_mailbox
from sztafeta.mail.encoded_word import DoubtfulWord, decode_clear_words
from sztafeta.mail.message import Header, HeaderFault

MAX_LINE: Final = 998
"""Octets of a line of From: a program that cuts there must not see another author (RFC 5322 §2.1.1)."""

# mailbox = name-addr / addr-spec (RFC 5322 §3.4): the common forms, whose name holds nothing doubtful
_PLAIN = re.compile(r'("[^"\\@<>\0-\x1f\x7f]*"|[^"<>@,;:()\\\[\]\0-\x1f\x7f]*)<([^<>\s"(),;:\\]+)>')
_BARE = re.compile(r'[^<>\s"(),;:\\]+')
# What an address list is made of outside comments; group and route marks are left out on purpose.
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")|(<[^<>]*>)|(,)|([^"<>(),:;\\]+)')
_COMMENT_MARK = re.compile(r"\\.|[()]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_CONTROL = re.compile(r"[\0-\x08\x0a-\x1f\x7f]")
_ADDRESS = re.compile(r'@([^\s@<>,;:()\[\]"\\]+)')
_DOUBTFUL_LOCAL_PART = re.compile(r'[\s@<>()\[\],;:"\\]|=\?')
# Some readers take a folded line that looks like a field for one.
_HIDDEN_FIELD = re.compile(rb"\n[ \t]+(?:from|sender)[ \t]*:", re.IGNORECASE)


@dataclass(slots=True)
class _Element:
    """What stands between two commas of an address list."""

    name: str = ""
    address: str | None = None
    comments: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return self.address is None and not self.name.strip()


def authors(header: Header) -> tuple[Mailbox, ...]:
    """Give the mailboxes of From (RFC 5322 §3.6.2).

    Raises:
        HeaderFault: none, several, or one that could be read in two ways.
    """
    count = header.names.count(b"from")
    if count != 1:
        raise HeaderFault(f"a message has one From field, this one has {count or 'none'}")
    mailboxes = _authors_in(header.slices[header.names.index(b"from")])
    if _HIDDEN_FIELD.search(header.octets):
        raise HeaderFault("a folded line looks like a From or Sender field of its own")
    if len(mailboxes) > 1 and header.names.count(b"sender") != 1:
        raise HeaderFault("several mailboxes in From need one Sender field")  # RFC 5322 §3.6.2
    return mailboxes


@lru_cache(maxsize=4096)  # a sender writes the same From into all his messages
def _authors_in(octets: bytes) -> tuple[Mailbox, ...]:
    """Read a From field; refuse one that some readers see and others do not."""
    if octets[4:5] != b":":  # RFC 5322 §4.5 allows it, but `From :` hides the author from some
        raise HeaderFault("write From: without a space before the colon")
    if len(octets) > MAX_LINE and max(map(len, octets.split(b"\r\n"))) > MAX_LINE:
        raise HeaderFault(f"a line of From has more than {MAX_LINE} octets")
    value = octets[5:].replace(b"\r\n", b"")
    return parse_mailbox_list(value.decode("utf-8", "surrogateescape"))


def parse_mailbox_list(text: str) -> tuple[Mailbox, ...]:
    """Read a mailbox-list (RFC 5322 §3.4); comments are allowed, groups and routes are not.

    Raises:
        HeaderFault: it is something else, or could be read in two ways.
    """
    text = text.strip(" \t\r\n")
    shown = _as_shown(text)
    found = _PLAIN.fullmatch(text)
    if found is not None and (shown is text or shown.count("@") == 1):
        return (_mailbox(found[2]),)
    if _BARE.fullmatch(text):
        return (_mailbox(text),)
    if _CONTROL.search(text):
        raise HeaderFault("an address field holds a control character")
    elements = [element for element in _elements(text) if not element.is_empty]
    if not elements:
        raise HeaderFault("an address field is empty")
    return tuple(_mailbox_of(element) for element in elements)


def _as_shown(text: str) -> str:
    """Decode the words of an address field; refuse what a reader would not see, or not see alike."""
    try:
        shown = decode_clear_words(text) if "=?" in text else text
    except DoubtfulWord as fault:
        raise HeaderFault(f"an address field has an unclear encoded word: {fault}") from fault
    if not shown.isascii() and UNSEEN.search(shown):  # S-45
        raise HeaderFault("an address field is not UTF-8, or holds a character that nobody sees")
    return shown


def _mailbox(text: str) -> Mailbox:
    try:
        mailbox = parse_mailbox(text)
    except AddressFault as fault:
        raise HeaderFault(f"an address field holds no usable address: {fault}") from fault
    # Some programs take a full-width @ for an @ (S-45).
    if _DOUBTFUL_LOCAL_PART.search(unicodedata.normalize("NFKC", mailbox.local_part)):
        raise HeaderFault("the part before @ of an author is plain, without spaces or brackets")
    return mailbox


def _elements(text: str) -> Iterator[_Element]:
    """Part a list at its commas, in one pass from left to right."""
    element, at = _Element(), 0
    while at < len(text):
        if text[at] == "(":
            end = _end_of_comment(text, at)
            element.comments.append(text[at:end])
            element.name += " "  # a comment parts words, also where some readers do not see it
            at = end
            continue
        token = _TOKEN.match(text, at)
        if token is None:
            raise HeaderFault(_strange(text[at]))
        at = token.end()
        if token[3]:
            yield element
            element = _Element()
        elif token[2]:
            _set_address(element, token[2])
        elif element.address is None:
            element.name += token[0]
        elif token[0].strip():
            raise HeaderFault("an address field has something after an address in <>")
    yield element


def _set_address(element: _Element, token: str) -> None:
    if element.address is not None:
        raise HeaderFault("an address field has two addresses without a comma between them")
    element.address = token[1:-1].strip(" \t")


def _strange(char: str) -> str:
    if char in ":;":
        return "an address field of an author must not hold a group (name: …;)"
    return f"an address field has a {char} that is not closed, or stands where none can"


def _end_of_comment(text: str, start: int) -> int:
    """Give where a comment ends; comments nest (RFC 5322 §3.2.2)."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if not depth:
            return mark.end()
    raise HeaderFault(_strange("("))


def _mailbox_of(element: _Element) -> Mailbox:
    if element.address is None:
        mailbox = _mailbox(element.name.strip(" \t"))
        name = ""
    else:
        if element.address.startswith("@"):
            raise HeaderFault("an address of an author must not hold a route")  # RFC 5322 §4.4
        mailbox = _mailbox(element.address)
        name = element.name
    if _shows_another_author(name, element.comments, mailbox.domain):
        raise HeaderFault("the name of an author holds another address; leave it out")
    return mailbox


def _shows_another_author(name: str, comments: list[str], domain: str) -> bool:
    """Say whether a program might take an address inside a name for the author's.

    Quotes and comments protect an address, but not once it brings its own brackets or separators.
    Encoded words protect nothing: some programs decode first and parse then.
    """
    written = " ".join((name, *(comment[1:-1] for comment in comments)))
    shown = _as_shown(written)
    is_encoded = shown != written
    if "@" in _QUOTED.sub("", shown if is_encoded else name):
        # Some readers join what stands after an address to it: it comes last, and alone.
        own = shown.strip(" \t").rstrip(".").lower()
        return shown.count("@") > 1 or not own.endswith(f"@{domain}")
    if is_encoded or any(mark in shown for mark in "<>,;"):
        others = [other.lower().strip(".") for other in _ADDRESS.findall(shown)]
        return shown.count("@") != others.count(domain)
    return False
