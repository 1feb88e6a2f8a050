"""Opens a message for people: header fields in words, HTML, text and attachments.

Whatever a stranger put in must come out as a value, never as an exception: what cannot be decoded is shown
with replacement characters.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from html import unescape
from typing import Final

import nh3

from sztafeta.mail.remote_styles import without_remote_styles

SNIPPET = 140
"""Letters of the text that the list shows."""
SNIPPET_READ = 64 * 1024
"""Octets of a message that are opened for its snippet."""
PARTS_SHOWN = 200
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_TAGS = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_REMOTE_PICTURE = re.compile(
    r"<img\b[^>]{0,2000}\bsrc\s{0,9}=\s{0,9}[\"']?\s{0,9}https?:", re.IGNORECASE
)
_BODY = re.compile(r"<(/?)body\b", re.IGNORECASE)
"""What stands on the body is kept on a block in its place."""
_CID = re.compile(r'src="cid:([^"]+)"')
_UNSAFE_IN_NAMES = re.compile(r"[^\w .,()+@=-]", re.UNICODE)
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# E-mail HTML lives on old attributes; scripts, forms, frames and handlers stay out.
_ATTRIBUTES: Final = frozenset(
    {
        "align",
        "alt",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
        "class",
        "color",
        "colspan",
        "dir",
        "face",
        "height",
        "lang",
        "rowspan",
        "size",
        "src",
        "style",
        "title",
        "valign",
        "width",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that is offered as a file."""

    number: int
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A message taken apart."""

    fields: tuple[tuple[str, str], ...]
    """Header fields in order, unfolded and with encoded words read."""
    html: str | None
    """Sanitised; pictures that came along are in it, remote ones only when asked for."""
    raw_html: str | None
    """As it came: for checks and programs, never to be shown."""
    has_remote_pictures: bool
    text: str | None
    attachments: tuple[Attachment, ...]

    def field(self, name: str) -> str:
        """Give the first field of a name, or an empty text."""
        wanted = name.lower()
        return next((value for field, value in self.fields if field.lower() == wanted), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the list shows of a message."""

    author: str
    subject: str
    snippet: str
    attachments: int


def open_message(content: bytes, *, remote_pictures: bool = False) -> Opened:
    """Take a message apart (RFC 2045, RFC 2047); remote pictures stay out unless their reader asks."""
    message = BytesParser(policy=policy.compat32).parsebytes(content)
    html: str | None = None
    text: str | None = None
    attachments: list[Attachment] = []
    pictures: dict[str, str] = {}
    for part in _leaves(message):
        kind, octets = part.get_content_type(), _octets(part)
        name = part.get_filename()
        if name is None and kind == "text/html" and html is None:
            html = _decode(part, octets)
        elif name is None and kind == "text/plain" and text is None:
            text = _decode(part, octets)
        else:
            attachments.append(_attachment(part, name, octets, len(attachments) + 1))
            _note_picture(pictures, part, kind, octets)
    return Opened(
        fields=tuple((name, read_field(value)) for name, value in message.raw_items()),
        html=None if html is None else make_safe(html, pictures, remote_pictures=remote_pictures),
        raw_html=html,
        has_remote_pictures=html is not None and _REMOTE_PICTURE.search(html) is not None,
        text=text,
        attachments=tuple(attachments),
    )


def read_cover(content: bytes) -> Cover:
    """Read what the list shows; big messages are not opened for it."""
    header = BytesHeaderParser(policy=policy.compat32).parsebytes(content[:SNIPPET_READ])
    snippet, attachments = "", 0
    if len(content) <= SNIPPET_READ:
        opened = open_message(content)
        snippet = _in_words(opened.text) or _in_words(_TAGS.sub(" ", opened.html or ""))
        attachments = len(opened.attachments)
    fields = {name.lower(): value for name, value in reversed(list(header.raw_items()))}
    return Cover(
        author=read_field(fields.get("from", "")),
        subject=read_field(fields.get("subject", "")),
        snippet=snippet[:SNIPPET],
        attachments=attachments,
    )


def read_field(value: object) -> str:
    """Unfold a field and read its encoded words (RFC 5322 §2.2.3, RFC 2047 §6)."""
    # compat32 smuggles raw octets as surrogates
    unfolded = (
        _FOLD.sub("", str(value)).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    )
    if "=?" not in unfolded:
        return unfolded.strip()
    try:
        pieces = decode_header(unfolded)
    except (HeaderParseError, ValueError):
        return unfolded.strip()
    return "".join(_read_piece(piece, charset) for piece, charset in pieces).strip()


def _read_piece(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    try:
        return piece.decode(charset or "latin-1", "replace")
    except (LookupError, ValueError):
        return piece.decode("utf-8", "replace")


def _leaves(message: Message) -> list[Message]:
    """Give the parts that are not containers; a message inside a message counts as a file."""
    leaves: list[Message] = []
    waiting = [message]
    while waiting and len(leaves) < PARTS_SHOWN:
        part = waiting.pop(0)
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting[:0] = [one for one in inner if isinstance(one, Message)]
        else:
            leaves.append(part)
    return leaves


def _octets(part: Message) -> bytes:
    inner = part.get_payload()
    if isinstance(inner, list):  # message/rfc822
        return b"\r\n".join(one.as_bytes() for one in inner if isinstance(one, Message))
    try:
        decoded = part.get_payload(decode=True)
    except (ValueError, LookupError):
        decoded = None
    return decoded if isinstance(decoded, bytes) else str(inner).encode("utf-8", "replace")


def _decode(part: Message, octets: bytes) -> str:
    charset = part.get_content_charset() or "utf-8"
    try:
        return octets.decode(charset, "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")


def _attachment(part: Message, name: str | None, octets: bytes, number: int) -> Attachment:
    kind = part.get_content_type()
    fallback = f"part-{number}.{'eml' if kind == 'message/rfc822' else kind.rpartition('/')[2]}"
    readable = _UNSAFE_IN_NAMES.sub("_", read_field(name or fallback)).strip(" .")
    return Attachment(
        number=number, name=readable[-120:] or fallback, content_type=kind, content=octets
    )


def _note_picture(pictures: dict[str, str], part: Message, kind: str, octets: bytes) -> None:
    identity = str(part.get("Content-ID", "")).strip("<> \t\r\n")
    if identity and kind in _PICTURES:
        pictures[identity] = f"data:{kind};base64,{base64.b64encode(octets).decode()}"


def make_safe(html: str, pictures: Mapping[str, str], *, remote_pictures: bool) -> str:
    """Sanitise as mail programs do, put in the pictures that came along, let links open a new tab.

    `pictures` are data URLs by their Content-ID (RFC 2392).
    """
    safe = nh3.clean(
        _BODY.sub(r"<\1div", html),
        tags=nh3.ALLOWED_TAGS | {"style", "font", "u"},
        clean_content_tags={"script", "title"},
        attributes={"*": set(_ATTRIBUTES), "a": {"href"}},
        attribute_filter=_also_remote_pictures if remote_pictures else _only_own_pictures,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "cid"},
    )
    shown = without_remote_styles(safe, pictures=remote_pictures)
    return _CID.sub(lambda match: f'src="{pictures.get(unescape(match[1]), "")}"', shown)


def _only_own_pictures(_: str, attribute: str, value: str) -> str | None:
    """Drop pictures from elsewhere, so that their alternative text stands in their place."""
    return None if attribute == "src" and not value.lower().startswith("cid:") else value


def _also_remote_pictures(_: str, attribute: str, value: str) -> str | None:
    """Let pictures come over TLS, too; nothing else may be asked for."""
    is_picture = value.lower().startswith(("cid:", "https://"))
    return None if attribute == "src" and not is_picture else value


def _in_words(text: str | None) -> str:
    return " ".join((text or "")[: SNIPPET * 20].split())
